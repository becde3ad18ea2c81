package import Features
package import Rules

/// One decision pipeline, checked and compiled. Immutable.
package struct PipelineDefinition: Sendable {
  /// The name that callers ask for.
  package var name = ""
  /// The file it was read from, as problems name it.
  package var path = ""
  /// SHA-256, in hexadecimal, of the pipeline's file and the file of feature views it names.
  package var digest = ""
  package var inputs = InputSchema()
  package var features: FeatureUse?
  /// What every expression may read: fields, features, and the score once there is one.
  package var fields = PipelineFields()
  package var budget = BudgetDefinition()
  /// Rules before any tier; the first that matches decides.
  package var gate: OutcomeRules?
  /// Models, cheapest first.
  package var tiers: [TierDefinition] = []
  package var escalation = EscalationDefinition()
  /// Rules after a tier or the ladder decided; the first that matches overrides.
  package var overrides: OutcomeRules?
  /// What decides when no tier can; the last rung is a constant.
  package var ladder: [LadderRung] = []
  package var outcomes: [String] = []
  package var durability = DecisionDurability.group
  /// The most decisions under way at once.
  package var concurrency = 4_096

  /// A pipeline without anything.
  package init() {}

  /// What is decided when nothing else can: the last rung.
  package var lastResort: (outcome: Int, reason: String) {
    if case .constant(let outcome, let reason) = ladder.last { return (outcome, reason) }
    return (0, "no fallback")
  }
}

/// When a decision is answered, and what a crash may lose.
package enum DecisionDurability: String, Sendable, CaseIterable {
  /// Answered once its record is on disk, in a transaction of its own.
  case commit
  /// Answered once its record is on disk, together with others of the same millisecond.
  case group
  /// Answered at once; a crash may lose what was not yet written.
  case afterResponse = "after-response"
}

/// Nanoseconds that a decision and its parts may take.
package struct BudgetDefinition: Sendable, Equatable {
  /// From the request's arrival to the decision.
  package var total: Int64 = 30_000_000
  /// Kept back for rules, the record and the answer: no tier gets it.
  package var reserve: Int64 = 1_000_000
  /// For reading features.
  package var features: Int64 = 5_000_000

  /// The defaults.
  package init() {}
}

/// The features that a pipeline reads, and the event that a decision leaves.
package struct FeatureUse: Sendable {
  package var definitions: FeatureDefinitions
  /// The path of the file of views, as it can be opened.
  package var path = ""
  /// An index of the definitions' services.
  package var service = 0
  /// The request's fields: by field of the record, the input field it is taken from.
  package var request: [FieldCopy] = []
  /// The input field with the request's identity; `nil` takes the decision's own.
  package var idField: Int?
  /// The source that the decided request is appended to.
  package var event: Int?
  /// The event's fields, as `request`.
  package var eventFields: [FieldCopy] = []

  /// One field of a record and the input field it is copied from.
  package struct FieldCopy: Sendable, Equatable {
    package var record: Int
    package var input: Int
  }
}

/// The names that expressions read, and where each value comes from.
package struct PipelineFields: Sendable {
  package var schema: RuleSchema?
  /// Input field i is field i of the schema; service features follow: by feature, its field.
  package var featureFields: [(feature: Int, field: Int, type: RuleType)] = []
  package var stale = 0
  package var missing = 0
  package var oldest = 0
  package var score = 0
  package var tier = 0
  package var outcome = 0

  package init() {}
}

/// Rules whose matches decide.
package struct OutcomeRules: Sendable {
  package var rules: RuleSet

  /// The outcome that a rule gives.
  package func outcome(_ rule: Int) -> Int { rules.rules[rule].action }
  /// The reason that a rule gives.
  package func reason(_ rule: Int) -> String { rules.rules[rule].reason }
}

/// How much traffic may go to an expensive tier, and how that is held.
package struct EscalationDefinition: Sendable, Equatable {
  /// The share, 0 to 1, of scored requests that should go on to the next tier.
  package var target = 0.20
  /// The share, 0 to 1, above which none goes on.
  package var cap = 0.25
  /// The share may differ from the target by this much before the band moves.
  package var hysteresis = 0.02
  /// How far the band moves for each unit of difference, once an interval.
  package var gain = 0.5
  /// Nanoseconds between two corrections.
  package var interval: Int64 = 1_000_000_000
  /// Scored requests without which nothing is concluded.
  package var requestsMin = 100

  /// The defaults.
  package init() {}
}

/// One rung of the fallback ladder.
package enum LadderRung: Sendable {
  /// The score of a tier, known already or asked for now, under thresholds of its own.
  case tier(Int, Thresholds)
  /// Rules: the first that matches decides.
  case rules(OutcomeRules)
  /// Always.
  case constant(outcome: Int, reason: String)
}
