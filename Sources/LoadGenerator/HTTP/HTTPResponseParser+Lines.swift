extension HTTPResponseParser {
  /// The first bytes of every answer that this parser reads.
  private static let versionPrefix: StaticString = "HTTP/1."

  /// Tells other protocols at once, which may never send a line's end.
  func checkBeginning(_ bytes: Span<UInt8>) throws(HTTPResponseError) {
    guard HTTPOctets.startsAlike(bytes, Self.versionPrefix) else { throw noAnswer(bytes) }
  }

  /// Reads `HTTP/1.1 200 OK`; the reason may be missing.
  mutating func readStatusLine(_ line: Span<UInt8>) throws(HTTPResponseError) {
    guard line.count >= 12, HTTPOctets.equals(line, 0, Self.versionPrefix),
      HTTPOctets.isDigit(line[7]), line[8] == 0x20,
      HTTPOctets.isDigit(line[9]), HTTPOctets.isDigit(line[10]), HTTPOctets.isDigit(line[11]),
      line.count == 12 || line[12] == 0x20, line[9] > 0x30
    else { throw noAnswer(line) }
    framing.isOldVersion = line[7] == 0x30
    status =
      Int(line[9] - 0x30) * 100 + Int(line[10] - 0x30) * 10 + Int(line[11] - 0x30)
    place = .fields
  }

  /// Reads `name: value`, and acts on the few names that matter.
  mutating func readField(_ line: Span<UInt8>, _ names: StageNames?) throws(HTTPResponseError) {
    var colon = 0
    while colon < line.count, line[colon] != 0x3A {
      guard line[colon] > 0x20, line[colon] < 0x7F else { throw noField(line) }
      colon += 1
    }
    guard colon > 0, colon < line.count else { throw noField(line) }
    let name = 0..<colon
    switch colon {
    case 10 where HTTPOctets.equalsIgnoringCase(line, name, "connection"):
      readConnection(line, value(line, colon))
    case 13 where HTTPOctets.equalsIgnoringCase(line, name, "server-timing"):
      guard let names else { break }
      ServerTimingReader.read(
        line.extracting(value(line, colon)), into: &stages, names: names)
    case 14 where HTTPOctets.equalsIgnoringCase(line, name, "content-length"):
      try readLength(line, value(line, colon))
    case 17 where HTTPOctets.equalsIgnoringCase(line, name, "transfer-encoding"):
      readCoding(line, value(line, colon))
    default: break
    }
    if case .everything = keeping {
      let value = HTTPOctets.string(line, value(line, colon))
      fields.append((HTTPOctets.string(line, name), value))
    }
  }

  /// The head is whole: decides how the body ends.
  mutating func endHead() throws(HTTPResponseError) {
    if status < 200 { return try endInterimHead() }
    if isHead || status == 204 || status == 304 {
      place = .complete
    } else if framing.isChunked {
      beginChunkSize()
    } else if !framing.hasTransferCoding, let length = framing.contentLength {
      if case .everything(let bytesMax) = keeping, length > bytesMax {
        throw bodyTooLarge(bytesMax)
      }
      place = length == 0 ? .complete : .sizedBody(left: length)
    } else {
      place = .bodyUntilClose
    }
  }

  private mutating func endInterimHead() throws(HTTPResponseError) {
    if status == 101 {
      throw HTTPResponseError(
        "the server switched to another protocol (101), which nobody asked for")
    }
    // The answer itself follows; the bytes for heads are not granted anew.
    place = .statusLine
    framing = Framing()
    stages = ServerStages()
    fields = []
  }

  /// Reads a chunk's size; what follows a semicolon is read over.
  mutating func readChunkSize(_ line: Span<UInt8>) throws(HTTPResponseError) {
    var index = 0
    var size = 0
    while index < line.count, let digit = HTTPOctets.hexadecimal(line[index]) {
      guard size >> 56 == 0 else { throw noChunkSize(line) }
      size = size << 4 | digit
      index += 1
    }
    let hasDigits = index > 0
    while index < line.count, HTTPOctets.isSpace(line[index]) { index += 1 }
    guard hasDigits, index == line.count || line[index] == 0x3B else { throw noChunkSize(line) }
    if size == 0 {
      place = .trailers
      lineBytesLeft = Self.headBytesMax
    } else {
      place = .chunk(left: size)
      // The line's end after the chunk's data.
      lineBytesLeft = Self.chunkLineBytesMax
    }
  }

  mutating func beginChunkSize() {
    place = .chunkSize
    lineBytesLeft = Self.chunkLineBytesMax
  }

  @inline(__always)
  private func value(_ line: Span<UInt8>, _ colon: Int) -> Range<Int> {
    HTTPOctets.trimmed(line, (colon + 1)..<line.count)
  }

  private mutating func readConnection(_ line: Span<UInt8>, _ value: Range<Int>) {
    Self.forEachItem(line, value) { item in
      if HTTPOctets.equalsIgnoringCase(line, item, "close") { framing.saysClose = true }
      if HTTPOctets.equalsIgnoringCase(line, item, "keep-alive") { framing.saysKeepAlive = true }
    }
  }

  /// The last coding decides: only `chunked` says by itself where the body ends.
  private mutating func readCoding(_ line: Span<UInt8>, _ value: Range<Int>) {
    framing.hasTransferCoding = true
    Self.forEachItem(line, value) { item in
      framing.isChunked = HTTPOctets.equalsIgnoringCase(line, item, "chunked")
    }
  }

  private mutating func readLength(
    _ line: Span<UInt8>, _ value: Range<Int>
  ) throws(HTTPResponseError) {
    var length = Self.number(line, value)
    if length == nil {
      // The same length several times in one field, which RFC 9110, section 8.6, lets pass.
      var isFirst = true
      Self.forEachItem(line, value) { item in
        let number = Self.number(line, item)
        length = isFirst || number == length ? number : nil
        isFirst = false
      }
    }
    guard let length, framing.contentLength == nil || framing.contentLength == length else {
      throw HTTPResponseError(
        "the answer's Content-Length is \(HTTPOctets.quoted(line.extracting(value)))"
          + (framing.contentLength.map { " after \($0)" } ?? ", which is not one number"))
    }
    framing.contentLength = length
  }

  private static func number(_ line: Span<UInt8>, _ range: Range<Int>) -> Int? {
    guard !range.isEmpty, range.count <= 18 else { return nil }
    var number = 0
    for index in range {
      guard HTTPOctets.isDigit(line[index]) else { return nil }
      number = number * 10 + Int(line[index] - 0x30)
    }
    return number
  }

  /// Calls `body` with each item between commas.
  @inline(__always)
  private static func forEachItem(
    _ line: Span<UInt8>, _ value: Range<Int>, _ body: (Range<Int>) -> Void
  ) {
    var start = value.lowerBound
    for index in value where line[index] == 0x2C {
      body(HTTPOctets.trimmed(line, start..<index))
      start = index + 1
    }
    body(HTTPOctets.trimmed(line, start..<value.upperBound))
  }

  private func noAnswer(_ bytes: Span<UInt8>) -> HTTPResponseError {
    // The server's SETTINGS, which begin HTTP/2: their type is the fourth octet, on stream 0.
    if bytes.count >= 9, (3...8).allSatisfy({ bytes[$0] == ($0 == 3 ? 4 : 0) }) {
      return HTTPResponseError(
        "the server speaks HTTP/2, not HTTP/1.1: is this its gRPC port? Then write grpc://")
    }
    return HTTPResponseError(
      "the server sent \(HTTPOctets.quoted(bytes)), which is no HTTP/1.1 status line: "
        + "does this port speak HTTP/1.1?")
  }

  private func noField(_ line: Span<UInt8>) -> HTTPResponseError {
    HTTPResponseError(
      "the answer's head holds \(HTTPOctets.quoted(line)), which is not 'name: value'")
  }

  private func noChunkSize(_ line: Span<UInt8>) -> HTTPResponseError {
    HTTPResponseError("a chunk's size is \(HTTPOctets.quoted(line)), not a hexadecimal number")
  }
}
