package import NIOCore

/// Why bytes are no HTTP/1 answer; `message` is fit for the operator.
package struct HTTPResponseError: Error, Sendable, Equatable, CustomStringConvertible {
  package var message: String

  package init(_ message: String) { self.message = message }

  package var description: String { message }
}

/// Reads one HTTP/1.0 or HTTP/1.1 answer (RFC 9112) as its bytes arrive.
///
/// Memory is bounded whatever the server sends: a head, or the trailers, may have 64 KiB, and a
/// body is counted and dropped but for what ``Keeping`` says. Interim answers (1xx) are read over.
/// One parser serves one connection: ``begin(isHead:)`` makes it ready for the next answer.
package struct HTTPResponseParser: Sendable {
  /// What is kept of an answer.
  package enum Keeping: Sendable {
    /// The first KiB of the body when the status is not 2xx.
    case startOfErrors
    /// Every field and the body, which may have so many bytes.
    case everything(bytesMax: Int)
  }

  /// Where in an answer the next byte lies.
  enum Place: Equatable {
    case statusLine
    case fields
    case sizedBody(left: Int)
    case bodyUntilClose
    case chunkSize
    case chunk(left: Int)
    case chunkEnd
    case trailers
    case complete
  }

  /// How the body's end is found, as the fields said so far.
  struct Framing {
    var isOldVersion = false
    var contentLength: Int?
    var hasTransferCoding = false
    var isChunked = false
    var saysClose = false
    var saysKeepAlive = false
  }

  /// Bytes of a head with all interim heads before it, or of the trailers.
  package static let headBytesMax = 65_536
  /// Bytes of an error's body that are kept.
  package static let errorBytesMax = 1_024
  /// Bytes of a line with a chunk's size.
  static let chunkLineBytesMax = 1_024

  let keeping: Keeping
  var place = Place.statusLine
  var framing = Framing()
  /// The beginning of a line whose end has not arrived.
  private var partialLine: [UInt8] = []
  /// Bytes that the lines of this part may still have.
  var lineBytesLeft = HTTPResponseParser.headBytesMax
  var isHead = false

  /// The status once the head is read, 100 to 999.
  package internal(set) var status = 0
  /// The stages of the answer's `Server-Timing` fields.
  package internal(set) var stages = ServerStages()
  /// Bytes read of this answer, head and framing included.
  package private(set) var byteCount = 0
  /// What is kept of the body.
  package private(set) var kept = ByteBuffer()
  /// The fields in their order; only with ``Keeping/everything(bytesMax:)``.
  package internal(set) var fields: [(name: String, value: String)] = []

  package init(keeping: Keeping = .startOfErrors) { self.keeping = keeping }

  /// Whether the whole answer has been read.
  package var isComplete: Bool { place == .complete }

  /// Whether another request may follow on the connection; known once the answer is complete.
  package var keepsConnection: Bool {
    if framing.saysClose { return false }
    if framing.isOldVersion, !framing.saysKeepAlive || framing.hasTransferCoding { return false }
    // A length beside a transfer coding is how answers are smuggled: RFC 9112, section 6.3.
    return !(framing.hasTransferCoding && (!framing.isChunked || framing.contentLength != nil))
  }

  /// Makes the parser ready for the next answer.
  ///
  /// - Parameter isHead: whether the request was a `HEAD`, whose answer has no body.
  package mutating func begin(isHead: Bool) {
    place = .statusLine
    framing = Framing()
    if !partialLine.isEmpty { partialLine = [] }
    lineBytesLeft = Self.headBytesMax
    self.isHead = isHead
    status = 0
    stages = ServerStages()
    byteCount = 0
    if kept.writerIndex > 0 { kept = ByteBuffer() }
    if !fields.isEmpty { fields = [] }
  }

  /// Reads what has arrived, up to the end of the answer.
  ///
  /// - Parameter names: the stages known to this event loop; `nil` leaves stages unread.
  /// - Returns: how many bytes belong to the answer; fewer than all only when it is complete.
  /// - Throws: ``HTTPResponseError``; the connection is of no further use.
  package mutating func read(
    _ bytes: Span<UInt8>, names: StageNames?
  ) throws(HTTPResponseError) -> Int {
    var index = 0
    defer { byteCount += index }
    while index < bytes.count {
      switch place {
      case .complete: return index
      case .sizedBody(let left):
        let count = try keepBody(bytes, index, left)
        index += count
        place = count == left ? .complete : .sizedBody(left: left - count)
      case .chunk(let left):
        let count = try keepBody(bytes, index, left)
        index += count
        place = count == left ? .chunkEnd : .chunk(left: left - count)
      case .bodyUntilClose:
        index += try keepBody(bytes, index, bytes.count)
      case .statusLine, .fields, .chunkSize, .chunkEnd, .trailers:
        try readLine(bytes, &index, names)
      }
    }
    return index
  }

  /// The connection ended: completes a body that only this ends.
  ///
  /// - Throws: ``HTTPResponseError`` when the answer is not whole.
  package mutating func readEnd() throws(HTTPResponseError) {
    switch place {
    case .complete: return
    case .bodyUntilClose:
      framing.saysClose = true
      place = .complete
    case .statusLine where byteCount == 0:
      throw HTTPResponseError("the server closed the connection without an answer")
    case .statusLine, .fields, .sizedBody, .chunkSize, .chunk, .chunkEnd, .trailers:
      throw HTTPResponseError(
        "the server closed the connection in the middle of its answer, after \(byteCount) bytes")
    }
  }

  /// Reads a line, or its part that is here.
  private mutating func readLine(
    _ bytes: Span<UInt8>, _ index: inout Int, _ names: StageNames?
  ) throws(HTTPResponseError) {
    let start = index
    var end = start
    while end < bytes.count, bytes[end] != 0x0A { end += 1 }
    let isWhole = end < bytes.count
    index = isWhole ? end + 1 : end
    lineBytesLeft -= index - start
    if lineBytesLeft < 0 { throw lineTooLong }
    if isWhole, partialLine.isEmpty {
      if end > start, bytes[end - 1] == 0x0D { end -= 1 }
      return try take(bytes.extracting(start..<end), names)
    }
    for place in start..<end { partialLine.append(bytes[place]) }
    if isWhole {
      var line = partialLine
      partialLine = []
      if line.last == 0x0D { line.removeLast() }
      try take(line.span, names)
    } else if place == .statusLine {
      try checkBeginning(partialLine.span)
    }
  }

  /// Acts on a whole line without its end.
  private mutating func take(
    _ line: Span<UInt8>, _ names: StageNames?
  ) throws(HTTPResponseError) {
    switch place {
    case .statusLine: try readStatusLine(line)
    case .fields: if line.isEmpty { try endHead() } else { try readField(line, names) }
    case .chunkSize: try readChunkSize(line)
    case .chunkEnd:
      guard line.isEmpty else { throw HTTPResponseError("a chunk is longer than its size") }
      beginChunkSize()
    case .trailers: if line.isEmpty { place = .complete }
    case .sizedBody, .bodyUntilClose, .chunk, .complete: break
    }
  }

  private var lineTooLong: HTTPResponseError {
    switch place {
    case .chunkSize, .chunkEnd:
      HTTPResponseError("a chunk's size line has more than \(Self.chunkLineBytesMax) bytes")
    case .trailers: HTTPResponseError("the trailers have more than \(Self.headBytesMax) bytes")
    default: HTTPResponseError("the answer's head has more than \(Self.headBytesMax) bytes")
    }
  }

  /// Counts body bytes from `index` on, `countMax` at most, and keeps what is to be kept.
  private mutating func keepBody(
    _ bytes: Span<UInt8>, _ index: Int, _ countMax: Int
  ) throws(HTTPResponseError) -> Int {
    let count = min(countMax, bytes.count - index)
    var keptCount = count
    switch keeping {
    case .startOfErrors:
      if status / 100 == 2 { return count }
      keptCount = min(count, Self.errorBytesMax - kept.readableBytes)
    case .everything(let bytesMax):
      guard count <= bytesMax - kept.readableBytes else { throw bodyTooLarge(bytesMax) }
    }
    if keptCount > 0 {
      // Bytes have no padding, which is all that is unsafe about looking at them as such.
      unsafe kept.writeBytes(bytes.extracting(index..<(index + keptCount)).bytes)
    }
    return count
  }

  func bodyTooLarge(_ bytesMax: Int) -> HTTPResponseError {
    HTTPResponseError("the answer's body has more than \(bytesMax) bytes")
  }
}
