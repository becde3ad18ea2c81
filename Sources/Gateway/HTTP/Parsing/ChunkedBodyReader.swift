package import NIOCore

/// Reads a body in chunked transfer coding; extensions and trailers are read over and dropped.
package struct ChunkedBodyReader: Sendable {
  /// Bytes of one chunk's size line, its extensions included.
  private static let sizeLineBytesMax = 256
  /// Digits of a chunk's size.
  private static let sizeDigitsMax = 15

  private enum State {
    /// In a size line's digits.
    case size(value: Int, digits: Int)
    /// In the white space after the digits.
    case sizeSpace(value: Int)
    /// In a size line after the digits and a semicolon.
    case sizeExtension(value: Int)
    /// After the size line's carriage return.
    case sizeEnd(value: Int)
    /// In a chunk's data.
    case data(left: Int)
    /// After a chunk's data, before the carriage return, then before the line feed.
    case dataReturn
    case dataEnd
    /// At the start of a trailer line, in one, and after its carriage return.
    case trailerStart
    case trailerLine
    case trailerEnd
    /// After the last carriage return.
    case lastEnd
    case done
  }

  private let bytesMax: Int
  private let trailerBytesMax: Int
  private var state = State.size(value: 0, digits: 0)
  private var lineBytes = 0
  private var trailerBytes = 0

  /// - Parameters:
  ///   - bytesMax: bytes of all chunks together.
  ///   - trailerBytesMax: bytes of all trailer lines together.
  package init(bytesMax: Int, trailerBytesMax: Int) {
    self.bytesMax = bytesMax
    self.trailerBytesMax = trailerBytesMax
  }

  /// Moves what has arrived from `input` to `body`; `true` once the body is complete. Bytes after
  /// it stay in `input`.
  ///
  /// - Throws: ``HTTPRejection`` for what is not the coding, or too large.
  package mutating func read(
    from input: inout ByteBuffer, into body: inout ByteBuffer
  ) throws(HTTPRejection) -> Bool {
    while input.readableBytes > 0 {
      if case .data(let left) = state {
        let count = min(left, input.readableBytes)
        if let slice = input.readSlice(length: count) { body.writeImmutableBuffer(slice) }
        state = count == left ? .dataReturn : .data(left: left - count)
        continue
      }
      let consumed = try step(input.readableBytesUInt8Span, body: body.readableBytes)
      input.moveReaderIndex(forwardBy: consumed)
      if case .done = state { return true }
    }
    return false
  }

  /// Reads bytes that are not data; how many.
  private mutating func step(_ bytes: Span<UInt8>, body: Int) throws(HTTPRejection) -> Int {
    for index in 0..<bytes.count {
      state = try next(bytes[index], body: body)
      switch state {
      case .data, .done: return index + 1
      case .size, .sizeSpace, .sizeExtension, .sizeEnd, .dataReturn, .dataEnd, .trailerStart,
        .trailerLine, .trailerEnd, .lastEnd:
        continue
      }
    }
    return bytes.count
  }

  private mutating func next(_ byte: UInt8, body: Int) throws(HTTPRejection) -> State {
    switch state {
    case .size(let value, let digits): return try size(byte, value, digits, body)
    case .sizeExtension(let value):
      try countLine()
      if byte == 0x0D { return .sizeEnd(value: value) }
      guard HTTPCharacter.isFieldContent(byte) else { throw Self.badSize }
      return .sizeExtension(value: value)
    case .sizeSpace(let value):
      try countLine()
      return try afterSize(byte, value)
    case .sizeEnd(let value):
      guard byte == 0x0A else { throw Self.badSize }
      lineBytes = 0
      return value == 0 ? .trailerStart : .data(left: value)
    case .dataReturn:
      guard byte == 0x0D else { throw Self.badEnd }
      return .dataEnd
    case .dataEnd:
      guard byte == 0x0A else { throw Self.badEnd }
      return .size(value: 0, digits: 0)
    case .trailerStart:
      if byte == 0x0D { return .lastEnd }
      guard HTTPCharacter.isToken(byte) else { throw Self.badTrailer }
      try countTrailer()
      return .trailerLine
    case .trailerLine:
      try countTrailer()
      if byte == 0x0D { return .trailerEnd }
      guard HTTPCharacter.isFieldContent(byte) else { throw Self.badTrailer }
      return .trailerLine
    case .trailerEnd:
      guard byte == 0x0A else { throw Self.badTrailer }
      return .trailerStart
    case .lastEnd:
      guard byte == 0x0A else { throw Self.badTrailer }
      return .done
    case .data, .done:
      preconditionFailure("a byte of chunk framing in state \(state)")
    }
  }

  private mutating func size(_ byte: UInt8, _ value: Int, _ digits: Int, _ body: Int)
    throws(HTTPRejection) -> State
  {
    try countLine()
    if let digit = HTTPCharacter.hexadecimal(byte) {
      guard digits < Self.sizeDigitsMax else { throw Self.badSize }
      let size = value << 4 | Int(digit)
      guard size <= bytesMax - body else {
        throw HTTPRejection(413, "the request's body is larger than \(bytesMax) bytes")
      }
      return .size(value: size, digits: digits + 1)
    }
    guard digits > 0 else { throw Self.badSize }
    return try afterSize(byte, value)
  }

  private func afterSize(_ byte: UInt8, _ value: Int) throws(HTTPRejection) -> State {
    switch byte {
    case 0x0D: return .sizeEnd(value: value)
    case 0x3B: return .sizeExtension(value: value)
    case 0x20, 0x09: return .sizeSpace(value: value)
    default: throw Self.badSize
    }
  }

  private mutating func countLine() throws(HTTPRejection) {
    lineBytes += 1
    if lineBytes > Self.sizeLineBytesMax {
      throw HTTPRejection(400, "a chunk's size line has more than \(Self.sizeLineBytesMax) bytes")
    }
  }

  private mutating func countTrailer() throws(HTTPRejection) {
    trailerBytes += 1
    if trailerBytes > trailerBytesMax {
      throw HTTPRejection(431, "the trailers have more than \(trailerBytesMax) bytes")
    }
  }

  private static let badSize = HTTPRejection(400, "a chunk's size is not a hexadecimal number")
  private static let badEnd = HTTPRejection(400, "a chunk is longer than its size")
  private static let badTrailer = HTTPRejection(400, "a trailer is not 'name: value'")
}
