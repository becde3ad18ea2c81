/// Reads little-endian numbers from a snapshot, never past its end.
package struct SnapshotReader: Sendable {
  private let bytes: [UInt8]
  /// The next byte to read.
  package private(set) var position: Int

  /// A reader of `bytes` that starts at `position`, which is at most their count.
  package init(_ bytes: [UInt8], from position: Int = 0) {
    self.bytes = bytes
    self.position = position
  }

  /// Whether everything was read.
  package var isAtEnd: Bool { position == bytes.count }

  /// The next number.
  ///
  /// - Throws: ``WindowError`` where the bytes end before it does.
  package mutating func read<Value: FixedWidthInteger>(
    _ type: Value.Type
  ) throws(WindowError) -> Value {
    let width = Value.bitWidth / 8
    guard bytes.count - position >= width else {
      throw WindowError("a snapshot ends at byte \(bytes.count), in the middle of a number")
    }
    var value: Value = 0
    for index in 0..<width {
      value |= Value(truncatingIfNeeded: bytes[position + index]) << Value(index * 8)
    }
    position += width
    return value
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
