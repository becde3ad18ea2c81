import LoadGenerator

/// A comparison of every metric, and one verdict from those that count.
struct JudgedComparison {
  let result: ComparisonResult

  /// - Parameters:
  ///   - options: names the metrics that the verdict rests on.
  ///   - labels: what reports call the sides.
  init(
    _ comparison: Comparison, _ options: CompareOptions, labels: (a: String, b: String),
    rounds: Int, a: BenchResult?, b: BenchResult?
  ) {
    let further = ComparisonMetric.standard.filter { !options.metrics.contains($0) }
    let judged = comparison.judge(options.metrics + further)
    let decisive = Array(judged.prefix(options.metrics.count))
    let deciding = Self.decide(decisive)
    var metrics: [ComparisonResult.Metric] = []
    for one in judged {
      let counts = options.metrics.contains(one.metric)
      // What neither side measured, as the CPU time of a remote server, is not worth a line.
      guard counts || one.ratio != nil || one.a > 0 || one.b > 0 else { continue }
      metrics.append(ComparisonResult.Metric(one, isJudged: counts))
    }
    var verdict = deciding.map { ComparisonResult.Verdict($0.verdict) } ?? .cannotTell
    var decisiveMetric = deciding?.metric.name ?? ""
    if let errors = Self.errors(a?.summary.counts, b?.summary.counts) {
      metrics.append(errors)
      if errors.verdict != .notJudged {
        (verdict, decisiveMetric) = (errors.verdict, errors.name)
      }
    }
    result = ComparisonResult(
      labelA: labels.a, labelB: labels.b, rounds: rounds,
      confidence: options.comparison.confidence, minimumEffect: options.comparison.minimumEffect,
      metrics: metrics, verdict: verdict, decisiveMetric: decisiveMetric, a: a, b: b)
  }

  /// A difference of the shares of errors from here on, 0 to 1, decides whatever the latencies
  /// are: those of the requests that a server did answer flatter one that fails many.
  static let decidingErrors = 0.01

  /// The shares of errors; `nil` if neither side has any.
  static func errors(_ a: CountFigures?, _ b: CountFigures?) -> ComparisonResult.Metric? {
    guard let a, let b, a.errors + b.errors > 0 else { return nil }
    let (first, second) = (a.share(a.errors), b.share(b.errors))
    let isDeciding = abs(second - first) >= decidingErrors && max(a.errors, b.errors) >= 10
    return ComparisonResult.Metric(
      name: ComparisonResult.errorsMetric, unit: .share, a: first, b: second, ratio: nil,
      difference: nil,
      verdict: isDeciding ? (second > first ? .slower : .faster) : .notJudged)
  }

  /// One slower metric makes B slower; else one that cannot be told leaves it open; else one that
  /// is faster makes B faster.
  static func decide(_ metrics: [MetricComparison]) -> MetricComparison? {
    for verdict in [ComparisonVerdict.slower, .cannotTell, .faster, .same] {
      if let first = metrics.first(where: { $0.verdict == verdict }) { return first }
    }
    return nil
  }
}

extension ComparisonResult.Verdict {
  init(_ verdict: ComparisonVerdict) {
    self =
      switch verdict {
      case .faster: .faster
      case .slower: .slower
      case .same: .same
      case .cannotTell: .cannotTell
      }
  }
}

extension ComparisonResult.Metric {
  init(_ comparison: MetricComparison, isJudged: Bool) {
    let unit: ComparisonResult.Unit =
      switch comparison.metric {
      case .percentile, .mean, .cpu: .nanoseconds
      case .throughput, .goodput: .perSecond
      }
    self.init(
      name: comparison.metric.name, unit: unit, a: comparison.a, b: comparison.b,
      ratio: comparison.ratio.map { .init($0) },
      difference: comparison.difference.map { .init($0) },
      verdict: isJudged ? .init(comparison.verdict) : .notJudged)
  }
}

extension ComparisonResult.Interval {
  init(_ interval: MetricComparison.Interval) {
    self.init(value: interval.value, low: interval.low, high: interval.high)
  }
}
