internal import NIOCore
package import Tensors

/// Writes protobuf fields straight into a buffer; sizes come first, so nothing is moved later.
package enum ProtobufSize {
  /// Bytes of `value` as a varint: 1 to 10.
  @inline(__always)
  package static func varint(_ value: UInt64) -> Int {
    (64 - (value | 1).leadingZeroBitCount + 6) / 7
  }

  /// Bytes of a length-delimited field with a field number below 16; 0 if it is empty and left out.
  @inline(__always)
  package static func text(_ count: Int) -> Int {
    count == 0 ? 0 : 1 + varint(UInt64(count)) + count
  }

  /// Bytes of a length-delimited field with a field number below 16, written even if empty.
  @inline(__always)
  package static func span(_ count: Int) -> Int { 1 + varint(UInt64(count)) + count }

  /// Bytes of a shape's dimensions as packed varints, without their tag and length.
  package static func dimensions(_ shape: TensorShape) -> Int {
    var size = 0
    for axis in 0..<shape.rank { size += varint(UInt64(shape[axis])) }
    return size
  }
}

extension ByteBuffer {
  @inline(__always)
  mutating func writeProtobufVarint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      writeInteger(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    writeInteger(UInt8(rest))
  }

  /// Writes the tag and the length of a length-delimited field; its bytes follow.
  @inline(__always)
  mutating func writeProtobufHead(field: UInt8, count: Int) {
    writeInteger(field << 3 | ProtobufWireType.lengthDelimited.rawValue)
    writeProtobufVarint(UInt64(count))
  }

  /// Writes a string field; nothing if it is empty.
  mutating func writeProtobufText(field: UInt8, _ text: String) {
    guard !text.isEmpty else { return }
    writeProtobufHead(field: field, count: text.utf8.count)
    writeString(text)
  }

  /// Writes a shape as a packed repeated int64; nothing if its rank is 0.
  mutating func writeProtobufShape(field: UInt8, _ shape: TensorShape) {
    guard shape.rank > 0 else { return }
    writeProtobufHead(field: field, count: ProtobufSize.dimensions(shape))
    for axis in 0..<shape.rank { writeProtobufVarint(UInt64(shape[axis])) }
  }
}
