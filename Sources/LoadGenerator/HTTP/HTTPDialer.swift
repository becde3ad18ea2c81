package import NIOCore

/// Opens HTTP/1.1 connections for load to one endpoint.
package struct HTTPDialer: LoadDialer {
  private let connector: EndpointConnector

  /// Loads the TLS files once for all connections.
  ///
  /// - Throws: ``BenchInputError`` naming a TLS file that is of no use.
  package init(endpoint: TargetEndpoint) throws(BenchInputError) {
    connector = try EndpointConnector(endpoint)
  }

  /// Starts a connection, which has 5 s to come about; call on `eventLoop`.
  package func dial(
    on eventLoop: any EventLoop, owner: any LoadConnectionOwner, stageNames: StageNames
  ) -> any LoadConnection {
    let connection = HTTPLoadConnection(
      on: eventLoop, to: connector.endpoint, owner: owner, stageNames: stageNames)
    connection.start { connector.connect(on: eventLoop) }
    return connection
  }
}
