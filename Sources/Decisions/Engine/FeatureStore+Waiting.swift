internal import Features
internal import Timing

#if canImport(Glibc)
  private import Glibc
#elseif canImport(Musl)
  private import Musl
#else
  private import Darwin
#endif

extension FeatureStore {
  /// The features of a service as of `time` (nanoseconds since 1970).
  ///
  /// - Parameter until: the monotonic instant after which nobody wants them.
  /// - Returns: false if other threads were at the state up to then.
  func vector(
    _ service: Int, _ request: borrowing EventRecord, at time: Int64, until: Int64,
    into vector: inout FeatureVector
  ) -> Bool {
    while true {
      if vectorIfFree(service, request, at: time, into: &vector) { return true }
      guard MonotonicInstant.now().nanoseconds < until else { return false }
      _ = sched_yield()
    }
  }
}
