internal import NIOCore

extension ProtobufSize {
  /// Bytes of an integer field with a field number below 16; 0 if it is 0 and left out.
  @inline(__always)
  package static func number(_ value: Int64) -> Int {
    value == 0 ? 0 : 1 + varint(UInt64(bitPattern: value))
  }
}

extension ByteBuffer {
  /// Writes the tag of a field with a number below 16.
  @inline(__always)
  mutating func writeProtobufTag(field: UInt8, _ type: ProtobufWireType) {
    writeInteger(field << 3 | type.rawValue)
  }

  /// Writes an integer field; nothing if it is 0.
  @inline(__always)
  mutating func writeProtobufNumber(field: UInt8, _ value: Int64) {
    guard value != 0 else { return }
    writeProtobufTag(field: field, .varint)
    writeProtobufVarint(UInt64(bitPattern: value))
  }

  /// Writes a double field, whatever it is.
  @inline(__always)
  mutating func writeProtobufDouble(field: UInt8, _ value: Double) {
    writeProtobufTag(field: field, .fixed64)
    writeInteger(value.bitPattern, endianness: .little)
  }

  /// Writes one entry of a repeated string field, even an empty one.
  mutating func writeProtobufEntry(field: UInt8, _ text: String) {
    writeProtobufHead(field: field, count: text.utf8.count)
    writeString(text)
  }
}
