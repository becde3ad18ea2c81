package import NIOCore

/// Makes gRPC connections to one endpoint. Any thread.
package struct GRPCDialer: LoadDialer {
  private let connector: EndpointConnector
  private let limits: HTTP2ClientLimits

  /// - Parameter streamsPerConnection: requests open at once on a connection, unless the server
  ///   takes fewer.
  /// - Throws: ``BenchInputError`` naming a TLS file that is of no use.
  package init(
    endpoint: TargetEndpoint, streamsPerConnection: Int
  ) throws(BenchInputError) {
    var limits = HTTP2ClientLimits()
    limits.streamsMax = streamsPerConnection
    try self.init(endpoint: endpoint, limits: limits)
  }

  /// A dialer with bounds of one's own.
  package init(endpoint: TargetEndpoint, limits: HTTP2ClientLimits) throws(BenchInputError) {
    connector = try EndpointConnector(endpoint, applicationProtocol: "h2")
    self.limits = limits
  }

  /// Starts a connection, which has ``HTTP2ClientLimits/connectNanosecondsMax`` to come about.
  package func dial(
    on eventLoop: any EventLoop, owner: any LoadConnectionOwner, stageNames: StageNames
  ) -> any LoadConnection {
    connect(on: eventLoop, owner: owner, stageNames: stageNames)
  }

  /// ``dial(on:owner:stageNames:)`` with the connection's own type.
  func connect(
    on eventLoop: any EventLoop, owner: any LoadConnectionOwner, stageNames: StageNames
  ) -> GRPCLoadConnection {
    let connection = GRPCLoadConnection(
      to: connector.endpoint, on: eventLoop, owner: owner, stageNames: stageNames, limits: limits)
    connection.startDeadline()
    let bound = NIOLoopBound(connection, eventLoop: eventLoop)
    connector.connect(on: eventLoop, timeoutNanoseconds: limits.connectNanosecondsMax)
      .whenComplete { result in bound.value.opened(result) }
    return connection
  }
}

extension GRPCLoadConnection {
  /// The dial's end. The connection joins the channel only now, as a name with several addresses
  /// has several channels tried; nothing was read yet.
  fileprivate func opened(_ result: Result<any Channel, any Error>) {
    switch result {
    case .failure(let error): end(words.text(error))
    case .success(let channel):
      guard !hasEnded else { return channel.close(promise: nil) }
      do {
        try channel.pipeline.syncOperations.addHandler(self)
      } catch {
        end(words.text(error))
        channel.close(promise: nil)
      }
    }
  }
}
