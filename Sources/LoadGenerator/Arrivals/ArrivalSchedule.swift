/// The intended send times of one thread: its own part of an ``ArrivalProcess``.
///
/// The parts of all shares, put together, are the whole process: of even and recorded arrivals,
/// thread `k` of `n` takes every `n`-th from the `k`-th on; of random ones, each takes an `n`-th of
/// the rate from random numbers of its own (independent Poisson processes add up to one).
///
/// A value type; same process, seed and share, same times.
package struct ArrivalSchedule: Sendable {
  private enum Source: Sendable {
    case even(EvenArrivals)
    case poisson(PoissonArrivals)
    case bursts(BurstArrivals)
    case ramp(RampArrivals)
    case trace(TraceArrivals)
    case none
  }

  private var source: Source

  /// - Parameters:
  ///   - process: a rate that is not above 0 and finite yields no arrivals.
  ///   - seed: where the random numbers start.
  ///   - share: which of the `shares` threads this is, from 0.
  package init(_ process: ArrivalProcess, seed: UInt64, share: Int = 0, of shares: Int = 1) {
    let shares = max(1, shares)
    let share = min(max(0, share), shares - 1)
    let random = RandomSource(seed: seed, stream: share)
    let part = 1 / Double(shares)
    switch process {
    case .constant(let rate):
      source = EvenArrivals(rate: rate, share: share, shares: shares).map { .even($0) } ?? .none
    case .poisson(let rate):
      source = .poisson(PoissonArrivals(rate: rate * part, random: random))
    case .bursts(let base, let peak, let onSeconds, let offSeconds):
      source = .bursts(
        BurstArrivals(
          base: base * part, peak: peak * part, onSeconds: onSeconds, offSeconds: offSeconds,
          random: random))
    case .ramp(let from, let to, let seconds):
      source = .ramp(
        RampArrivals(from: from * part, to: to * part, seconds: seconds, random: random))
    case .trace(let offsets, let period, let speed):
      source = .trace(
        TraceArrivals(
          offsets: offsets, period: period, speed: speed, share: share, shares: shares))
    }
  }

  /// The next intended send in nanoseconds from the start, never before the one returned last;
  /// `nil` when there are no more: the trace is over, the rate is 0, or decades have passed.
  package mutating func next() -> Int64? {
    switch source {
    case .even(var arrivals):
      defer { source = .even(arrivals) }
      return arrivals.next()
    case .poisson(var arrivals):
      defer { source = .poisson(arrivals) }
      return arrivals.next()
    case .bursts(var arrivals):
      defer { source = .bursts(arrivals) }
      return arrivals.next()
    case .ramp(var arrivals):
      defer { source = .ramp(arrivals) }
      return arrivals.next()
    case .trace(var arrivals):
      // The copy shares the offsets, which nobody writes.
      defer { source = .trace(arrivals) }
      return arrivals.next()
    case .none:
      return nil
    }
  }
}
