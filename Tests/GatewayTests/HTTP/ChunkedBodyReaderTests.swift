import Gateway
import NIOCore
import Testing

@Suite struct ChunkedBodyReaderTests {
  private static func read(
    _ text: String, bytesMax: Int = 1_000, step: Int = .max
  ) throws(HTTPRejection) -> (body: String, rest: String)? {
    var reader = ChunkedBodyReader(bytesMax: bytesMax, trailerBytesMax: 100)
    var body = ByteBuffer()
    var waiting = ByteBuffer(string: text)
    var input = ByteBuffer()
    while var part = waiting.readSlice(length: min(step, waiting.readableBytes)),
      part.readableBytes > 0
    {
      input.writeBuffer(&part)
      if try reader.read(from: &input, into: &body) {
        return (String(buffer: body), String(buffer: input) + String(buffer: waiting))
      }
    }
    return nil
  }

  @Test(arguments: [1, 2, 3, 7, 1_000]) func `chunks join into the body`(_ step: Int) throws {
    let text =
      "4\r\nWiki\r\n6;a=\"b\"\r\npedia \r\nE \r\nin \r\n\r\nchunks.\r\n0\r\nX: y\r\n\r\nnext"
    let result = try #require(try Self.read(text, step: step))
    #expect(result.body == "Wikipedia in \r\n\r\nchunks.")
    #expect(result.rest == "next")
  }

  @Test(arguments: [
    "\r\n", "g\r\n", "-1\r\n", "0x1\r\n", "1\n", "1\r\nab\r\n", "1\r\na\n", "1\r\na\rb",
    "1\u{0}\r\n", "0\r\n: x\r\n\r\n", "0\r\nX\u{1}: y\r\n\r\n", "0\r\n\rx", "1111111111111111\r\n",
    "1;" + String(repeating: "a", count: 300), "0\r\nX: " + String(repeating: "a", count: 300),
    "1 1\r\na", "1 x\r\na", "1\t\n",
  ]) func `what is not the coding is refused`(_ text: String) {
    #expect(throws: HTTPRejection.self) { try Self.read(text) }
  }

  @Test func `a body that is too large is refused when its size is read`() {
    #expect(throws: HTTPRejection(413, "the request's body is larger than 1000 bytes")) {
      try Self.read("3E9\r\n")
    }
    #expect(throws: HTTPRejection.self) { try Self.read("3\r\nabc\r\n2\r\nde", bytesMax: 4) }
  }

  @Test func `random bytes never break it`() {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededGenerator(seed: seed)
    let alphabet = Array("0123456789abcdefABCDEF;=\r\n\r\n\r\n xyz".utf8)
    for _ in 0..<20_000 {
      let length = Int.random(in: 0..<40, using: &random)
      let bytes = (0..<length).map { _ in
        alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
      }
      let text = String(decoding: bytes, as: UTF8.self)
      let whole = try? Self.read(text)
      let split = try? Self.read(text, step: 1)
      if whole?.body != split?.body {
        Issue.record("\(text.debugDescription) reads differently in pieces, seed \(seed)")
      }
    }
  }
}
