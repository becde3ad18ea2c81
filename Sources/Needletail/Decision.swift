internal import Decisions

/// What was decided for one request, and how. docs/pipelines.md explains every member.
public struct Decision: Sendable, Equatable {
  /// One tier's part.
  public struct Tier: Sendable, Equatable {
    public var name: String
    public var model: String
    /// The version that answered; empty if none did.
    public var version: String
    /// A probability; `nil` if the tier gave none.
    public var score: Double?
    /// approve, decline, otherwise, escalate, held, undecided, skipped, or why there is no score.
    public var result: String
    public var time: Duration
  }

  /// One feature as it was used.
  public struct Feature: Sendable, Equatable {
    public var name: String
    /// `nil` where it is missing.
    public var value: Double?
    /// fresh, stale, missing or default.
    public var status: String
    /// The time since the newest event behind it; `nil` where nothing has a time.
    public var age: Duration?
  }

  /// The time of one part.
  public struct Stage: Sendable, Equatable {
    public var name: String
    public var time: Duration
  }

  /// Unique, and ascending with time.
  public var id: String
  /// The caller's id of the request.
  public var requestID: String?
  public var pipeline: String
  /// The digest of the pipeline's definition.
  public var digest: String
  /// Nanoseconds since 1970.
  public var decidedAt: Int64
  public var outcome: String
  /// gate, a tier's name, fallback or rules.
  public var decidedBy: String
  public var score: Double?
  /// The tiers that were asked, in order.
  public var tiers: [Tier]
  public var reasons: [String]
  /// Whether it is not what it would be on a good day; ``degradedReasons`` say why.
  public var isDegraded: Bool
  public var degradedReasons: [String]
  /// Whether it came after its deadline.
  public var isLate: Bool
  /// `nil` unless asked for.
  public var features: [Feature]?
  public var stages: [Stage]
}

extension Decision {
  init(_ decision: Decisions.Decision) {
    id = decision.id
    requestID = decision.requestID
    pipeline = decision.pipeline
    digest = decision.digest
    decidedAt = decision.decidedAt
    outcome = decision.outcome
    decidedBy = decision.decidedBy
    score = decision.score
    tiers = decision.tiers.map {
      Tier(
        name: $0.tier, model: $0.model, version: $0.version, score: $0.score, result: $0.result,
        time: .nanoseconds($0.nanoseconds))
    }
    reasons = decision.reasons
    isDegraded = decision.isDegraded
    degradedReasons = decision.degradedReasons
    isLate = decision.isLate
    features = decision.features.map { $0.map(Feature.init) }
    stages = decision.stages.map { Stage(name: $0.name, time: .nanoseconds($0.nanoseconds)) }
  }
}

extension Decision.Feature {
  init(_ feature: Decisions.Decision.Feature) {
    self.init(
      name: feature.name, value: feature.value, status: feature.status,
      age: feature.age.map { .nanoseconds($0) })
  }
}
