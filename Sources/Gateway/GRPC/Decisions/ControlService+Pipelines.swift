internal import Decisions
internal import NIOCore

extension ControlService {
  /// The answers of the service `Pipelines`.
  func answerPipelines(
    _ method: GRPCMethod, _ message: ByteBuffer
  ) async throws(GRPCStatus) -> ByteBuffer {
    if method == .listPipelines {
      return try ControlMessage.write(try pipelines(ControlMessage.read(message)))
    }
    let _: Needletail_V1_ReloadPipelinesRequest = try ControlMessage.read(message)
    guard let host = context.decisions else {
      throw GRPCStatus(
        .failedPrecondition, "this server has no pipelines; start it with --pipeline")
    }
    var response = Needletail_V1_ReloadPipelinesResponse()
    do throws(DecisionHostFailure) {
      response.changes = try await host.reload().map { change in
        var message = Needletail_V1_ReloadPipelinesResponse.Change()
        message.pipeline = change.name
        message.change = change.kind.rawValue
        message.digest = change.digest
        return message
      }
    } catch {
      throw GRPCStatus(
        .failedPrecondition, "nothing was changed:\n" + error.problems.joined(separator: "\n"))
    }
    return try ControlMessage.write(response)
  }

  private func pipelines(
    _ request: Needletail_V1_ListPipelinesRequest
  ) throws(GRPCStatus) -> Needletail_V1_ListPipelinesResponse {
    var response = Needletail_V1_ListPipelinesResponse()
    guard let host = context.decisions else {
      if request.name.isEmpty { return response }
      throw CallFailure(unknown: "pipeline", request.name, known: []).grpc
    }
    let names = host.engine.names
    guard request.name.isEmpty || names.contains(request.name) else {
      throw CallFailure(unknown: "pipeline", request.name, known: names).grpc
    }
    for name in names where request.name.isEmpty || request.name == name {
      guard let pipeline = host.engine.pipeline(named: name) else { continue }
      response.pipelines.append(Self.message(pipeline, file: host.file(ofPipeline: name) ?? ""))
    }
    return response
  }

  private static func message(_ pipeline: Pipeline, file: String) -> Needletail_V1_Pipeline {
    let definition = pipeline.definition
    let state = pipeline.currentState()
    var message = Needletail_V1_Pipeline()
    message.name = definition.name
    message.digest = definition.digest
    message.file = file
    message.outcomes = definition.outcomes
    message.underWay = Int64(state.underWay)
    message.durability = definition.durability.rawValue
    message.budgetNs = definition.budget.total
    message.tiers = definition.tiers.indices.map { index in
      var tier = Needletail_V1_Pipeline.Tier()
      tier.name = definition.tiers[index].name
      tier.model = definition.tiers[index].model
      tier.version = definition.tiers[index].version
      tier.breaker = word(state.tiers[index].breaker.state)
      tier.inFlight = Int64(state.tiers[index].inFlight)
      if index < state.escalations.count {
        tier.escalated = state.escalations[index].share
        tier.band = state.escalations[index].band
      }
      return tier
    }
    return message
  }

  private static func word(_ state: CircuitBreaker.State) -> String {
    switch state {
    case .closed: "closed"
    case .open: "open"
    case .halfOpen: "half-open"
    }
  }
}
