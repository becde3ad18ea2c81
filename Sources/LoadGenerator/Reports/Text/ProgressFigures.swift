/// What is known while a run is under way; all of it is a moment old at most.
package struct ProgressFigures: Sendable, Equatable {
  /// Nanoseconds since the first measured instant; negative during the warm-up.
  package var elapsedNanoseconds: Int64
  /// Nanoseconds that will be measured.
  package var plannedNanoseconds: Int64
  package var counts: CountFigures
  /// Successes a second in the last second, and their latencies in nanoseconds.
  package var rate: Double
  package var p50: Int64
  package var p99: Int64
  package var max: Int64
  /// The 99th percentile of the generator's own lag, in nanoseconds.
  package var lagP99: Int64
  package var underWay: Int

  package init(
    elapsedNanoseconds: Int64, plannedNanoseconds: Int64, counts: CountFigures, rate: Double,
    p50: Int64, p99: Int64, max: Int64, lagP99: Int64, underWay: Int
  ) {
    self.elapsedNanoseconds = elapsedNanoseconds
    self.plannedNanoseconds = plannedNanoseconds
    self.counts = counts
    self.rate = rate
    self.p50 = p50
    self.p99 = p99
    self.max = max
    self.lagP99 = lagP99
    self.underWay = underWay
  }
}

extension ProgressLine {
  /// As ``rewritten(_:width:)`` of a ``LoadProgress`` with the same figures.
  package static func rewritten(_ figures: ProgressFigures, width: Int = 100) -> String {
    var counts = OutcomeCounts()
    counts.offered = figures.counts.offered
    for outcome in Outcome.allCases { counts[outcome] = figures.counts[outcome] }
    return rewritten(
      LoadProgress(
        elapsedNanoseconds: figures.elapsedNanoseconds,
        plannedNanoseconds: figures.plannedNanoseconds, counts: counts, windowRate: figures.rate,
        windowP50: figures.p50, windowP99: figures.p99, windowMax: figures.max,
        lagP99: figures.lagP99, underWay: figures.underWay), width: width)
  }
}
