package import NIOCore

/// How control calls reach the server; the load itself takes another way.
package enum ControlTransport: Sendable {
  /// Sends a request without `Host` and `Content-Length`, which the transport adds.
  package typealias HTTP =
    @Sendable (
      _ method: String, _ path: String, _ headers: [(String, String)], _ body: ByteBuffer
    ) async throws -> (status: Int, headers: [(String, String)], body: ByteBuffer)

  /// Calls a unary procedure; both messages are without the five bytes of framing. A status other
  /// than OK is thrown as ``ControlError``.
  package typealias GRPC =
    @Sendable (_ path: String, _ message: ByteBuffer) async throws -> ByteBuffer

  case http(HTTP)
  case grpc(GRPC)
}

extension ControlTransport {
  /// The transport that the endpoint speaks, each call on a connection of its own.
  ///
  /// - Parameter timeoutNanoseconds: for each call, from the dial to the whole answer.
  package init(
    _ endpoint: TargetEndpoint, timeoutNanoseconds: Int64 = 10_000_000_000,
    on group: any EventLoopGroup
  ) {
    switch endpoint.wire {
    case .http:
      self = .http { method, path, headers, body in
        try await ControlHTTP.send(
          endpoint, method: method, path: path, headers: headers, body: body,
          timeoutNanoseconds: timeoutNanoseconds, on: group)
      }
    case .grpc:
      self = .grpc { path, message in
        try await ControlGRPC.call(
          endpoint, path: path, message: message, timeoutNanoseconds: timeoutNanoseconds, on: group)
      }
    }
  }
}
