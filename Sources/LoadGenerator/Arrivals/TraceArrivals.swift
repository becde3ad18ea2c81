/// Every `shares`-th arrival of a recording, from the `share`-th on.
struct TraceArrivals: Sendable {
  private let offsets: [Int64]
  private let period: Int64?
  private let speed: Double
  private let shares: Int
  /// Nanoseconds of recording before the current repetition, and the next arrival in it.
  private var start: Int64 = 0
  private var index: Int

  init(offsets: [Int64], period: Int64?, speed: Double, share: Int, shares: Int) {
    self.offsets = speed > 0 && speed.isFinite ? offsets : []
    // A period that ends before its last arrival would run backwards.
    self.period = period.map { max($0, offsets.last ?? 0, 1) }
    self.speed = speed
    self.shares = shares
    index = share
  }

  mutating func next() -> Int64? {
    if index >= offsets.count {
      guard let period, !offsets.isEmpty else { return nil }
      let repetitions = Int64(index / offsets.count)
      let (added, tooFar) = period.multipliedReportingOverflow(by: repetitions)
      guard !tooFar, added < ScheduleTime.limit - start else { return nil }
      start += added
      index %= offsets.count
    }
    let (time, tooFar) = start.addingReportingOverflow(offsets[index])
    guard !tooFar else { return nil }
    index += shares
    guard speed != 1 else { return time }
    let played = (Double(time) / speed).rounded()
    return played < Double(ScheduleTime.limit) ? Int64(played) : nil
  }
}
