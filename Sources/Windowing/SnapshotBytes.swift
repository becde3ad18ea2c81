/// Reads little-endian numbers from a snapshot, never past its end.
package struct SnapshotReader: Sendable {
  package let bytes: ArraySlice<UInt8>
  /// The index of the next byte to read.
  package private(set) var position: Int

  /// A reader that starts with the first of `bytes`.
  package init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  /// Goes on at another index of the bytes; the end is as far as it goes.
  package mutating func move(to index: Int) {
    position = min(max(index, bytes.startIndex), bytes.endIndex)
  }

  /// Whether everything was read.
  package var isAtEnd: Bool { position == bytes.endIndex }

  /// The next number.
  ///
  /// - Throws: ``WindowError`` where the bytes end before it does.
  package mutating func read<Value: FixedWidthInteger>(
    _ type: Value.Type
  ) throws(WindowError) -> Value {
    let width = Value.bitWidth / 8
    guard bytes.endIndex - position >= width else {
      throw WindowError("a snapshot ends at byte \(bytes.count), in the middle of a number")
    }
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

  /// The next words, put into the place that starts at `start`.
  ///
  /// - Throws: ``WindowError`` where the bytes end before they do.
  mutating func read(
    _ count: Int, into words: inout MutableSpan<Int64>, at start: Int
  ) throws(WindowError) {
    guard (bytes.endIndex - position) / 8 >= count else {
      throw WindowError("a snapshot ends at byte \(bytes.count), in the middle of a tile")
    }
    let from = position - bytes.startIndex
    position += count * 8
    let bytes = bytes.span
    for word in 0..<count { words[start + word] = Self.load(bytes, at: from + word * 8) }
  }
}

extension [UInt8] {
  /// Appends a number, least significant byte first.
  package mutating func appendSnapshot<Value: FixedWidthInteger>(_ value: Value) {
    for index in 0..<Value.bitWidth / 8 {
      append(UInt8(truncatingIfNeeded: value >> Value(index * 8)))
    }
  }
}

extension [UInt8] {
  /// Appends words, each its least significant byte first.
  mutating func appendSnapshot(_ words: [Int64], _ range: Range<Int>) {
    let start = count
    append(contentsOf: repeatElement(0, count: range.count * 8))
    var all = mutableSpan
    let words = words.span.extracting(range)
    for word in words.indices {
      let place = start + word * 8
      var span = all._mutatingExtracting(place..<place + 8)
      let value = UInt64(bitPattern: words[word])
      for index in 0..<8 { span[index] = UInt8(truncatingIfNeeded: value >> UInt64(index * 8)) }
    }
  }
}
