package import NIOCore

/// One connection that carries requests; confined to its event loop.
package protocol LoadConnection: AnyObject {
  /// How many more requests it takes now; 0 while it connects, is full, or has ended.
  var vacancies: Int { get }
  /// Sends a request. Its owner gets exactly one ``LoadConnectionOwner/answered(_:_:)`` for the
  /// ticket, never inside this call. Only while ``vacancies`` is above 0.
  ///
  /// - Parameters:
  ///   - ticket: the owner's name for this request.
  ///   - number: what the request's stamps are filled with.
  func send(_ request: PreparedRequest, ticket: Int, number: UInt64)
  /// Writes to the socket what ``send(_:ticket:number:)`` has left in memory: called once a tick.
  func flush()
  /// Gives up one request that the owner no longer waits for (its own timeout passed): no answer
  /// is reported for it. An HTTP/1.1 connection ends with that; a gRPC one resets the stream.
  func abandon(ticket: Int)
  /// Ends the connection; requests on it are reported as ``Outcome/connection``.
  func close()
}

/// Whom a connection reports to; always on the connection's event loop.
package protocol LoadConnectionOwner: AnyObject {
  /// The connection has room again, or for the first time.
  func becameVacant(_ connection: any LoadConnection)
  /// A request ended.
  func answered(_ ticket: Int, _ answer: Answer)
  /// The connection ended: by ``LoadConnection/close()``, the peer, or because it never came to be.
  /// Every ticket on it has been answered. `reason` is fit for the operator; `nil` if we closed it.
  func ended(_ connection: any LoadConnection, reason: String?)
}

/// Makes connections of one wire to one endpoint.
package protocol LoadDialer: Sendable {
  /// Starts a connection; returns at once, and reports to `owner` (held weakly or until the end).
  /// Called on `eventLoop`.
  func dial(
    on eventLoop: any EventLoop, owner: any LoadConnectionOwner, stageNames: StageNames
  ) -> any LoadConnection
}
