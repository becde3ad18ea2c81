/// What is computed over the events of a window.
///
/// Over an empty window ``count``, ``sum``, ``rate``, ``distinct(precision:)`` and the decayed ones
/// are 0; the others are missing.
package enum Aggregate: Sendable, Hashable {
  /// Events, or events in which the field is present.
  case count
  /// The exact sum of the values, each rounded to 40 binary places.
  case sum
  /// The exact sum over the count.
  case mean
  case minimum
  case maximum
  /// Of the sample (n − 1); missing below two values.
  case variance
  /// The square root of ``variance``.
  case standardDeviation
  /// Events a second of the window's length.
  case rate
  /// The value of the earliest event; of two at one instant, the one of the smaller order.
  case first
  /// The value of the latest event; of two at one instant, the one of the larger order.
  case last
  /// About how many different values: HyperLogLog with 2^precision registers, exact while few.
  case distinct(precision: Int)
  /// The value below which this share of values lies, within `accuracy` of itself.
  case quantile(Double, accuracy: Double)
  /// The sum with weights that halve every `halfLife` nanoseconds, relative to the asked instant.
  case decayedSum(halfLife: Int64)
  /// The count with such weights.
  case decayedCount(halfLife: Int64)

  /// Whether it reads a number from each event.
  package var readsValue: Bool {
    switch self {
    case .count, .rate, .decayedCount, .distinct: false
    case .sum, .mean, .minimum, .maximum, .variance, .standardDeviation, .first, .last, .quantile,
      .decayedSum:
      true
    }
  }

  /// Nanoseconds in which a weight halves; `nil` where all weigh the same.
  var halfLife: Int64? {
    switch self {
    case .decayedSum(let halfLife), .decayedCount(let halfLife): halfLife
    case .count, .sum, .mean, .minimum, .maximum, .variance, .standardDeviation, .rate, .first,
      .last, .distinct, .quantile:
      nil
    }
  }

  /// The answer over an empty window; `nil` where there is none.
  var valueOfNothing: Double? {
    switch self {
    case .count, .sum, .rate, .distinct, .decayedSum, .decayedCount: 0
    case .mean, .minimum, .maximum, .variance, .standardDeviation, .first, .last, .quantile: nil
    }
  }

  /// The largest magnitude of a value it can take.
  package var magnitudeMax: Double {
    switch self {
    case .variance, .standardDeviation: 0x1p30
    case .sum, .mean, .decayedSum: 0x1p60
    case .count, .minimum, .maximum, .rate, .first, .last, .distinct, .quantile, .decayedCount:
      .greatestFiniteMagnitude
    }
  }
}
