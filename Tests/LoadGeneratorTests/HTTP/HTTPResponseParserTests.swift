import LoadGenerator
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

/// What a parser made of an answer.
struct ParsedHTTPResponse: Equatable {
  var status = 0
  var body = ""
  var byteCount = 0
  var keepsConnection = false
  var stages = ServerStages()
  var fields: [String] = []
  /// Bytes left over.
  var surplus = 0
  var error: String?

  static func of(
    _ pieces: [[UInt8]], isHead: Bool = false,
    keeping: HTTPResponseParser.Keeping = .everything(bytesMax: 1 << 20)
  ) -> ParsedHTTPResponse {
    var parser = HTTPResponseParser(keeping: keeping)
    let names = StageNames()
    var result = ParsedHTTPResponse()
    parser.begin(isHead: isHead)
    do throws(HTTPResponseError) {
      for piece in pieces {
        result.surplus += piece.count - (try parser.read(piece.span, names: names))
      }
      try parser.readEnd()
    } catch {
      return ParsedHTTPResponse(error: error.message)
    }
    result.status = parser.status
    result.body = String(buffer: parser.kept)
    result.byteCount = parser.byteCount
    result.keepsConnection = parser.keepsConnection
    result.stages = parser.stages
    result.fields = parser.fields.map { "\($0.name)=\($0.value)" }
    return result
  }

  static func of(_ text: String, isHead: Bool = false) -> ParsedHTTPResponse {
    of([Array(text.utf8)], isHead: isHead)
  }
}

@Suite struct HTTPResponseParserTests {
  private static let wholes = [
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "HTTP/1.1 200\r\ncontent-length:0\r\nserver-timing: a;dur=1\r\nServer-Timing:b;dur=2\r\n\r\n",
    "HTTP/1.1 404 Not Found\r\nContent-Length: 11 \r\n\r\n{\"error\":1}",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n"
      + "Content-Length: 2, 2\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1 ;x=\"y\"\r\n!\r\n"
      + "0\r\nTrailer: v\r\n\r\n",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, Chunked\r\n\r\n00A\r\n0123456789\r\n0\r\n\r\n",
    "HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n",
    "HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n",
    "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\nx",
    "HTTP/1.1 200 OK\nContent-Length: 1\n\nx",
  ]
  private static let untilClose = [
    "HTTP/1.0 200 OK\r\n\r\nall that comes",
    "HTTP/1.1 500 Bad\r\nConnection: close\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: 1\r\n\r\nuntil the end",
  ]

  @Test(arguments: wholes + untilClose)
  func `every split gives what the whole gives`(text: String) {
    let bytes = Array(text.utf8)
    let whole = ParsedHTTPResponse.of([bytes])
    #expect(whole.error == nil)
    #expect(whole.surplus == 0 && whole.byteCount == bytes.count)
    for cut in 0...bytes.count {
      let halves = [Array(bytes[..<cut]), Array(bytes[cut...])]
      #expect(ParsedHTTPResponse.of(halves) == whole, "cut at \(cut)")
    }
    #expect(ParsedHTTPResponse.of(bytes.map { [$0] }) == whole)
  }

  @Test(arguments: wholes) func `bytes after the answer are left`(text: String) {
    let result = ParsedHTTPResponse.of(text + "HTTP/1.1 200 OK\r\n\r\n")
    #expect(result.surplus == 19)
    #expect(result.byteCount == text.utf8.count)
  }

  @Test func `status, body, fields and stages are read`() {
    let first = ParsedHTTPResponse.of(Self.wholes[0])
    #expect(first.status == 200 && first.body == "hello" && first.keepsConnection)
    #expect(first.fields == ["Content-Length=5"])
    let second = ParsedHTTPResponse.of(Self.wholes[1])
    #expect(second.stages.named == 3)
    #expect(second.stages.nanoseconds[0] == 1_000_000 && second.stages.nanoseconds[1] == 2_000_000)
    #expect(ParsedHTTPResponse.of(Self.wholes[2]).body == "{\"error\":1}")
    #expect(ParsedHTTPResponse.of(Self.wholes[3]).body == "ok")
    #expect(ParsedHTTPResponse.of(Self.wholes[4]).body == "hello!")
    #expect(ParsedHTTPResponse.of(Self.wholes[5]).body == "0123456789")
    #expect(ParsedHTTPResponse.of(Self.wholes[6]).status == 204)
    #expect(ParsedHTTPResponse.of(Self.wholes[8]).keepsConnection)
    #expect(ParsedHTTPResponse.of(Self.untilClose[0]).body == "all that comes")
    #expect(ParsedHTTPResponse.of(Self.untilClose[2]).body == "until the end")
  }

