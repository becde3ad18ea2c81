/// How a run goes, about once a second.
package struct LoadProgress: Sendable {
  /// Nanoseconds since the first measured instant; negative during the warm-up.
  package var elapsedNanoseconds: Int64
  /// Nanoseconds that are measured if nothing ends the run early.
  package var plannedNanoseconds: Int64
  /// Everything so far, the warm-up left out.
  package var counts: OutcomeCounts
  /// Successes a second since the last progress.
  package var windowRate: Double
  /// Latencies, in nanoseconds from the intended send, of the successes since the last progress; 0
  /// if there were none.
  package var windowP50: Int64
  package var windowP99: Int64
  package var windowMax: Int64
  /// The generator's own lag since the last progress, in nanoseconds; 0 in a closed loop.
  package var lagP99: Int64
  /// Requests that were due and have not ended.
  package var underWay: Int

  package init(
    elapsedNanoseconds: Int64, plannedNanoseconds: Int64, counts: OutcomeCounts,
    windowRate: Double, windowP50: Int64, windowP99: Int64, windowMax: Int64, lagP99: Int64,
    underWay: Int
  ) {
    self.elapsedNanoseconds = elapsedNanoseconds
    self.plannedNanoseconds = plannedNanoseconds
    self.counts = counts
    self.windowRate = windowRate
    self.windowP50 = windowP50
    self.windowP99 = windowP99
    self.windowMax = windowMax
    self.lagP99 = lagP99
    self.underWay = underWay
  }
}

/// One thread's part of a ``LoadProgress``.
struct WorkerProgress: Sendable {
  var counts: OutcomeCounts
  var recent: RecentAnswers
  var underWay: Int

  mutating func merge(_ other: WorkerProgress) {
    counts.merge(other.counts)
    recent.merge(other.recent)
    underWay += other.underWay
  }
}
