internal import Timing

/// How often requests arrive, as a decaying mean of the gaps between them.
struct ArrivalRate: Sendable {
  private var last: MonotonicInstant?
  private var meanGap: Double?

  /// Notes an arrival.
  mutating func observe(_ now: MonotonicInstant) {
    defer { last = now }
    guard let last else { return }
    let gap = Double(max(0, now.since(last)))
    meanGap = meanGap.map { $0 + (gap - $0) * 0.125 } ?? gap
  }

  /// Whether another request is expected within `nanoseconds`. With nothing known, it is.
  func expectsArrival(within nanoseconds: Int64) -> Bool {
    guard let meanGap else { return true }
    return meanGap <= Double(nanoseconds)
  }
}