  @Test func `the connection is kept only where the answer lets it`() {
    func keeps(_ head: String) -> Bool {
      ParsedHTTPResponse.of(head + "Content-Length: 0\r\n\r\n").keepsConnection
    }
    #expect(keeps("HTTP/1.1 200 OK\r\n"))
    #expect(keeps("HTTP/1.1 503 Busy\r\nConnection: upgrade, keep-alive\r\n"))
    #expect(!keeps("HTTP/1.1 200 OK\r\nConnection: foo , CLOSE\r\n"))
    #expect(!keeps("HTTP/1.0 200 OK\r\n"))
    #expect(keeps("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n"))
    for text in Self.untilClose { #expect(!ParsedHTTPResponse.of(text).keepsConnection) }
    let both = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n0\r\n\r\n"
    #expect(ParsedHTTPResponse.of(both).error == nil)
    #expect(!ParsedHTTPResponse.of(both).keepsConnection)
    let old = "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n"
    #expect(!ParsedHTTPResponse.of(old + "0\r\n\r\n").keepsConnection)
  }

  @Test func `the answer to HEAD has no body`() {
    let text = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    let result = ParsedHTTPResponse.of(text, isHead: true)
    #expect(result.error == nil && result.status == 200 && result.byteCount == text.utf8.count)
  }

  @Test(arguments: [
    ("SSH-2.0-OpenSSH_9.6\r\n", "'SSH-2.0-OpenSSH_9.6'"),
    ("\u{15}\u{03}", "'\\x15\\x03'"),
    ("HTTP/2 200 OK\r\n\r\n", "no HTTP/1.1 status line"),
    ("HTTP/1.1 20 OK\r\n\r\n", "no HTTP/1.1 status line"),
    ("HTTP/1.1 099 OK\r\n\r\n", "no HTTP/1.1 status line"),
    ("HTTP/1.1 2000 OK\r\n\r\n", "no HTTP/1.1 status line"),
    ("\r\nHTTP/1.1 200 OK\r\n\r\n", "no HTTP/1.1 status line"),
    ("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "'no colon', which is not 'name: value'"),
    ("HTTP/1.1 200 OK\r\n: value\r\n\r\n", "': value', which is not 'name: value'"),
    ("HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n", "' folded', which is not 'name: value'"),
    ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "Content-Length is '-1'"),
    ("HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n", "Content-Length is '1, 2'"),
    ("HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n", "Content-Length is ''"),
    ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "is '2' after 1"),
    ("HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999999\r\n\r\n", "Content-Length is '9999"),
    ("HTTP/1.1 101 Switching\r\n\r\n", "switched to another protocol"),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "a chunk's size is 'xyz'"),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", "a chunk's size is ''"),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1 2\r\n", "a chunk's size is '1 2'"),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n", "size is 'FFFF"),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", "longer than its size"),
    ("", "without an answer"),
    ("HTTP/1.1 200 OK\r\n", "in the middle of its answer, after 17 bytes"),
    ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", "in the middle of its answer"),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", "in the middle"),
    ("HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n", "more than 1048576 bytes"),
  ]) func `a broken answer is explained`(text: String, explanation: String) throws {
    let error = try #require(ParsedHTTPResponse.of(text).error)
    #expect(error.contains(explanation))
  }

  @Test func `heads, trailers, chunk lines and kept bodies are bounded`() {
    let long = String(repeating: "x", count: 70_000)
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    let interim = String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 3_000)
    let chunk = "100000\r\n" + String(repeating: "y", count: 0x10_0000) + "\r\n"
    let body = String(repeating: chunk, count: 2)
    for (text, words) in [
      ("HTTP/1.1 200 \(long)", "head has more than 65536"),
      ("HTTP/1.1 200 OK\r\nA: \(long)\r\n\r\n", "head has more than 65536"),
      (interim, "head has more than 65536"),
      (chunked + "5;" + long, "size line has more than 1024"),
      (chunked + "1\r\na" + long, "size line has more than 1024"),
      (chunked + "0\r\n" + long, "trailers have more than 65536"),
      (chunked + body, "body has more than 1048576"),
    ] {
      #expect(ParsedHTTPResponse.of(text).error?.contains(words) == true, "\(words)")
    }
  }

  @Test func `of an error only the start is kept, of a success nothing`() {
    let body = String(repeating: "e", count: 5_000)
    for (status, kept) in [(500, 1_024), (200, 0), (302, 1_024)] {
      let text = "HTTP/1.1 \(status) X\r\nContent-Length: 5000\r\n\r\n" + body
      let bytes = Array(text.utf8)
      let result = ParsedHTTPResponse.of(
        [Array(bytes[..<500]), Array(bytes[500...])], keeping: .startOfErrors)
      #expect(result.body.utf8.count == kept)
      #expect(result.byteCount == bytes.count)
      #expect(result.fields.isEmpty)
    }
  }

  @Test func `a parser begins anew after each answer`() throws {
    var parser = HTTPResponseParser()
    let names = StageNames()
    for text in Self.wholes.filter({ $0.contains("Content-Length: ") }) + Self.wholes {
      parser.begin(isHead: false)
      #expect(!parser.isComplete && parser.byteCount == 0)
      let bytes = Array(text.utf8)
      let count = try parser.read(bytes.span, names: names)
      #expect(count == bytes.count)
      #expect(parser.isComplete)
      #expect(parser.status == ParsedHTTPResponse.of(text).status)
    }
  }

  @Test func `random and spoilt bytes are survived`() {
    let seed: UInt64 = 7
    var random = HTTPTestRandom(seed: seed)
    for round in 0..<4_000 {
      let text = (Self.wholes + Self.untilClose).randomElement(using: &random) ?? ""
      var bytes = Array(text.utf8)
      for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch UInt8.random(in: 0...2, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.remove(at: place)
        default: bytes.insert(bytes[Int.random(in: 0..<bytes.count, using: &random)], at: place)
        }
      }
      let cut = Int.random(in: 0...bytes.count, using: &random)
      let whole = ParsedHTTPResponse.of([bytes])
      let split = ParsedHTTPResponse.of([Array(bytes[..<cut]), Array(bytes[cut...])])
      if whole.error == nil || split.error == nil {
        #expect(whole == split, "seed \(seed), round \(round): \(bytes), cut \(cut)")
      }
    }
  }

  @Test func `valid answers mean the same to another parser`() throws {
    let seed: UInt64 = 11
    var random = HTTPTestRandom(seed: seed)
    for round in 0..<300 {
      let text = Self.randomAnswer(&random)
      let ours = ParsedHTTPResponse.of(text)
      let theirs = try Self.decoded(text)
      #expect(ours.error == nil, "seed \(seed), round \(round): \(text)")
      #expect(ours.status == theirs.status, "seed \(seed), round \(round): \(text)")
      #expect(ours.body == theirs.body, "seed \(seed), round \(round): \(text)")
      #expect(ours.keepsConnection == theirs.keeps, "seed \(seed), round \(round): \(text)")
    }
  }

  private static func randomAnswer(_ random: inout HTTPTestRandom) -> String {
    let status = [200, 201, 204, 304, 400, 429, 503].randomElement(using: &random) ?? 200
    var text = "HTTP/1.1 \(status) Reason words\r\n"
    for index in 0..<Int.random(in: 0...3, using: &random) { text += "X-\(index): some value\r\n" }
    let connection = ["", "Connection: close\r\n", "connection: keep-alive\r\n"]
    text += connection.randomElement(using: &random) ?? ""
    if status == 204 || status == 304 { return text + "\r\n" }
    let body = String(repeating: "b", count: Int.random(in: 0...300, using: &random))
    switch Int.random(in: 0...2, using: &random) {
    case 0: return text + "Content-Length: \(body.utf8.count)\r\n\r\n" + body
    case 1: return text + "\r\n" + body
    default:
      text += "Transfer-Encoding: chunked\r\n\r\n"
      var left = body.utf8.count
      while left > 0 {
        let size = Int.random(in: 1...left, using: &random)
        text += String(size, radix: 16) + "\r\n" + String(repeating: "b", count: size) + "\r\n"
        left -= size
      }
      return text + "0\r\n\r\n"
    }
  }

  private static func decoded(
    _ text: String
  ) throws -> (status: Int, body: String, keeps: Bool) {
    let channel = EmbeddedChannel(handler: ByteToMessageHandler(HTTPResponseDecoder()))
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    let request = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/")
    channel.write(HTTPClientRequestPart.head(request), promise: nil)
    try channel.writeInbound(ByteBuffer(string: text))
    let isOpen = channel.isActive
    var result = (status: 0, body: "", keeps: false)
    var isWhole = false
    func readParts() throws {
      while let part = try channel.readInbound(as: HTTPClientResponsePart.self) {
        switch part {
        case .head(let head):
          result.status = Int(head.status.code)
          result.keeps = head.isKeepAlive
        case .body(let body): result.body += String(buffer: body)
        case .end: isWhole = true
        }
      }
    }
    try readParts()
    // An answer that only the end of the connection completes keeps none.
    if !isWhole { result.keeps = false }
    if isOpen { _ = try? channel.finish(acceptAlreadyClosed: true) }
    try readParts()
    return result
  }
}
