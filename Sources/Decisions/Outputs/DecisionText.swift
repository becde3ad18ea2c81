internal import Features
internal import Rules

/// Puts a finished run into words.
enum DecisionText {
  /// The decision of a call whose run is done.
  static func decision(_ call: DecisionCall, id: String) -> Decision {
    let definition = call.request.pipeline.definition
    let run = call.run
    var decision = Decision()
    decision.id = id
    decision.requestID = call.requestID
    decision.pipeline = definition.name
    decision.digest = definition.digest
    decision.decidedAt = call.request.wallTime
    if let verdict = run.verdict {
      decision.outcome = definition.outcomes[verdict.outcome]
      decision.decidedBy = word(verdict.by, definition)
    }
    decision.score = run.score
    decision.tiers = run.path.map { step in
      Decision.Tier(
        tier: definition.tiers[step.tier].name, model: definition.tiers[step.tier].model,
        version: call.versions[step.tier], score: step.score, result: step.result.word,
        nanoseconds: step.nanoseconds)
    }
    decision.reasons = run.reasons.map { word($0, definition) }
    decision.isDegraded = !run.degradations.isEmpty
    decision.degradedReasons = run.degradations.map { word($0, definition) }
    decision.stages = run.stages.map {
      Decision.Stage(name: word($0.stage, definition), nanoseconds: $0.nanoseconds)
    }
    if call.request.wantsFeatures { decision.features = features(call) }
    return decision
  }

  /// What is kept of it.
  static func entry(_ decision: Decision, _ call: DecisionCall) -> DecisionEntry {
    var kept = decision
    kept.features = nil
    var writer = JSONBytes(capacity: 4_096)
    writer.open("{")
    kept.write(to: &writer)
    writeFeatures(call, to: &writer)
    writer.name("inputs")
    writer.open("{")
    let input = call.request.input
    let fields = call.request.pipeline.definition.inputs.fields
    for (index, field) in fields.enumerated() where input.has(index) {
      writer.name(field.name)
      if field.isSensitive {
        writer.string("[redacted]", separated: false)
        continue
      }
      switch field.type {
      case .bool: writer.bool(input.bool(index))
      case .int, .timestamp: writer.integer(input.int(index))
      case .double: writer.double(input.double(index))
      case .string: writer.string(input.bytes[input.texts[index]])
      case .duration, .null: writer.null()
      }
    }
    writer.close("}")
    writer.close("}")
    return DecisionEntry(
      id: decision.id, requestID: decision.requestID, pipeline: decision.pipeline,
      digest: decision.digest, decidedAt: decision.decidedAt, outcome: decision.outcome,
      isDegraded: decision.isDegraded, body: writer.bytes)
  }

  /// The features as they were used: the longest part, so from pieces made beforehand.
  private static func writeFeatures(_ call: DecisionCall, to writer: inout JSONBytes) {
    let vector = call.vector
    let pieces = call.scratch.featurePieces
    guard vector.values.count == pieces.count, !pieces.isEmpty else { return }
    writer.name("features")
    writer.open("[")
    for index in pieces.indices {
      writer.comma()
      writer.written(pieces[index])
      writer.written(statusPieces[Int(vector.statuses[index].rawValue)])
      if vector.values[index].isFinite {
        writer.written(valuePiece)
        writer.double(vector.values[index])
      }
      if vector.ages[index] >= 0 {
        writer.written(agePiece)
        writer.integer(vector.ages[index])
      }
      writer.close("}")
    }
    writer.close("]")
  }

  /// By feature of the pipeline's service: the beginning of its object.
  static func featurePieces(_ definition: PipelineDefinition) -> [[UInt8]] {
    guard let use = definition.features else { return [] }
    return use.definitions.services[use.service].slots.map { slot in
      var writer = JSONBytes(capacity: 64)
      writer.open("{")
      writer.name("name")
      writer.string(use.definitions.slots[slot].name)
      writer.name("status")
      return writer.bytes
    }
  }

  private static let statusPieces = FeatureStatus.allCases.sorted { $0.rawValue < $1.rawValue }
    .map { Array("\"\(word($0))\"".utf8) }
  private static let valuePiece = Array(#","value":"#.utf8)
  private static let agePiece = Array(#","age_ns":"#.utf8)

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

  private static func word(_ status: FeatureStatus) -> String {
    switch status {
    case .fresh: "fresh"
    case .stale: "stale"
    case .missing: "missing"
    case .default: "default"
    }
  }

  private static func word(
    _ decider: DecisionRun.Decider, _ definition: PipelineDefinition
  ) -> String {
    switch decider {
    case .gate: "gate"
    case .tier(let tier): definition.tiers[tier].name
    case .rung: "fallback"
    case .override: "rules"
    }
  }

  private static func word(_ reason: Reason, _ definition: PipelineDefinition) -> String {
    switch reason {
    case .gate(let rule): return definition.gate?.reason(rule) ?? ""
    case .override(let rule): return definition.overrides?.reason(rule) ?? ""
    case .rungRule(let rung, let rule):
      guard case .rules(let rules) = definition.ladder[rung] else { return "" }
      return rules.reason(rule)
    case .rungConstant(let rung):
      guard case .constant(_, let reason) = definition.ladder[rung] else { return "" }
      return reason
    }
  }

  private static func word(
    _ degradation: Degradation, _ definition: PipelineDefinition
  ) -> String {
    switch degradation {
    case .featuresUnavailable: "features-unavailable"
    case .tier(let tier, let why): "\(definition.tiers[tier].name):\(why.rawValue)"
    case .narrowed(let tier): "\(definition.tiers[tier].name):narrowed"
    case .escalationCap(let tier): "\(definition.tiers[tier].name):escalation-cap"
    }
  }

  private static func word(
    _ stage: StageTime.Stage, _ definition: PipelineDefinition
  ) -> String {
    switch stage {
    case .features: "features"
    case .gate: "gate"
    case .tier(let tier): definition.tiers[tier].name
    case .fallback: "fallback"
    case .overrides: "rules"
    case .record: "record"
    case .total: "total"
    }
  }
}
