/// Why a tier gave no score.
package enum TierFailure: String, Sendable, CaseIterable {
  /// No answer within its timeout or what the budget left.
  case timeout
  /// The model failed, or gave what is no probability.
  case failed
  /// The engine would not take the request: its queue is full, or it could not be in time.
  case refused
  /// No such model is served.
  case absent
  /// The breaker is open.
  case open
  /// As many calls as the tier may have are in flight.
  case full
  /// The budget leaves no time for it.
  case noTime = "no-time"
}

/// What one tier contributed.
package struct TierStep: Sendable, Equatable {
  /// What became of a tier's score, or why there is none.
  package enum Result: Sendable, Equatable {
    case approved
    case declined
    /// Between the thresholds, and decided there.
    case between
    /// Between the thresholds, and on to the next tier.
    case escalated
    /// Between the thresholds, but outside of the narrowed band: decided by its side.
    case held
    /// Between the thresholds, and not to be decided here.
    case undecided
    /// A rule of the tier decided.
    case matched
    /// No rule of the tier matched.
    case passed
    /// The tier's condition did not hold.
    case skipped
    case none(TierFailure)

    /// The word in records.
    package var word: String {
      switch self {
      case .approved: "approve"
      case .declined: "decline"
      case .between: "otherwise"
      case .escalated: "escalate"
      case .held: "held"
      case .undecided: "undecided"
      case .matched: "rule"
      case .passed: "passed"
      case .skipped: "skipped"
      case .none(let failure): failure.rawValue
      }
    }
  }

  package var tier: Int
  package var result: Result
  package var score: Double?
  /// From the call to its end; 0 if there was none.
  package var nanoseconds: Int64 = 0
}

/// A rule or rung that spoke.
package enum Reason: Sendable, Equatable {
  case gate(Int)
  case override(Int)
  case tierRule(tier: Int, rule: Int)
  case rungRule(rung: Int, rule: Int)
  case rungConstant(Int)
}

/// Why a decision is not what it would be on a good day.
package enum Degradation: Sendable, Equatable {
  case featuresUnavailable
  case tier(Int, TierFailure)
  /// The next tier is slow or failing, so fewer go on to it.
  case narrowed(Int)
  /// More go on to the next tier than may.
  case escalationCap(Int)
}

/// The time of one part of a decision.
package struct StageTime: Sendable, Equatable {
  /// The parts of a decision.
  package enum Stage: Sendable, Equatable, Hashable {
    case features
    case gate
    case tier(Int)
    case fallback
    case overrides
    case record
    case total
  }

  package var stage: Stage
  package var nanoseconds: Int64
}
