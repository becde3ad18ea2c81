/// Reads numbers and texts, least significant byte first, never past the end.
struct StoredBytes {
  private let bytes: ArraySlice<UInt8>
  /// The next byte to read.
  private(set) var position: Int

  /// The bytes end before what is to be read does.
  struct Short: Error {}

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  var isAtEnd: Bool { position == bytes.endIndex }

  mutating func read<Value: FixedWidthInteger>(_ type: Value.Type) throws(Short) -> Value {
    let width = Value.bitWidth / 8
    guard bytes.endIndex - position >= width else { throw Short() }
    let start = position - bytes.startIndex
    position += width
    return Self.load(bytes.span, at: start)
  }

  /// A number; a span of just its bytes is checked once, and read as one.
  @inline(__always)
  private static func load<Value: FixedWidthInteger>(
    _ bytes: Span<UInt8>, at start: Int
  ) -> Value {
    let width = Value.bitWidth / 8
    let span = bytes.extracting(start..<start + width)
    var value: Value = 0
    for index in 0..<width {
      value |= Value(truncatingIfNeeded: span[index]) << Value(index * 8)
    }
    return value
  }

  /// Goes on at another place of the same bytes, which is not after their end.
  mutating func move(to place: Int) { position = place }

  /// The next `count` bytes.
  mutating func read(count: Int) throws(Short) -> ArraySlice<UInt8> {
    guard count >= 0, bytes.endIndex - position >= count else { throw Short() }
    defer { position += count }
    return bytes[position..<position + count]
  }

  /// A text with its length before it.
  mutating func readText() throws(Short) -> String {
    let count = Int(try read(UInt32.self))
    return String(decoding: try read(count: count), as: UTF8.self)
  }
}

/// Writes numbers and texts one after the other into bytes that are there already.
struct StoredWriter {
  /// Where the next one goes.
  private(set) var place: Int

  init(place: Int) { self.place = place }

  /// A number, least significant byte first; a span of just its bytes is checked once.
  @inline(__always)
  mutating func put<Value: FixedWidthInteger>(
    _ value: Value, into bytes: inout MutableSpan<UInt8>
  ) {
    let width = Value.bitWidth / 8
    var span = bytes._mutatingExtracting(place..<place + width)
    for index in 0..<width {
      span[index] = UInt8(truncatingIfNeeded: value >> Value(index * 8))
    }
    place += width
  }

  /// Bytes as they are.
  @inline(__always)
  mutating func put(_ text: Span<UInt8>, into bytes: inout MutableSpan<UInt8>) {
    var span = bytes._mutatingExtracting(place..<place + text.count)
    for index in text.indices { span[index] = text[index] }
    place += text.count
  }
}

extension [UInt8] {
  /// Appends a number, least significant byte first.
  mutating func store<Value: FixedWidthInteger>(_ value: Value) {
    for index in 0..<Value.bitWidth / 8 {
      append(UInt8(truncatingIfNeeded: value >> Value(index * 8)))
    }
  }

  /// Appends a text with its length before it.
  mutating func store(_ text: String) {
    store(UInt32(text.utf8.count))
    append(contentsOf: text.utf8)
  }

  /// Puts a number in the place of the bytes at `offset`.
  mutating func replace(_ value: UInt32, at offset: Int) {
    for index in 0..<4 {
      self[offset + index] = UInt8(truncatingIfNeeded: value >> UInt32(index * 8))
    }
  }
}
