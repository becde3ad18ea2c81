import Gateway
import NIOCore
import Testing

@Suite struct HTTPRequestParserTests {
  private static func parse(_ text: String) throws(HTTPRejection) -> HTTPRequestHead? {
    try parse(Array(text.utf8))
  }

  private static func parse(_ bytes: [UInt8]) throws(HTTPRejection) -> HTTPRequestHead? {
    var parser = HTTPRequestParser(limits: GatewayLimits())
    return try parser.parse(bytes.span)
  }

  private static func status(_ text: String) -> Int {
    do throws(HTTPRejection) {
      return try parse(text) == nil ? 0 : 200
    } catch {
      return error.status
    }
  }

  @Test func `a head is read with the fields that matter`() throws {
    let text =
      "POST /v2/models/m/infer?a=b HTTP/1.1\r\nHOST: x\r\ncontent-LENGTH: 12 \r\n"
      + "Accept-Encoding: br, deflate, gzip;q=0\r\nContent-Encoding: gzip\r\n"
      + "Inference-Header-Content-Length:\t7\r\nneedletail-timeout-ms: 5\r\n"
      + "traceparent: 00-ab\r\nExpect: 100-Continue\r\nConnection: foo, Close\r\n\r\nbody"
    let head = try #require(try Self.parse(text))
    let bytes = Array(text.utf8)
    #expect(head.method == .post)
    #expect(String(decoding: bytes[head.path], as: UTF8.self) == "/v2/models/m/infer")
    #expect(String(decoding: bytes[head.query], as: UTF8.self) == "a=b")
    #expect(String(decoding: bytes[head.traceparent], as: UTF8.self) == "00-ab")
    #expect(head.contentLength == 12 && head.jsonLength == 7)
    #expect(head.timeoutNanoseconds == 5_000_000)
    #expect(head.acceptedCompression == .deflate)
    #expect(head.contentEncoding == .compressed(.gzip))
    #expect(head.expectsContinue && !head.isPersistent)
    #expect(head.byteCount == bytes.count - 4)
  }

  @Test(arguments: [
    ("GET / HTTP/1.1\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
    ("GET / HTTP/1.1\nHost: a\n\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\u{0}\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: \r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
    (
      "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
        + "Transfer-Encoding: chunked\r\n\r\n", 400
    ),
    ("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n", 417),
    ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
    ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400),
    ("GET /\r\nHost: a\r\n\r\n", 400),
    ("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("G@T / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
  ]) func `what two readers could understand differently is refused`(
    _ text: String, _ status: Int
  ) {
    #expect(Self.status(text) == status)
  }

  @Test func `sizes are bounded before the end arrives`() {
    #expect(Self.status("GET /" + String(repeating: "a", count: 9_000)) == 414)
    #expect(
      Self.status("GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "a", count: 40_000))
        == 431)
    let many = (0..<101).map { "X\($0): y\r\n" }.joined()
    #expect(Self.status("GET / HTTP/1.1\r\nHost: a\r\n" + many) == 431)
  }

  @Test func `a head that arrives byte by byte reads the same`() throws {
    let text = Array("\r\nGET /v2 HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\n".utf8)
    var parser = HTTPRequestParser(limits: GatewayLimits())
    for count in 1..<text.count {
      let head = try parser.parse(text.span.extracting(first: count))
      #expect(head == nil)
    }
    let head = try parser.parse(text.span)
    #expect(head?.byteCount == text.count)
  }

  @Test func `HTTP 1.0 closes unless it asks to stay`() throws {
    #expect(try Self.parse("GET / HTTP/1.0\r\n\r\n")?.isPersistent == false)
    let staying = try Self.parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    #expect(staying?.isPersistent == true)
    #expect(try Self.parse("GET http://h:1/p HTTP/1.1\r\nHost: a\r\n\r\n")?.path == 14..<16)
  }

  @Test func `what it accepts, another decoder reads the same way`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededGenerator(seed: seed)
    let seeds = [
      "POST /v2/models/m/infer HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nX-Y: z z\r\n\r\n",
      "GET /v2/health/ready?x=1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
      "POST /a HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n",
      "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    ].map { Array($0.utf8) }
    let bytes: [UInt8] = [0, 9, 10, 13, 32, 33, 44, 48, 58, 64, 95, 127, 128, 255]
    for round in 0..<3_000 {
      var text = seeds[Int.random(in: 0..<seeds.count, using: &random)]
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        let place = Int.random(in: 0..<text.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: text[place] = bytes[Int.random(in: 0..<bytes.count, using: &random)]
        case 1: text.insert(bytes[Int.random(in: 0..<bytes.count, using: &random)], at: place)
        default: text.remove(at: place)
        }
      }
      // The other decoder knows a list of verbs only, and no tab after a value.
      if text.contains(9) { continue }
      guard let head = try? Self.parse(text), head.method != .other else { continue }
      let shown = String(decoding: text, as: UTF8.self).debugDescription
      guard let reference = ReferenceHead(Array(text[..<head.byteCount])) else {
        Issue.record("only we accept \(shown), round \(round), seed \(seed)")
        continue
      }
      let path = String(decoding: text[head.path], as: UTF8.self)
      #expect(reference.uri.contains(path), "\(shown), seed \(seed)")
      #expect(reference.isKeepAlive == head.isPersistent, "\(shown), seed \(seed)")
      #expect(
        reference.contentLength == head.contentLength,
        "\(shown), seed \(seed)")
    }
  }
}
