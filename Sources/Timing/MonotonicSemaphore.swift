#if canImport(Glibc)
  private import Glibc
#elseif canImport(Musl)
  private import Musl
#else
  private import Darwin
#endif

/// A counting semaphore for threads, whose waits end by the monotonic clock.
///
/// On Linux `DispatchSemaphore` waits until an instant of the wall clock, whatever it is told: a
/// clock that is set back by an hour while a thread waits for a millisecond keeps it for an hour.
@safe package final class MonotonicSemaphore: Sendable {
  private nonisolated(unsafe) let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private nonisolated(unsafe) let arrival: UnsafeMutablePointer<pthread_cond_t>
  /// Signals that nobody has taken. Under the mutex.
  private nonisolated(unsafe) let count: UnsafeMutablePointer<Int>

  /// A semaphore that nobody has signalled.
  package init() {
    unsafe mutex = .allocate(capacity: 1)
    unsafe arrival = .allocate(capacity: 1)
    unsafe count = .allocate(capacity: 1)
    unsafe mutex.initialize(to: pthread_mutex_t())
    unsafe arrival.initialize(to: pthread_cond_t())
    unsafe count.initialize(to: 0)
    unsafe pthread_mutex_init(mutex, nil)
    #if canImport(Darwin)
      unsafe pthread_cond_init(arrival, nil)
    #else
      var attributes = pthread_condattr_t()
      unsafe pthread_condattr_init(&attributes)
      unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
      unsafe pthread_cond_init(arrival, &attributes)
      unsafe pthread_condattr_destroy(&attributes)
    #endif
  }

  deinit {
    unsafe pthread_cond_destroy(arrival)
    unsafe pthread_mutex_destroy(mutex)
    unsafe arrival.deallocate()
    unsafe mutex.deallocate()
    unsafe count.deallocate()
  }

  /// Lets one waiting thread go, or the next that waits. Any thread.
  package func signal() {
    unsafe pthread_mutex_lock(mutex)
    unsafe count.pointee += 1
    unsafe pthread_mutex_unlock(mutex)
    // Not `pthread_cond_signal`, which loses a wake-up now and then in glibc before 2.41 (bug
    // 25847) where several threads wait.
    unsafe pthread_cond_broadcast(arrival)
  }

  /// Waits for a signal, for as long as it takes.
  package func wait() {
    unsafe pthread_mutex_lock(mutex)
    while unsafe count.pointee == 0 { unsafe pthread_cond_wait(arrival, mutex) }
    unsafe count.pointee -= 1
    unsafe pthread_mutex_unlock(mutex)
  }

  /// Waits for a signal up to an instant.
  ///
  /// - Returns: false if the instant came first; no signal was taken then.
  package func wait(until instant: MonotonicInstant) -> Bool {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    while unsafe count.pointee == 0 {
      guard waitOnce(until: instant) else { break }
    }
    guard unsafe count.pointee > 0 else { return false }
    unsafe count.pointee -= 1
    return true
  }

  /// Sleeps until the condition is signalled; false once the instant has come. Under the mutex.
  private func waitOnce(until instant: MonotonicInstant) -> Bool {
    #if canImport(Darwin)
      let left = instant.since(.now())
      guard left > 0 else { return false }
      var time = Self.time(left)
      return unsafe pthread_cond_timedwait_relative_np(arrival, mutex, &time) != ETIMEDOUT
    #else
      var time = Self.time(max(0, instant.nanoseconds))
      return unsafe pthread_cond_timedwait(arrival, mutex, &time) != ETIMEDOUT
    #endif
  }

  private static func time(_ nanoseconds: Int64) -> timespec {
    timespec(
      tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
  }
}
