import LoadGenerator
import NIOCore
import Testing

@Suite struct RawRequestTests {
  private static func bytes(_ request: PreparedRequest) throws -> HTTPRequestBytes {
    guard case .http(let bytes) = request.payload else { throw BenchInputError("not HTTP") }
    return bytes
  }

  @Test func `a request is written as it is given`() throws {
    var raw = RawHTTPRequests(path: "/v1/decisions/x?a=%20b", body: .text(" {\"a\":1}"))
    raw.timeoutMicroseconds = 9
    raw.headers = [("X-A", "b")]
    let requests = try raw.encode(authority: "h:1", entry: 2)
    #expect(requests.count == 1 && requests[0].entry == 2)
    #expect(
      String(buffer: try Self.bytes(requests[0]).bytes)
        == "POST /v1/decisions/x?a=%20b HTTP/1.1\r\nHost: h:1\r\nContent-Type: application/json\r\n"
        + "Content-Length: 8\r\nNeedletail-Timeout-Us: 9\r\nX-A: b\r\n\r\n {\"a\":1}")
    let get = try RawHTTPRequests(method: "GET", path: "/").encode(authority: "h")
    #expect(String(buffer: try Self.bytes(get[0]).bytes) == "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    let empty = try RawHTTPRequests(path: "/").encode(authority: "h")
    #expect(String(buffer: try Self.bytes(empty[0]).bytes).contains("Content-Length: 0\r\n"))
  }

  @Test func `placeholders become stamps in path, headers and body`() throws {
    var raw = RawHTTPRequests(
      path: "/x/{{request}}", body: .text("{{{request}}{{request}{{request}}}"))
    raw.headers = [("Id", "{{request}}")]
    let request = try RequestReading.http(raw.encode(authority: "h")[0])
    let zeros = String(repeating: "0", count: 16)
    #expect(request.line == "POST /x/\(zeros) HTTP/1.1")
    #expect(String(buffer: request.body) == "{\(zeros){{request}\(zeros)}")
    let bytes = try Self.bytes(try raw.encode(authority: "h")[0])
    #expect(bytes.stamps.count == 4)
    #expect(
      RequestReading.stamped(bytes.bytes, bytes.stamps) == Array(repeating: zeros, count: 4))
  }

  @Test func `files and lines are bodies`() throws {
    try InputSamples.withFile("a.ndjson", Array("{\"a\":1}\r\n\n  \n{\"b\":2}".utf8)) { path in
      let requests = try RawHTTPRequests(path: "/x", body: .of(path: path)).encode(authority: "h")
      let bodies = try requests.map { String(buffer: try RequestReading.http($0).body) }
      #expect(bodies == ["{\"a\":1}", "{\"b\":2}"])
      var limits = InputLimits()
      limits.rowsMax = 1
      #expect(throws: BenchInputError.self) {
        try RawHTTPRequests(path: "/x", body: .of(path: path))
          .encode(authority: "h", limits: limits)
      }
      limits = InputLimits()
      limits.bytesMax = 10
      #expect(throws: BenchInputError.self) {
        try RawHTTPRequests(path: "/x", body: .of(path: path))
          .encode(authority: "h", limits: limits)
      }
      #expect(
        try RawHTTPRequests(path: "/x", body: .file(path: path)).encode(authority: "h").count == 1)
    }
    try InputSamples.withFile("a.json", Array("{}".utf8)) { path in
      let requests = try RawHTTPRequests(path: "/x", body: .of(path: path)).encode(authority: "h")
      #expect(String(buffer: try Self.bytes(requests[0]).bytes).contains("application/json"))
    }
    _ = try InputSamples.withFile("a.jsonl", []) { path in
      #expect(throws: BenchInputError.self) {
        try RawHTTPRequests(path: "/x", body: .of(path: path)).encode(authority: "h")
      }
    }
    #expect(throws: BenchInputError("the file '/nowhere/x' does not exist")) {
      try RawHTTPRequests(path: "/x", body: .of(path: "/nowhere/x")).encode(authority: "h")
    }
  }

  @Test(arguments: [
    ("post", "/x"), ("", "/x"), ("PO ST", "/x"), ("POST", "x"), ("POST", ""), ("POST", "/a b"),
    ("POST", "/ü"), ("POST", "/\r\n"),
  ]) func `wrong methods and paths are refused`(_ method: String, _ path: String) {
    #expect(throws: BenchInputError.self) {
      try RawHTTPRequests(method: method, path: path).encode(authority: "h")
    }
  }

  @Test func `a raw gRPC message is framed`() throws {
    var raw = RawGRPCRequest(path: "/a.B/C")
    raw.timeoutMicroseconds = 4
    raw.metadata = [("X", "y")]
    guard case .grpc(let empty) = try raw.encode(entry: 3).payload else { return }
    #expect(Array(empty.message.readableBytesView) == [0, 0, 0, 0, 0])
    #expect(empty.timeoutMicroseconds == 4 && empty.metadata.map(\.name) == ["x"])
    try InputSamples.withFile("m.bin", [1, 2]) { path in
      raw.messageFile = path
      guard case .grpc(let call) = try raw.encode().payload else { return }
      #expect(Array(call.message.readableBytesView) == [0, 0, 0, 0, 2, 1, 2])
    }
    raw.messageFile = "/nowhere"
    #expect(throws: BenchInputError.self) { try raw.encode() }
    for path in ["", "a.B/C", "/a", "/a/", "//a", "/a/b/c", "/a b/c"] {
      #expect(throws: BenchInputError.self) { try RawGRPCRequest(path: path).encode() }
    }
    raw = RawGRPCRequest(path: "/a/b")
    raw.timeoutMicroseconds = -1
    #expect(throws: BenchInputError.self) { try raw.encode() }
    var http = RawHTTPRequests(path: "/")
    http.timeoutMicroseconds = -1
    #expect(throws: BenchInputError.self) { try http.encode(authority: "h") }
  }

  @Test func `random texts with braces keep their length`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = RandomSource(seed: seed)
    let pieces = ["{", "}", "{{request}}", "{{", "request", "}}", "a", "ü"]
    for _ in 0..<2_000 {
      let text = (0..<random.below(12)).map { _ in pieces[random.below(pieces.count)] }.joined()
      let raw = RawHTTPRequests(path: "/", body: .text(text))
      let request = try RequestReading.http(raw.encode(authority: "h")[0])
      let zeros = String(repeating: "0", count: 16)
      let expected = text.replacing("{{request}}", with: zeros)
      #expect(String(buffer: request.body) == expected, "seed \(seed)")
    }
  }
}
