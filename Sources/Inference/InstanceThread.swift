private import CThreads

#if canImport(Glibc)
  private import Glibc
#elseif canImport(Musl)
  private import Musl
#else
  private import Darwin
#endif

/// A thread that runs one body to its end.
///
/// A thread of its own and not a task: a model's run blocks, and must block nobody else.
@safe
struct InstanceThread: ~Copyable, Sendable {
  #if canImport(Darwin)
    private nonisolated(unsafe) let thread: pthread_t?
  #else
    private let thread: pthread_t
  #endif

  /// Starts a thread named `name` (15 bytes are kept) on the given CPUs; empty is any CPU.
  ///
  /// - Returns: `nil` if the system has no thread to give.
  init?(name: String, affinity: [Int], body: @escaping @Sendable () -> Void) {
    let start = unsafe Unmanaged.passRetained(
      ThreadStart {
        Self.describe(name: name, affinity: affinity)
        body()
      })
    #if canImport(Darwin)
      var thread: pthread_t?
    #else
      var thread = pthread_t()
    #endif
    let status = unsafe pthread_create(
      &thread, nil,
      { argument in
        #if canImport(Darwin)
          let start = unsafe Unmanaged<ThreadStart>.fromOpaque(argument)
        #else
          guard let argument = unsafe argument else { return nil }
          let start = unsafe Unmanaged<ThreadStart>.fromOpaque(argument)
        #endif
        unsafe start.takeRetainedValue().body()
        return nil
      }, start.toOpaque())
    guard status == 0 else {
      unsafe start.release()
      return nil
    }
    self.thread = thread
  }

  /// Lets the thread run to its end on its own.
  consuming func detach() {
    #if canImport(Darwin)
      if let thread = unsafe thread { unsafe pthread_detach(thread) }
    #else
      pthread_detach(thread)
    #endif
  }

  /// Names the calling thread and pins it.
  private static func describe(name: String, affinity: [Int]) {
    let cpus = affinity.map(Int32.init(clamping:))
    unsafe needletail_describe_thread(name, cpus, Int32(cpus.count))
  }
}

/// Carries the body of a thread through the C interface.
private final class ThreadStart {
  let body: @Sendable () -> Void
  init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}
