@testable import LoadGenerator
import NIOCore
import NIOPosix
import Testing

@Suite(.timeLimit(.minutes(1))) struct ControlHTTPTests {
  private let group = MultiThreadedEventLoopGroup.singleton

  private func endpoint(_ server: RawReplyServer) -> TargetEndpoint {
    TargetEndpoint(wire: .http, place: .tcp(host: "127.0.0.1", port: server.port))
  }

  private func message(
    _ endpoint: TargetEndpoint, timeoutNanoseconds: Int64 = 30_000_000_000
  ) async -> String {
    do {
      _ = try await ControlHTTP.send(
        endpoint, method: "GET", path: "/", timeoutNanoseconds: timeoutNanoseconds, on: group)
      return ""
    } catch {
      return "\(error)"
    }
  }

  @Test func `an answer comes back whole, whatever its status`() async throws {
    let server = try await RawReplyServer.start { request, _ in
      let found = request.hasPrefix("GET /v2/models/a?b=c HTTP/1.1\r\n")
      return .init(pieces: [
        "HTTP/1.1 \(found ? 200 : 404) X\r\nX-One: 1\r\n", "Transfer-Encoding: chunked\r\n\r\n",
        "5\r\nhello\r\n", "4\r\n you\r\n0\r\n\r\n",
      ])
    }
    for (path, status) in [("/v2/models/a?b=c", 200), ("/other", 404)] {
      let answer = try await ControlHTTP.send(
        endpoint(server), method: "GET", path: path, headers: [("Accept", "*/*")],
        timeoutNanoseconds: 30_000_000_000, on: group)
      #expect(answer.status == status)
      #expect(String(buffer: answer.body) == "hello you")
      let fields = answer.headers.map { "\($0.0): \($0.1)" }
      #expect(fields == ["X-One: 1", "Transfer-Encoding: chunked"])
    }
    try await server.stop()
  }

  @Test func `a request is encoded with what HTTP demands`() throws {
    let bytes = try ControlHTTP.encode(
      method: "POST", path: "/load", authority: "h:1", headers: [("A", "b")],
      body: ByteBuffer(string: "body"))
    #expect(
      String(buffer: bytes) == "POST /load HTTP/1.1\r\nHost: h:1\r\nConnection: close\r\nA: b\r\n"
        + "Content-Length: 4\r\n\r\nbody")
    let empty = try ControlHTTP.encode(
      method: "POST", path: "/", authority: "h", headers: [], body: ByteBuffer())
    #expect(String(buffer: empty).hasSuffix("Content-Length: 0\r\n\r\n"))
  }

  @Test(arguments: [
    ("", "/", [], "no HTTP method"), ("G T", "/", [], "'G T'"), ("GET", "x", [], "'x' is no path"),
    ("GET", "/a b", [], "no path"), ("GET", "/\r\n", [], "no path"),
    ("GET", "/", [("A:", "b")], "no HTTP header"), ("GET", "/", [("A", "b\r\nC: d")], "no HTTP"),
    ("GET", "/", [("", "b")], "no HTTP header"),
  ]) func `what would break the request is refused`(
    method: String, path: String, headers: [(String, String)], words: String
  ) {
    do throws(BenchInputError) {
      _ = try ControlHTTP.encode(
        method: method, path: path, authority: "h", headers: headers, body: ByteBuffer())
      Issue.record("taken: \(method) \(path)")
    } catch {
      #expect(error.description.contains(words))
    }
  }

  @Test func `no answer is explained`() async throws {
    let silent = try await RawReplyServer.start { _, _ in .init(pieces: []) }
    let silentPlace = "127.0.0.1:\(silent.port)"
    #expect(
      await message(endpoint(silent), timeoutNanoseconds: 1_000_000)
        == "\(silentPlace) did not answer within 1 ms")
    let silentEndpoint = endpoint(silent)
    try await silent.stop()
    #expect(
      await message(silentEndpoint)
        == "connection refused by \(silentPlace): is the server running?")

    let server = try await RawReplyServer.start { _, _ in
      .init(pieces: ["HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"], closes: true)
    }
    #expect(await message(endpoint(server)).contains("in the middle of its answer"))
    try await server.stop()
    let other = try await RawReplyServer.start { _, _ in .init(pieces: ["SSH-2.0-x\r\n"]) }
    #expect(await message(endpoint(other)).contains("'SSH-2.0-x'"))
    try await other.stop()
    let large = try await RawReplyServer.start { _, _ in
      .init(pieces: ["HTTP/1.1 200 OK\r\nContent-Length: \(65 << 20)\r\n\r\n"])
    }
    #expect(await message(endpoint(large)).contains("more than \(64 << 20) bytes"))
    try await large.stop()
  }

  @Test func `the end of the connection completes a body without a length`() async throws {
    let server = try await RawReplyServer.start { _, _ in
      .init(pieces: ["HTTP/1.0 200 OK\r\n\r\n", "all"], closes: true)
    }
    let answer = try await ControlHTTP.send(
      endpoint(server), method: "GET", path: "/", timeoutNanoseconds: 30_000_000_000, on: group)
    #expect(String(buffer: answer.body) == "all")
    try await server.stop()
  }
}
