package import Rules

/// One tier: what gives a score or an outcome, and what a score means.
package struct TierDefinition: Sendable {
  /// What a tier asks.
  package enum Kind: Sendable {
    /// A model.
    case model
    /// Rules; the first that matches decides.
    case rules(OutcomeRules)
    /// An expression of type double, which is the score.
    case expression(CompiledExpression)
  }

  package var name = ""
  package var kind = Kind.model
  /// Where its parts stand in the file, for what is found out later.
  package var places = TierPlaces()
  package var model = ""
  /// A version's number or alias; empty for the default one.
  package var version = ""
  package var inputs: [ModelInput] = []
  /// The output that holds the score, and which of its elements.
  package var scoreOutput = ""
  package var scoreIndex = 0
  package var calibration = Calibration.none
  package var thresholds = Thresholds()
  /// The condition that must hold for the tier to be asked: an index of ``PipelineDefinition``'s
  /// compiled conditions.
  package var condition: TierCondition?
  /// Nanoseconds that one call may take.
  package var timeout: Int64 = 5_000_000
  /// The most calls in flight.
  package var concurrency = 256
  /// The engine's priority: 1 is the most urgent, 0 the model's default.
  package var priority = 0
  package var breaker = BreakerDefinition()

  /// A tier without anything.
  package init() {}

  /// Whether it gives a score.
  var givesScore: Bool {
    if case .rules = kind { return false }
    return true
  }

  /// Whether it asks a model.
  package var asksModel: Bool {
    if case .model = kind { return true }
    return false
  }
}

/// A line and a column of a file, both from 1; 0 where there is none.
package struct FilePlace: Sendable, Equatable {
  package var line = 0
  package var column = 0
}

/// Where the parts of a tier stand in the file.
package struct TierPlaces: Sendable, Equatable {
  package var tier = FilePlace()
  package var model = FilePlace()
  package var score = FilePlace()
  package var inputs = FilePlace()
  /// By input of the tier.
  package var input: [FilePlace] = []
}

/// One input tensor of a tier's model: a row of numbers.
package struct ModelInput: Sendable, Equatable {
  package var name: String
  package var columns: [Column]
  /// What stands for a missing value; NaN unless declared.
  package var missing = Double.nan

  /// Where a number comes from.
  package enum Column: Sendable, Equatable {
    /// A feature of the pipeline's service, by its place in the vector.
    case feature(Int)
    /// A field of the input, of type double, int or bool.
    case field(Int)
  }
}

/// What a score means: below, between or above two thresholds.
package struct Thresholds: Sendable, Equatable {
  /// A score below this approves.
  package var approveBelow = 0.0
  /// A score from this on declines.
  package var declineFrom = 1.0
  /// Outcomes, as indices of the pipeline's.
  package var approve = 0
  package var decline = 0
  /// The outcome between the two where no further tier is asked.
  package var otherwise: Int?

  /// Thresholds that no score passes.
  package init() {}

  /// The outcome of a score; `nil` between the thresholds without an outcome for it.
  package func outcome(_ score: Double) -> Int? {
    if score < approveBelow { return approve }
    if score >= declineFrom { return decline }
    return otherwise
  }
}

/// How raw scores become probabilities.
package enum Calibration: Sendable, Equatable {
  case none
  /// 1 / (1 + exp(a·s + b)), as published by J. C. Platt (1999).
  case platt(a: Double, b: Double)
  /// Points (x, y), ascending; between them a straight line, beyond them the first or last y.
  case isotonic([SIMD2<Double>])

  /// The probability of a raw score; `nil` if the score is not finite or the result not in 0 to 1.
  package func probability(_ score: Double) -> Double? {
    guard score.isFinite else { return nil }
    switch self {
    case .none: return score >= 0 && score <= 1 ? score : nil
    case .platt(let a, let b): return Self.logistic(-(a * score + b))
    case .isotonic(let points): return Self.interpolate(score, points)
    }
  }

  private static func logistic(_ x: Double) -> Double {
    // Either way the exponent is not positive, so nothing overflows.
    let small = exponential(-abs(x))
    return x >= 0 ? 1 / (1 + small) : small / (1 + small)
  }

  private static func interpolate(_ score: Double, _ points: [SIMD2<Double>]) -> Double? {
    guard let first = points.first, let last = points.last else { return nil }
    if score <= first.x { return first.y }
    if score >= last.x { return last.y }
    var low = 0
    var high = points.count - 1
    while high - low > 1 {
      let middle = (low + high) / 2
      if points[middle].x <= score { low = middle } else { high = middle }
    }
    let share = (score - points[low].x) / (points[high].x - points[low].x)
    return points[low].y + share * (points[high].y - points[low].y)
  }
}

/// When a tier is left alone for a while.
package struct BreakerDefinition: Sendable, Equatable {
  /// Nanoseconds of the window, in ten buckets.
  package var window: Int64 = 10_000_000_000
  /// Calls in the window without which nothing is concluded.
  package var callsMin = 50
  /// The share of calls, 0 to 1, that may fail.
  package var failureShare = 0.5
  /// The share of calls, 0 to 1, that may be slow.
  package var slowShare = 0.8
  /// Nanoseconds from which a call is slow; `nil` takes the tier's timeout.
  package var slow: Int64?
  /// Nanoseconds of the first opening; each that follows at once is twice as long.
  package var open: Int64 = 5_000_000_000
  /// The longest opening, in nanoseconds.
  package var openMax: Int64 = 60_000_000_000
  /// Calls let through before it closes again.
  package var probes = 5

  /// The defaults.
  package init() {}
}
