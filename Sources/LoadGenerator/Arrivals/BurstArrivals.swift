/// Independent arrivals whose rate alternates between a peak and a base.
///
/// Exact, by a change of time: with `L(t)` the expected number of arrivals up to `t`, the arrivals
/// of a Poisson process of rate 1 become those of this one at `t = L⁻¹`. Here `L` is a line in each
/// stretch, so an exponential step is used up stretch by stretch.
struct BurstArrivals: Sendable {
  /// Arrivals a nanosecond and nanoseconds of the peak and of the base.
  private let rates: (Double, Double)
  private let lengths: (Int64, Int64)
  /// Arrivals expected in one peak and one base.
  private let expected: Double

  /// Where the current stretch began, and how far into it we are, in nanoseconds.
  private var start: Int64 = 0
  private var offset = 0.0
  private var inPeak = true
  private var random: RandomSource

  init(
    base: Double, peak: Double, onSeconds: Double, offSeconds: Double, random: RandomSource
  ) {
    rates = (Self.usable(peak) / 1e9, Self.usable(base) / 1e9)
    lengths = (Self.nanoseconds(onSeconds), Self.nanoseconds(offSeconds))
    expected = rates.0 * Double(lengths.0) + rates.1 * Double(lengths.1)
    self.random = random
  }

  mutating func next() -> Int64? {
    guard expected > 0 else { return nil }
    var left = random.exponential()
    if left > expected {
      // Whole periods at once: with a rate near 0 there may be very many of them.
      let periods = (left / expected).rounded(.down)
      left = max(0, left - periods * expected)
      guard skip(periods) else { return nil }
    }
    // One period is used up at most, and its beginning again; the bound is for rounding.
    for _ in 0..<4 {
      let rate = inPeak ? rates.0 : rates.1
      let length = Double(inPeak ? lengths.0 : lengths.1)
      let room = rate * (length - offset)
      if left < room {
        offset += left / rate
        return start + Int64(offset)
      }
      left -= room
      start += inPeak ? lengths.0 : lengths.1
      offset = 0
      inPeak.toggle()
      guard start < ScheduleTime.limit else { return nil }
    }
    return start
  }

  private mutating func skip(_ periods: Double) -> Bool {
    let length = Double(lengths.0 + lengths.1)
    guard periods * length < Double(ScheduleTime.limit - start) else { return false }
    start += Int64(periods) * (lengths.0 + lengths.1)
    return true
  }

  private static func usable(_ rate: Double) -> Double { rate > 0 && rate.isFinite ? rate : 0 }

  private static func nanoseconds(_ seconds: Double) -> Int64 {
    seconds > 0 ? Int64(min(seconds * 1e9, 1e18)) : 0
  }
}
