internal import NIOCore

/// Requests of any HTTP endpoint, written as they are given.
///
/// In the path, the body and header values each ``Stamp/placeholder`` becomes the request's
/// own number, 16 lower-case hexadecimal digits.
package struct RawHTTPRequests: Sendable {
  /// Where bodies come from.
  package enum Body: Sendable, Equatable {
    case none
    case text(String)
    /// The whole file is one body.
    case file(path: String)
    /// Each line that is not empty is one body.
    case lines(path: String)

    /// A file by its ending: lines of `.ndjson` and `.jsonl` are bodies.
    package static func of(path: String) -> Body {
      ["ndjson", "jsonl"].contains(InputFile.ending(of: path))
        ? .lines(path: path) : .file(path: path)
    }
  }

  /// For example `POST`.
  package var method: String
  /// From the slash, query included, percent-encoded.
  package var path: String
  package var body: Body
  package var headers: [(name: String, value: String)] = []
  /// `nil` goes by the file's ending.
  package var contentType: String?
  /// Sent as `Needletail-Timeout-Us`; 0 for none.
  package var timeoutMicroseconds: Int64 = 0

  package init(method: String = "POST", path: String, body: Body = .none) {
    self.method = method
    self.path = path
    self.body = body
  }

  /// The requests, one for each body.
  ///
  /// - Parameters:
  ///   - authority: the value of `Host`.
  ///   - entry: their place in the mix.
  /// - Throws: ``BenchInputError`` for a path, a header or a file that cannot be used.
  package func encode(
    authority: String, entry: Int = 0, limits: InputLimits = InputLimits()
  ) throws(BenchInputError) -> [PreparedRequest] {
    try check()
    let bodies = try bodies(limits)
    return bodies.map { body in
      let head = HTTPRequestHeadWriter(
        method: method, path: path, authority: authority, contentType: contentType ?? defaultType,
        timeoutMicroseconds: timeoutMicroseconds, headers: headers)
      var bytes = ByteBufferAllocator().buffer(capacity: 512 + (body?.count ?? 0))
      var stamps: [Stamp] = []
      head.write(
        bodyLength: body.map { ByteBuffer.stampedCount($0) }, to: &bytes, stamps: &stamps)
      if let body { bytes.writeStamped(body, into: &stamps) }
      return PreparedRequest(
        entry: entry, payload: .http(HTTPRequestBytes(bytes: bytes, stamps: stamps)))
    }
  }

  private func check() throws(BenchInputError) {
    guard !method.isEmpty, method.utf8.count <= 32, method.utf8.allSatisfy({ $0 &- 0x41 < 26 })
    else {
      throw BenchInputError("method '\(ServerText.clip(method))': write for example GET or POST")
    }
    guard path.hasPrefix("/"), path.utf8.count <= 8192,
      path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
    else {
      throw BenchInputError(
        "path '\(ServerText.clip(path))': it begins with a slash and holds no spaces; "
          + "percent-encode what is not ASCII")
    }
    guard timeoutMicroseconds >= 0 else {
      throw BenchInputError("a deadline of \(timeoutMicroseconds) microseconds is negative")
    }
    try RequestHeaders.check(headers)
  }

  private var defaultType: String {
    switch body {
    case .none, .lines: return "application/json"
    case .text(let text):
      let first = text.utf8.first { $0 > 0x20 }
      return first == 0x7B || first == 0x5B ? "application/json" : "text/plain"
    case .file(let path):
      return InputFile.ending(of: path) == "json" ? "application/json" : "application/octet-stream"
    }
  }

  /// `nil` is a request without a body.
  private func bodies(_ limits: InputLimits) throws(BenchInputError) -> [[UInt8]?] {
    switch body {
    case .none:
      // A POST says that it has no body; a GET need not.
      return [["POST", "PUT", "PATCH"].contains(method) ? [] : nil]
    case .text(let text): return [Array(text.utf8)]
    case .file(let path): return [try InputFile.read(path, bytesMax: limits.bytesMax).bytes]
    case .lines(let path):
      let file = try InputFile.read(path, bytesMax: limits.bytesMax)
      var bodies: [[UInt8]?] = []
      for line in file.bytes.split(separator: 0x0A) {
        let body = line.last == 0x0D ? line.dropLast() : line
        guard body.contains(where: { $0 > 0x20 }) else { continue }
        guard bodies.count < limits.rowsMax else {
          throw BenchInputError("\(path): more than \(limits.rowsMax) lines; use fewer")
        }
        bodies.append(Array(body))
      }
      guard !bodies.isEmpty else {
        throw BenchInputError("\(path): it has no line that is not empty; each line is a body")
      }
      return bodies
    }
  }
}

/// A unary gRPC call of any service, its message read from a file. The message is sent as it is:
/// a stamp would change its length, so there are none.
package struct RawGRPCRequest: Sendable {
  /// `/package.Service/Method`.
  package var path: String
  /// A serialized message without framing; `nil` is an empty one.
  package var messageFile: String?
  package var metadata: [(name: String, value: String)] = []
  /// Sent as `grpc-timeout`; 0 for none.
  package var timeoutMicroseconds: Int64 = 0

  package init(path: String, messageFile: String? = nil) {
    self.path = path
    self.messageFile = messageFile
  }

  /// The request.
  ///
  /// - Throws: ``BenchInputError`` for a path, a header or a file that cannot be used.
  package func encode(
    entry: Int = 0, limits: InputLimits = InputLimits()
  ) throws(BenchInputError) -> PreparedRequest {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].isEmpty, !parts[1].isEmpty, !parts[2].isEmpty,
      path.utf8.count <= 1024, path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
    else {
      throw BenchInputError(
        "gRPC path '\(ServerText.clip(path))': write /package.Service/Method")
    }
    guard timeoutMicroseconds >= 0 else {
      throw BenchInputError("a deadline of \(timeoutMicroseconds) microseconds is negative")
    }
    try RequestHeaders.check(metadata)
    var message: [UInt8] = []
    if let messageFile {
      message = try InputFile.read(messageFile, bytesMax: limits.bytesMax).bytes
    }
    return PreparedRequest(
      entry: entry,
      payload: .grpc(
        GRPCRequestBytes(
          path: path, message: try GRPCFrame.wrap(message),
          timeoutMicroseconds: timeoutMicroseconds,
          metadata: metadata.map { ($0.name.lowercased(), $0.value) })))
  }
}
