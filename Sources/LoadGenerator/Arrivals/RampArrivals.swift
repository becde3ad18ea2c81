/// Independent arrivals whose rate goes from one to another in a straight line, and then stays.
///
/// Exact, by a change of time (see ``BurstArrivals``): up to `t` seconds into the ramp, there are
/// `from·t + (to - from)·t²/2T` arrivals expected; each arrival solves that for `t`.
struct RampArrivals: Sendable {
  private let from: Double
  private let to: Double
  private let seconds: Double
  /// Arrivals expected over the whole ramp.
  private let expected: Double

  /// Arrivals expected up to the last one, while it lies on the ramp.
  private var passed = 0.0
  /// The last time returned; after the ramp, what the steps are added to.
  private var time = ScheduleTime()
  private var isOnRamp = true
  private var random: RandomSource

  init(from: Double, to: Double, seconds: Double, random: RandomSource) {
    self.from = from > 0 && from.isFinite ? from : 0
    self.to = to > 0 && to.isFinite ? to : 0
    self.seconds = seconds > 0 ? min(seconds, 1e9) : 0
    expected = (self.from + self.to) / 2 * self.seconds
    self.random = random
  }

  mutating func next() -> Int64? {
    let step = random.exponential()
    guard isOnRamp else { return advance(step) }
    passed += step
    if passed < expected {
      let slope = (to - from) / seconds
      let root = max(0, from * from + 2 * slope * passed).squareRoot()
      // This form of the root loses no digits, whichever sign the slope has.
      return Int64(min(seconds, 2 * passed / (from + root)) * 1e9)
    }
    isOnRamp = false
    guard time.advance(by: seconds * 1e9) else { return nil }
    return advance(passed - expected)
  }

  private mutating func advance(_ step: Double) -> Int64? {
    guard to > 0 else { return nil }
    return time.advance(by: step / to * 1e9) ? time.nanoseconds : nil
  }
}
