package import NIOCore

/// Why a control request got no answer; `message` is fit for the operator.
package struct ControlHTTPError: Error, Sendable, Equatable, CustomStringConvertible {
  package var message: String

  package init(_ message: String) { self.message = message }

  package var description: String { message }
}

/// Single HTTP requests beside the load: metadata, readiness, loading a model.
package enum ControlHTTP {
  /// Bytes of an answer's body at most.
  package static let bodyBytesMax = 64 << 20

  /// Sends one request on a connection of its own, and waits for the whole answer.
  ///
  /// - Parameters:
  ///   - path: as in the request line, with its query; begins with `/`.
  ///   - headers: further fields; `Host`, `Content-Length` and `Connection` are added.
  ///   - timeoutNanoseconds: for connection, request and answer together.
  /// - Returns: the answer, whatever its status; the fields in their order.
  /// - Throws: ``BenchInputError`` for what cannot stand in a request or a TLS file of no use;
  ///   ``ControlHTTPError`` when there is no whole answer.
  package static func send(
    _ endpoint: TargetEndpoint, method: String, path: String,
    headers: [(String, String)] = [], body: ByteBuffer = ByteBuffer(),
    timeoutNanoseconds: Int64, on group: any EventLoopGroup
  ) async throws -> (status: Int, headers: [(String, String)], body: ByteBuffer) {
    let connector = try EndpointConnector(endpoint)
    let request = try encode(
      method: method, path: path, authority: endpoint.authority, headers: headers, body: body)
    let eventLoop = group.any()
    let answer = eventLoop.makePromise(of: ControlHTTPAnswer.self)
    eventLoop.execute {
      let handler = ControlHTTPHandler(
        request, isHead: method == "HEAD", endpoint: endpoint, answer: answer)
      handler.start(connector, on: eventLoop, timeoutNanoseconds: timeoutNanoseconds)
    }
    let whole = try await answer.futureResult.get()
    return (whole.status, whole.headers, whole.body)
  }

  /// The bytes of a request.
  static func encode(
    method: String, path: String, authority: String, headers: [(String, String)],
    body: ByteBuffer
  ) throws(BenchInputError) -> ByteBuffer {
    guard !method.isEmpty, method.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw BenchInputError("'\(method)' is no HTTP method; use GET or POST, for example")
    }
    guard path.hasPrefix("/"), path.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
      throw BenchInputError(
        "'\(path)' is no path of a URL; it begins with '/', and spaces are written %20")
    }
    var head = "\(method) \(path) HTTP/1.1\r\nHost: \(authority)\r\nConnection: close\r\n"
    for (name, value) in headers {
      guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x3A }),
        value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 })
      else { throw BenchInputError("'\(name): \(value)' is no HTTP header field") }
      head += "\(name): \(value)\r\n"
    }
    if body.readableBytes > 0 || method != "GET" && method != "HEAD" {
      head += "Content-Length: \(body.readableBytes)\r\n"
    }
    var bytes = ByteBuffer(string: head + "\r\n")
    bytes.writeImmutableBuffer(body)
    return bytes
  }
}
