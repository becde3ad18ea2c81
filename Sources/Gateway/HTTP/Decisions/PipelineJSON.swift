internal import Decisions
internal import Features
internal import NIOCore

/// A pipeline as `GET /v1/pipelines` tells it.
enum PipelineJSON {
  static func write(
    _ pipeline: Pipeline, _ host: DecisionHost, to body: inout ByteBuffer
  ) {
    let definition = pipeline.definition
    let state = pipeline.currentState()
    body.writeStaticString("{\"name\":")
    body.writeJSON(string: definition.name)
    body.writeStaticString(",\"digest\":")
    body.writeJSON(string: definition.digest)
    if let file = host.file(ofPipeline: definition.name) {
      body.writeStaticString(",\"file\":")
      body.writeJSON(string: file)
    }
    body.writeStaticString(",\"outcomes\":")
    body.writeJSON(strings: definition.outcomes)
    body.writeStaticString(",\"durability\":")
    body.writeJSON(string: definition.durability.rawValue)
    body.writeStaticString(",\"budget_us\":")
    body.writeJSON(integer: definition.budget.total / 1_000)
    if let use = definition.features {
      body.writeStaticString(",\"service\":")
      body.writeJSON(string: use.definitions.services[use.service].name)
      if let event = use.event {
        body.writeStaticString(",\"event\":")
        body.writeJSON(string: use.definitions.sources[event].name)
      }
    }
    body.writeStaticString(",\"under_way\":")
    body.writeJSON(integer: state.underWay)
    body.writeStaticString(",\"concurrency\":")
    body.writeJSON(integer: definition.concurrency)
    body.writeStaticString(",\"tiers\":[")
    for (index, tier) in definition.tiers.enumerated() where index < state.tiers.count {
      if index > 0 { body.writeStaticString(",") }
      write(tier, index, state, to: &body)
    }
    body.writeStaticString("]}")
  }

  private static func write(
    _ tier: TierDefinition, _ index: Int, _ state: PipelineState, to body: inout ByteBuffer
  ) {
    body.writeStaticString("{\"name\":")
    body.writeJSON(string: tier.name)
    if !tier.model.isEmpty {
      body.writeStaticString(",\"model\":")
      body.writeJSON(string: tier.model)
      body.writeStaticString(",\"version\":")
      body.writeJSON(string: tier.version)
    }
    body.writeStaticString(",\"breaker\":")
    body.writeJSON(string: state.tiers[index].breaker.state.word)
    body.writeStaticString(",\"in_flight\":")
    body.writeJSON(integer: state.tiers[index].inFlight)
    if index < state.escalations.count {
      body.writeStaticString(",\"escalated_share\":")
      body.writeJSON(number: state.escalations[index].share)
      body.writeStaticString(",\"escalation_band\":")
      body.writeJSON(number: state.escalations[index].band)
    }
    body.writeStaticString("}")
  }
}
