package import NIOCore

extension Interference {
  /// What an interference needs to know of the load it accompanies.
  package struct Surroundings: Sendable {
    package var endpoint: TargetEndpoint
    /// Makes connections as the load's own.
    package var dialer: any LoadDialer
    /// The load's requests; never empty.
    package var requests: [PreparedRequest]
    /// A model to post oversized bodies to.
    package var model: String
    /// Nanoseconds that one load of a model may take.
    package var timeoutNanoseconds: Int64 = 30_000_000_000

    package init(
      endpoint: TargetEndpoint, dialer: any LoadDialer, requests: [PreparedRequest], model: String
    ) {
      self.endpoint = endpoint
      self.dialer = dialer
      self.requests = requests
      self.model = model
    }
  }

  /// Whether it can be done at all: asks the server for one load of a model, and looks at the wire.
  ///
  /// - Throws: ``TargetError`` if the server does not load models by request, ``BenchInputError``
  ///   for a wire that cannot do it.
  package func check(
    _ surroundings: Surroundings, on group: any EventLoopGroup
  ) async throws {
    switch kind {
    case .reload(let model, _):
      try await ReloadDisturbance(
        model: model, endpoint: surroundings.endpoint,
        timeoutNanoseconds: surroundings.timeoutNanoseconds, on: group
      ).check()
    case .oversized:
      guard surroundings.endpoint.wire == .http else {
        throw BenchInputError("interference 'oversized' speaks HTTP; use an http:// URL")
      }
    case .slowClients, .disconnects: break
    }
  }

  /// Begins it on an event loop of `group`, which should not be one that measures.
  ///
  /// - Throws: ``BenchInputError`` if a TLS file is of no use.
  package func begin(
    _ surroundings: Surroundings, on group: any EventLoopGroup
  ) async throws -> InterferenceRun {
    let eventLoop = group.next()
    let endpoint = surroundings.endpoint
    switch kind {
    case .slowClients(let connections, let every):
      var plain = endpoint
      plain.tls = nil
      let connector = try EndpointConnector(plain)
      let disturbance = try await LoopBoundDisturbance(on: eventLoop) {
        SlowClientsDisturbance(
          through: connector, endpoint: endpoint, connections: connections, eventLoop: eventLoop)
      }
      return InterferenceRun(disturbance, everyNanoseconds: every)
    case .oversized(let bytes, let every):
      let connector = try EndpointConnector(endpoint)
      let path = "/v2/models/\(PercentEncoding.segment(surroundings.model))/infer"
      let disturbance = try await LoopBoundDisturbance(on: eventLoop) {
        OversizedDisturbance(
          through: connector, path: path, byteCount: bytes, eventLoop: eventLoop)
      }
      return InterferenceRun(disturbance, everyNanoseconds: every)
    case .reload(let model, let every):
      let disturbance = ReloadDisturbance(
        model: model, endpoint: endpoint, timeoutNanoseconds: surroundings.timeoutNanoseconds,
        on: group)
      return InterferenceRun(disturbance, everyNanoseconds: every)
    case .disconnects(let every):
      let (dialer, requests) = (surroundings.dialer, surroundings.requests)
      let disturbance = try await LoopBoundDisturbance(on: eventLoop) {
        DisconnectDisturbance(dialer: dialer, requests: requests, eventLoop: eventLoop)
      }
      return InterferenceRun(disturbance, everyNanoseconds: every)
    }
  }
}
