/// Two servers, or two runs, side by side.
package struct ComparisonResult: Codable, Sendable, Equatable {
  /// What can be said of B against A.
  package enum Verdict: String, Codable, Sendable {
    case faster
    case slower
    /// The same to within what matters.
    case same
    /// The interval is wider than what matters.
    case cannotTell = "cannot_tell"
    /// Shown for information; nothing is concluded from it.
    case notJudged = "not_judged"
  }

  /// What a metric counts, and so how it is written.
  package enum Unit: String, Codable, Sendable {
    case nanoseconds = "ns"
    case perSecond = "per_second"
    /// 0 to 1.
    case share
    case bytes
    case count
  }

  /// A value and the interval it lies in at ``ComparisonResult/confidence``.
  package struct Interval: Codable, Sendable, Equatable {
    package var value: Double
    package var low: Double
    package var high: Double

    package init(value: Double, low: Double, high: Double) {
      self.value = value
      self.low = low
      self.high = high
    }
  }

  /// One metric of both.
  package struct Metric: Codable, Sendable, Equatable {
    /// For example `p99.9` or `cpu`.
    package var name: String
    package var unit: Unit
    package var a: Double
    package var b: Double
    /// B / A; `nil` where A is 0.
    package var ratio: Interval?
    /// B - A, in the metric's unit.
    package var difference: Interval?
    package var verdict: Verdict

    package init(
      name: String, unit: Unit, a: Double, b: Double, ratio: Interval?, difference: Interval?,
      verdict: Verdict
    ) {
      self.name = name
      self.unit = unit
      self.a = a
      self.b = b
      self.ratio = ratio
      self.difference = difference
      self.verdict = verdict
    }
  }

  /// The name of the metric that decides where one side fails more requests than the other.
  package static let errorsMetric = "errors"

  package var labelA: String
  package var labelB: String
  /// Interleaved rounds of each.
  package var rounds: Int
  /// Of the intervals, for example 0.95.
  package var confidence: Double
  /// The smallest relative difference that counts, for example 0.02.
  package var minimumEffect: Double
  package var metrics: [Metric]
  package var verdict: Verdict
  /// The metric that the verdict rests on, for example `p99`.
  package var decisiveMetric: String
  /// All rounds of each, merged; `nil` where they were not kept.
  package var a: BenchResult?
  package var b: BenchResult?

  package init(
    labelA: String, labelB: String, rounds: Int, confidence: Double, minimumEffect: Double,
    metrics: [Metric], verdict: Verdict, decisiveMetric: String, a: BenchResult? = nil,
    b: BenchResult? = nil
  ) {
    self.labelA = labelA
    self.labelB = labelB
    self.rounds = rounds
    self.confidence = confidence
    self.minimumEffect = minimumEffect
    self.metrics = metrics
    self.verdict = verdict
    self.decisiveMetric = decisiveMetric
    self.a = a
    self.b = b
  }

  private enum CodingKeys: String, CodingKey {
    case rounds, confidence, metrics, verdict, a, b
    case labelA = "label_a"
    case labelB = "label_b"
    case minimumEffect = "minimum_effect"
    case decisiveMetric = "decisive_metric"
  }
}
