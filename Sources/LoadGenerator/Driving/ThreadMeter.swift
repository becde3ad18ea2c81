#if canImport(Glibc)
  private import Glibc
#elseif canImport(Musl)
  private import Musl
#else
  private import Darwin
#endif

/// What one sending thread needed in the measured time.
package struct ThreadUsage: Sendable, Equatable {
  /// Nanoseconds of CPU time.
  package var cpuNanoseconds: Int64
  /// Nanoseconds that passed.
  package var wallNanoseconds: Int64

  package init(cpuNanoseconds: Int64, wallNanoseconds: Int64) {
    self.cpuNanoseconds = cpuNanoseconds
    self.wallNanoseconds = wallNanoseconds
  }

  /// The part of one core, 0 to 1.
  package var share: Double {
    wallNanoseconds > 0 ? min(1, Double(cpuNanoseconds) / Double(wallNanoseconds)) : 0
  }
}

/// Reads the CPU time of the thread it is called on, at the ends of the measured time.
struct ThreadMeter {
  private var from = Int64.max
  private var started: (cpu: Int64, at: Int64)?
  private(set) var usage = ThreadUsage(cpuNanoseconds: 0, wallNanoseconds: 0)
  private var isOver = false

  /// Whether the measured time has not begun.
  var isBeforeStart: Bool { started == nil }

  /// Measures from the first ``pass(_:)`` at or after `instant`.
  mutating func start(at instant: Int64) { from = instant }

  /// Time has come to `now`, and nothing is due from `end` on: a long wait for the last answers
  /// must not make a busy thread look idle.
  mutating func pass(_ now: Int64, end: Int64) {
    if started == nil, now >= from { started = (Self.threadNanoseconds(), now) }
    if now >= end { stop(at: now) }
  }

  /// Ends the measured time, unless it has ended.
  mutating func stop(at now: Int64) {
    guard let started, !isOver else { return }
    isOver = now > started.at
    usage = ThreadUsage(
      cpuNanoseconds: Self.threadNanoseconds() - started.cpu, wallNanoseconds: now - started.at)
  }

  private static func threadNanoseconds() -> Int64 {
    var time = timespec()
    guard unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0 else { return 0 }
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
