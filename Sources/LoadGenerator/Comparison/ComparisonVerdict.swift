/// What can be said of B against A.
package enum ComparisonVerdict: String, Sendable, Equatable {
  /// Better by more than what matters: sooner, or more a second.
  case faster
  /// Worse by more than what matters.
  case slower
  /// The same to within what matters.
  case same
  /// The interval reaches over a limit of what matters, or there is too little to go by.
  case cannotTell = "cannot_tell"
}

/// One metric of both sides.
package struct MetricComparison: Sendable, Equatable {
  /// A value and the interval it lies in with the confidence asked for.
  package struct Interval: Sendable, Equatable {
    package var value: Double
    package var low: Double
    package var high: Double
  }

  package var metric: ComparisonMetric
  /// All rounds of each side together (nanoseconds, or requests a second); 0 if not measured.
  package var a: Double
  package var b: Double
  /// B / A; `nil` where A is 0 or a side was not measured.
  package var ratio: Interval?
  /// B - A, in the metric's unit; `nil` where a side was not measured.
  package var difference: Interval?
  package var verdict: ComparisonVerdict
  /// Why it cannot be told; empty otherwise.
  package var reason: String

  package init(
    metric: ComparisonMetric, a: Double, b: Double, ratio: Interval?, difference: Interval?,
    verdict: ComparisonVerdict, reason: String
  ) {
    self.metric = metric
    self.a = a
    self.b = b
    self.ratio = ratio
    self.difference = difference
    self.verdict = verdict
    self.reason = reason
  }

  /// One line, for example `p99: B is slower: A 3.8 ms, B 4.2 ms (+10.5 %, +8 % to +13 %)`.
  package var text: String {
    guard let ratio else { return "\(metric.name): cannot tell: \(reason)" }
    let change = { (value: Double) in
      (value >= 1 ? "+" : "") + DecimalText.short((value - 1) * 100) + " %"
    }
    let words =
      switch verdict {
      case .faster: "B is faster"
      case .slower: "B is slower"
      case .same: "the same"
      case .cannotTell: "cannot tell"
      }
    let figures = "A \(metric.format(a)), B \(metric.format(b)) (\(change(ratio.value)), "
      + "\(change(ratio.low)) to \(change(ratio.high)))"
    return "\(metric.name): \(words): \(figures)" + (reason.isEmpty ? "" : "; \(reason)")
  }
}
