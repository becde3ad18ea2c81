#if canImport(Glibc)
  private import Glibc
#elseif canImport(Musl)
  private import Musl
#else
  private import Darwin
#endif

/// CPU time of whole processes, user and system, in nanoseconds, threads that have ended included.
enum ProcessClock {
  /// Of this process.
  static func nanoseconds() -> Int64? { read(CLOCK_PROCESS_CPUTIME_ID) }

  /// Of another process of this machine; `nil` if there is none, or not on Linux.
  static func nanoseconds(of process: Int) -> Int64? {
    #if os(Linux)
      guard let identifier = pid_t(exactly: process) else { return nil }
      var clock = clockid_t()
      guard unsafe clock_getcpuclockid(identifier, &clock) == 0 else { return nil }
      return read(clock)
    #else
      return nil
    #endif
  }

  private static func read(_ clock: clockid_t) -> Int64? {
    var time = timespec()
    guard unsafe clock_gettime(clock, &time) == 0 else { return nil }
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
