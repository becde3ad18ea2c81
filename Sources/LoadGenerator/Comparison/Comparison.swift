internal import Timing

/// Compares two sides by resampling their rounds (a bootstrap): what the metrics would have been,
/// had other rounds of the same kind been measured.
///
/// The rounds, not the requests, are drawn: requests of one round share the machine's mood, and
/// intervals that take them for independent are far too narrow.
package struct Comparison: Sendable {
  /// How to compare.
  package struct Options: Sendable, Equatable {
    /// Of the intervals; 0.5 to 0.999.
    package var confidence = 0.95
    /// The smallest relative difference that matters, 0 to 1.
    package var minimumEffect = 0.02
    package var resamples = 2000
    package var seed: UInt64 = 1
    /// Neighbouring rounds drawn together; `nil` chooses: 1 for rounds side by side, and the cube
    /// root of their number for the windows of one run.
    package var blockLength: Int?

    package init() {}
  }

  /// With fewer independent rounds or blocks, nothing is concluded: the smallest and largest of
  /// four say hardly more than that they differ.
  package static let roundsMin = 5
  private static let resamplesMin = 100
  /// Windows beyond this number are merged with their neighbours first.
  static let windowsMax = 512

  private let options: Options
  private let a: SampleTable
  private let b: SampleTable
  private let isPaired: Bool
  private let blockLengths: (a: Int, b: Int)

  /// Rounds side by side, one pair a round: what disturbs both sides of a round cancels out.
  ///
  /// - Parameter rounds: all histograms of one precision.
  package init(
    rounds: [(a: ComparisonSample, b: ComparisonSample)], options: Options = Options()
  ) {
    self.options = options
    a = SampleTable(rounds.map(\.a))
    b = SampleTable(rounds.map(\.b))
    isPaired = true
    let length = max(1, options.blockLength ?? 1)
    blockLengths = (length, length)
  }

  /// Two runs made apart, by their windows; see ``ComparisonSample/windows(_:windowNanoseconds:)``.
  ///
  /// What differs between runs as a whole (another day, another neighbour on the machine) does not
  /// show in the windows of one, so a verdict is weaker than one from rounds side by side.
  package init(
    a: [ComparisonSample], b: [ComparisonSample], options: Options = Options()
  ) {
    self.options = options
    let (a, b) = (Self.condensed(a), Self.condensed(b))
    self.a = SampleTable(a)
    self.b = SampleTable(b)
    isPaired = false
    blockLengths = (
      max(1, options.blockLength ?? Self.blockLength(a.count)),
      max(1, options.blockLength ?? Self.blockLength(b.count))
    )
  }

  /// Compares by each of `metrics`. Takes up to about a second; not for an event loop.
  package func judge(_ metrics: [ComparisonMetric] = ComparisonMetric.standard)
    -> [MetricComparison]
  {
    var draws = [[(a: Double, b: Double)]](repeating: [], count: metrics.count)
    let random = RandomSource(seed: options.seed, stream: 0)
    var drawA = RoundResampler(count: a.count, blockLength: blockLengths.a, random: random)
    var drawB = RoundResampler(
      count: b.count, blockLength: blockLengths.b,
      random: RandomSource(seed: options.seed, stream: 1))
    let units = min(drawA.units, drawB.units)
    if units >= Self.roundsMin {
      var weightsA = [Double](repeating: 1, count: a.count)
      var weightsB = [Double](repeating: 1, count: b.count)
      for _ in 0..<max(Self.resamplesMin, options.resamples) {
        drawA.draw(into: &weightsA)
        if isPaired { weightsB = weightsA } else { drawB.draw(into: &weightsB) }
        for (index, metric) in metrics.enumerated() {
          guard let x = a.value(metric, weightsA), let y = b.value(metric, weightsB) else {
            continue
          }
          draws[index].append((x, y))
        }
      }
    }
    return zip(metrics, draws).map { compare($0, draws: $1, units: units) }
  }

  private func compare(
    _ metric: ComparisonMetric, draws: [(a: Double, b: Double)], units: Int
  ) -> MetricComparison {
    let valueA = a.value(metric, [Double](repeating: 1, count: a.count))
    let valueB = b.value(metric, [Double](repeating: 1, count: b.count))
    var result = MetricComparison(
      metric: metric, a: valueA ?? 0, b: valueB ?? 0, ratio: nil, difference: nil,
      verdict: .cannotTell, reason: "")
    guard let valueA, let valueB else {
      let side = valueA == nil ? (valueB == nil ? "neither side" : "A not") : "B not"
      result.reason = "\(side) measured"
      return result
    }
    guard units >= Self.roundsMin else {
      result.reason = "\(units) independent rounds, and it takes \(Self.roundsMin); run more"
      return result
    }
    // A resample of nothing but empty rounds has no value; a few of those do no harm.
    guard draws.count * 20 >= max(Self.resamplesMin, options.resamples) * 19 else {
      result.reason = "some rounds measured nothing"
      return result
    }
    let tail = IntervalLevels.tail(
      confidence: min(0.999, max(0.5, options.confidence)), units: units)
    result.difference = Self.interval(valueB - valueA, draws.map { $0.b - $0.a }, tail)
    let ratios = draws.filter { $0.a > 0 }.map { $0.b / $0.a }
    guard valueA > 0, ratios.count == draws.count else {
      result.reason = "A is 0 in some rounds, so there is no ratio"
      return result
    }
    let ratio = Self.interval(valueB / valueA, ratios, tail)
    result.ratio = ratio
    if case .percentile(let quantile) = metric {
      let beyond = min(a.total, b.total) * min(quantile, 1 - quantile)
      guard beyond >= Objective.beyondMin * (1 - 1e-9) else {
        result.reason = "too few requests beyond \(metric.name): run longer"
        return result
      }
    }
    result.verdict = verdict(ratio, moreIsBetter: metric.moreIsBetter)
    if result.verdict == .cannotTell {
      result.reason = "the interval is too wide; more rounds make it narrower"
    }
    return result
  }

  private func verdict(
    _ ratio: MetricComparison.Interval, moreIsBetter: Bool
  ) -> ComparisonVerdict {
    let effect = min(1, max(0, options.minimumEffect))
    if ratio.high < 1 - effect { return moreIsBetter ? .slower : .faster }
    if ratio.low > 1 + effect { return moreIsBetter ? .faster : .slower }
    return ratio.low >= 1 - effect && ratio.high <= 1 + effect ? .same : .cannotTell
  }

  /// The interval between the quantiles `tail` and `1 - tail` of `draws`, which are not empty.
  private static func interval(
    _ value: Double, _ draws: [Double], _ tail: Double
  ) -> MetricComparison.Interval {
    let sorted = draws.sorted()
    let last = sorted.count - 1
    let low = Int((tail * Double(sorted.count)).rounded(.down))
    let (lowest, highest) = (sorted[min(low, last)], sorted[max(last - low, 0)])
    // With few rounds a resample's quantile may never be that of the whole; it must lie inside.
    return MetricComparison.Interval(
      value: value, low: min(lowest, value), high: max(highest, value))
  }

  /// The cube root balances the correlation kept inside blocks against the number of blocks.
  private static func blockLength(_ count: Int) -> Int {
    var length = 1
    while (length + 1) * (length + 1) * (length + 1) <= count { length += 1 }
    return length
  }

  private static func condensed(_ windows: [ComparisonSample]) -> [ComparisonSample] {
    let size = (windows.count + windowsMax - 1) / windowsMax
    guard size > 1 else { return windows }
    return stride(from: 0, to: windows.count, by: size).map { start in
      var merged = windows[start]
      for window in windows[(start + 1)..<min(start + size, windows.count)] {
        merged.merge(window)
      }
      return merged
    }
  }
}
