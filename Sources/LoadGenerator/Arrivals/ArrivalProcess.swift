/// How arrivals are spread over time.
package enum ArrivalProcess: Sendable, Equatable {
  /// Evenly: `rate` requests a second.
  case constant(rate: Double)
  /// Independently: exponential gaps, `rate` requests a second on average.
  case poisson(rate: Double)
  /// Poisson, `peak` requests a second for `onSeconds`, then `base` for `offSeconds`, and again.
  case bursts(base: Double, peak: Double, onSeconds: Double, offSeconds: Double)
  /// Poisson, from one rate to another in a straight line over `seconds`; then stays.
  case ramp(from: Double, to: Double, seconds: Double)
  /// As recorded: nanoseconds from the start, ascending; begins again after `periodNanoseconds`
  /// where that is given. `speed` 2 plays twice as fast.
  case trace(offsets: [Int64], periodNanoseconds: Int64?, speed: Double)
}
