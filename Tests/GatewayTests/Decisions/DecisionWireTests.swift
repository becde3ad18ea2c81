import NIOCore
import Testing

@testable import Decisions
@testable import Gateway

/// Paths, parameters and heads of what is below `/v1`.
@Suite struct DecisionWireTests {
  private static func route(_ path: String, _ scope: HTTPRouter.Scope = .everything) -> HTTPRoute? {
    HTTPRouter(scope: scope).route(Array(path.utf8).span)
  }

  @Test func `every path is found`() {
    #expect(Self.route("/v1/decisions/a%20b") == .decisions(.decide(pipeline: "a b")))
    #expect(Self.route("/v1/events/e") == .decisions(.events(source: "e")))
    #expect(Self.route("/v1/attributes/v/") == .decisions(.attributes(view: "v")))
    #expect(Self.route("/v1/features/f") == .decisions(.features(service: "f")))
    #expect(Self.route("/v1/records") == .decisions(.records))
    #expect(Self.route("/v1/records/1") == .decisions(.record(id: "1")))
    #expect(Self.route("/v1/pipelines") == .decisions(.pipelines))
    #expect(Self.route("/v1/pipelines/p") == .decisions(.pipeline("p")))
    #expect(Self.route("/v1/pipelines/reload") == .decisions(.reload))
    #expect(Self.route("/v1/openapi.json") == .decisions(.openAPI))
  }

  @Test(arguments: [
    "/v1", "/v1/", "/v1/decisions", "/v1/decisions//", "/v1/decisions/a/b", "/v1/openapi.json/x",
    "/v1/other/x", "/v3/decisions/a",
  ])
  func `other paths are not`(_ path: String) {
    #expect(Self.route(path) == nil)
  }

  @Test func `the metrics port decides nothing`() {
    #expect(Self.route("/v1/decisions/a", .metrics) == nil)
    #expect(Self.route("/v1/pipelines/reload", .metrics) == nil)
  }

  @Test func `parameters are decoded`() throws {
    let query = try QueryParameters("a=%31+2&b&c=%C3%A9&&", known: ["a", "b", "c"])
    #expect(query["a"] == "1+2")
    #expect(query["b"] == "")
    #expect(query["c"] == "é")
    #expect(query["d"] == nil)
    #expect(try query.flag("b"))
    #expect(try !query.flag("d"))
  }

  @Test(arguments: ["a=%", "a=%1", "a=%zz", "a=%ff", "x=1", "a=1&a=2"])
  func `parameters that mean nothing are refused`(_ text: String) {
    #expect(throws: ControlError.self) { try QueryParameters(text, known: ["a"]) }
  }

  @Test(arguments: [
    ("application/x-ndjson", true), ("application/x-ndjson; charset=utf-8", true),
    ("Application/X-NDJSON", true), ("application/jsonl", true), ("application/ndjson", true),
    ("application/json", false), ("", false), ("application/x-ndjson-not", false),
    ("text/plain", false),
  ])
  func `the media type says whether there are lines`(_ type: String, _ hasLines: Bool) throws {
    var parser = HTTPRequestParser(limits: GatewayLimits())
    let text = "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: \(type)\r\n\r\n"
    let head = try #require(try parser.parse(Array(text.utf8).span))
    #expect(head.hasLines == hasLines)
  }

  @Test(arguments: [0, 1, 7, 40, 400])
  func `stages never take more room than a head has`(_ count: Int) {
    var head = HTTPAnswerHead()
    head.retryAfterSeconds = .max
    head.isPersistent = false
    head.stages = (0..<count).map {
      Decision.Stage(name: "stage\($0)", nanoseconds: Int64($0) * 1_234_567)
    }
    var answer = HTTPAnswerBuffer(allocator: ByteBufferAllocator(), capacity: 2)
    answer.buffer.writeStaticString("{}")
    answer.seal(head, bodyLength: 2)
    let text = String(buffer: answer.buffer)
    #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
    #expect(text.hasSuffix("\r\n\r\n{}"))
    #expect(text.contains("Server-Timing: stage0;dur=0.000") == (count > 0))
    if count > 1 { #expect(text.contains(", stage1;dur=1.234")) }
    #expect(text.contains("Connection: close\r\n"))
  }
}
