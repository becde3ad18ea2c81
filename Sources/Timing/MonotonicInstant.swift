#if canImport(Glibc)
  private import Glibc
#elseif canImport(Musl)
  private import Musl
#else
  private import Darwin
#endif

/// A point on the machine's monotonic clock, in nanoseconds since an arbitrary start.
///
/// Never the wall clock: a clock step must not expire or resurrect a request. The same scale as
/// NIO's `NIODeadline`.
package struct MonotonicInstant: Sendable, Hashable, Comparable {
  package var nanoseconds: Int64

  package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// An instant that never comes.
  package static let distantFuture = MonotonicInstant(nanoseconds: .max)
  /// An instant before every other.
  package static let distantPast = MonotonicInstant(nanoseconds: 0)

  /// The current instant; about 25 ns.
  package static func now() -> MonotonicInstant {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return MonotonicInstant(
      nanoseconds: Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec))
  }

  package static func < (a: MonotonicInstant, b: MonotonicInstant) -> Bool {
    a.nanoseconds < b.nanoseconds
  }

  /// Nanoseconds from `earlier` to this instant; negative if this instant is the earlier one.
  package func since(_ earlier: MonotonicInstant) -> Int64 { nanoseconds &- earlier.nanoseconds }

  /// The instant `nanoseconds` later; saturates at ``distantFuture``.
  package func advanced(byNanoseconds delta: Int64) -> MonotonicInstant {
    let (sum, overflow) = nanoseconds.addingReportingOverflow(delta)
    return overflow ? .distantFuture : MonotonicInstant(nanoseconds: sum)
  }
}
