#if canImport(Glibc)
  private import Glibc
#elseif canImport(Musl)
  private import Musl
#else
  private import Darwin
#endif

extension RandomSource {
  /// An exponentially distributed number with mean 1: never negative, at most about 37.
  mutating func exponential() -> Double { -log(unit()) }
}

/// A point on the schedule that many small steps do not blur: whole nanoseconds and a fraction.
struct ScheduleTime: Sendable {
  /// Times end here, after 73 years: far from an overflow.
  static let limit: Int64 = 1 << 61

  private(set) var nanoseconds: Int64 = 0
  private var fraction = 0.0

  /// - Parameter gap: nanoseconds, not negative.
  /// - Returns: `false` if the time would pass ``limit``.
  mutating func advance(by gap: Double) -> Bool {
    let sum = gap + fraction
    guard sum < Double(Self.limit) else { return false }
    let whole = Int64(sum)
    fraction = sum - Double(whole)
    nanoseconds &+= whole
    return nanoseconds < Self.limit
  }
}

/// Independent arrivals at a steady rate: exponential gaps.
struct PoissonArrivals: Sendable {
  private let gap: Double
  private var time = ScheduleTime()
  private var random: RandomSource

  /// - Parameter rate: arrivals a second; none come if it is not above 0.
  init(rate: Double, random: RandomSource) {
    gap = rate > 0 ? 1e9 / rate : .infinity
    self.random = random
  }

  mutating func next() -> Int64? {
    time.advance(by: random.exponential() * gap) ? time.nanoseconds : nil
  }
}
