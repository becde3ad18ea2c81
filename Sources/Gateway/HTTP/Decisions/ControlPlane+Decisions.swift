internal import Decisions
internal import Logging
internal import NIOCore

extension ControlPlane {
  /// The answer to a request below `/v1` that event loops do not answer.
  func decisions(
    _ route: DecisionRoute, _ request: ControlRequest
  ) async throws(ControlError) -> ControlAnswer {
    guard let host = context.decisions else {
      if context.lifecycle == .starting {
        throw ControlError(
          503, "the server is starting; try again once it is ready", code: "UNAVAILABLE")
      }
      if route == .openAPI { return openAPI(nil) }
      throw ControlError(
        404, "this server has no pipelines; start it with --pipeline FILE", code: "NOT_FOUND")
    }
    switch route {
    case .record(let id): return try await record(id, host, request)
    case .records: return try await records(host, request)
    case .pipelines:
      _ = try QueryParameters(request.query, known: [])
      return pipelines(host)
    case .pipeline(let name):
      _ = try QueryParameters(request.query, known: [])
      guard let pipeline = host.engine.pipeline(named: name) else {
        return .unknown("pipeline", name, host.engine.names)
      }
      return ControlAnswer { PipelineJSON.write(pipeline, host, to: &$0) }
    case .reload: return await reload(host)
    case .openAPI: return openAPI(host)
    case .decide, .events, .attributes, .features:
      throw ControlError(500, "a decision reached the control plane")
    }
  }

  private func pipelines(_ host: DecisionHost) -> ControlAnswer {
    let all = host.engine.names.compactMap { host.engine.pipeline(named: $0) }
    return ControlAnswer { body in
      body.writeStaticString("{\"pipelines\":[")
      for (index, pipeline) in all.enumerated() {
        if index > 0 { body.writeStaticString(",") }
        PipelineJSON.write(pipeline, host, to: &body)
      }
      body.writeStaticString("]}")
    }
  }

  private func reload(_ host: DecisionHost) async -> ControlAnswer {
    do throws(DecisionHostFailure) {
      let changes = try await host.reload()
      context.logger.notice("pipelines reloaded", metadata: ["pipelines": "\(changes.words)"])
      return ControlAnswer { body in
        body.writeStaticString("{\"pipelines\":[")
        for (index, change) in changes.enumerated() {
          if index > 0 { body.writeStaticString(",") }
          body.writeStaticString("{\"name\":")
          body.writeJSON(string: change.name)
          body.writeStaticString(",\"change\":")
          body.writeJSON(string: change.kind.rawValue)
          body.writeStaticString(",\"digest\":")
          body.writeJSON(string: change.digest)
          body.writeStaticString("}")
        }
        body.writeStaticString("]}")
      }
    } catch {
      context.logger.error("pipelines not reloaded: \(error)")
      return ControlAnswer(status: WireStatus.invalidInput.http) { body in
        body.writeStaticString("{\"error\":")
        body.writeJSON(
          string: "nothing was changed: \(error.problems.count) "
            + (error.problems.count == 1 ? "problem" : "problems"))
        body.writeStaticString(",\"code\":\"INVALID_PIPELINE\",\"problems\":")
        body.writeJSON(strings: error.problems)
        body.writeStaticString("}")
      }
    }
  }

  private func openAPI(_ host: DecisionHost?) -> ControlAnswer {
    let document = OpenAPIDocument(host, identity: context.options.identity).json
    return ControlAnswer { document.write(to: &$0) }
  }
}

extension [PipelineChange] {
  /// `card-fraud changed, returns unchanged`.
  var words: String { map { "\($0.name) \($0.kind.rawValue)" }.joined(separator: ", ") }
}
