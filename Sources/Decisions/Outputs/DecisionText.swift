internal import Features
internal import Rules

/// Puts a finished run into words.
enum DecisionText {
  /// The decision of a call whose run is done.
  static func decision(_ call: DecisionCall, id: String) -> Decision {
    var decision = make(call.run, call.versions, call.request.pipeline)
    decision.id = id
    decision.requestID = call.requestID
    decision.decidedAt = call.request.wallTime
    if call.request.wantsFeatures { decision.features = features(call) }
    return decision
  }

  // Loops, and the definition where it lies: it is large to copy.
  private static func make(
    _ run: borrowing DecisionRun, _ versions: [String], _ pipeline: Pipeline
  ) -> Decision {
    var decision = Decision()
    decision.pipeline = pipeline.definition.name
    decision.digest = pipeline.definition.digest
    if let verdict = run.verdict {
      decision.outcome = pipeline.definition.outcomes[verdict.outcome]
      decision.decidedBy = word(verdict.by, pipeline)
    }
    decision.score = run.score
    decision.tiers.reserveCapacity(run.path.count)
    for index in run.path.indices {
      let step = run.path[index]
      decision.tiers.append(
        Decision.Tier(
          tier: pipeline.definition.tiers[step.tier].name,
          model: pipeline.definition.tiers[step.tier].model,
          version: versions[step.tier], score: step.score, result: step.result.word,
          nanoseconds: step.nanoseconds))
    }
    for index in run.reasons.indices {
      decision.reasons.append(word(run.reasons[index], pipeline))
    }
    decision.isDegraded = !run.degradations.isEmpty
    for index in run.degradations.indices {
      decision.degradedReasons.append(word(run.degradations[index], pipeline))
    }
    // And those of the record and the whole.
    decision.stages.reserveCapacity(run.stages.count + 2)
    for index in run.stages.indices {
      let stage = run.stages[index]
      decision.stages.append(
        Decision.Stage(name: word(stage.stage, pipeline), nanoseconds: stage.nanoseconds))
    }
    return decision
  }

  private static func features(_ call: DecisionCall) -> [Decision.Feature] {
    guard let use = call.request.pipeline.definition.features else { return [] }
    let vector = call.vector
    let slots = use.definitions.services[use.service].slots
    return slots.indices.filter { vector.values.indices.contains($0) }.map { index in
      Decision.Feature(
        name: use.definitions.slots[slots[index]].name,
        value: vector.values[index].isFinite ? vector.values[index] : nil,
        status: word(vector.statuses[index]),
        age: vector.ages[index] < 0 ? nil : vector.ages[index])
    }
  }

  static func word(_ status: FeatureStatus) -> String {
    switch status {
    case .fresh: "fresh"
    case .stale: "stale"
    case .missing: "missing"
    case .default: "default"
    }
  }

  private static func word(
    _ decider: DecisionRun.Decider, _ pipeline: Pipeline
  ) -> String {
    switch decider {
    case .gate: "gate"
    case .tier(let tier): pipeline.definition.tiers[tier].name
    case .rung: "fallback"
    case .override: "rules"
    }
  }

  private static func word(
    _ reason: Reason, _ pipeline: Pipeline
  ) -> String {
    switch reason {
    case .gate(let rule): return pipeline.definition.gate?.reason(rule) ?? ""
    case .override(let rule): return pipeline.definition.overrides?.reason(rule) ?? ""
    case .tierRule(let tier, let rule):
      guard case .rules(let rules) = pipeline.definition.tiers[tier].kind else { return "" }
      return rules.reason(rule)
    case .rungRule(let rung, let rule):
      guard case .rules(let rules) = pipeline.definition.ladder[rung] else { return "" }
      return rules.reason(rule)
    case .rungConstant(let rung):
      guard case .constant(_, let reason) = pipeline.definition.ladder[rung] else { return "" }
      return reason
    }
  }

  private static func word(
    _ degradation: Degradation, _ pipeline: Pipeline
  ) -> String {
    switch degradation {
    case .featuresUnavailable: "features-unavailable"
    case .tier(let tier, let why): "\(pipeline.definition.tiers[tier].name):\(why.rawValue)"
    case .narrowed(let tier): "\(pipeline.definition.tiers[tier].name):narrowed"
    case .escalationCap(let tier): "\(pipeline.definition.tiers[tier].name):escalation-cap"
    }
  }

  private static func word(
    _ stage: StageTime.Stage, _ pipeline: Pipeline
  ) -> String {
    switch stage {
    case .features: "features"
    case .gate: "gate"
    case .tier(let tier): pipeline.definition.tiers[tier].name
    case .fallback: "fallback"
    case .overrides: "rules"
    case .record: "record"
    case .total: "total"
    }
  }
}
