/// Writes the protobuf wire form of a message.
struct WireWriter {
  private(set) var bytes: [UInt8] = []

  mutating func write(number: Int, varint value: UInt64) {
    append(UInt64(number) << 3)
    append(value)
  }

  mutating func write(number: Int, bytes content: [UInt8]) {
    append(UInt64(number) << 3 | 2)
    append(UInt64(content.count))
    bytes.append(contentsOf: content)
  }

  mutating func write(number: Int, float value: Float) {
    append(UInt64(number) << 3 | 5)
    for shift in stride(from: 0, to: 32, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> UInt32(shift)))
    }
  }

  mutating func write(number: Int, double value: Double) {
    append(UInt64(number) << 3 | 1)
    for shift in stride(from: 0, to: 64, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> UInt64(shift)))
    }
  }

  private mutating func append(_ varint: UInt64) {
    var rest = varint
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }
}

/// Reads the protobuf wire form, one field after another; stops at the first malformed byte.
struct WireReader {
  enum Value {
    case varint(UInt64)
    case fixed32(UInt32)
    case fixed64(UInt64)
    case bytes(ArraySlice<UInt8>)
  }

  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  /// Whether everything was read.
  var isAtEnd: Bool { rest.isEmpty }

  /// The next field; `nil` at the end or where the bytes are malformed.
  mutating func next() -> (number: Int, value: Value)? {
    guard let tag = varint() else { return nil }
    let number = Int(truncatingIfNeeded: tag >> 3)
    switch tag & 7 {
    case 0: return varint().map { (number, .varint($0)) }
    case 1: return fixed(8).map { (number, .fixed64($0)) }
    case 2:
      guard let count = varint(), count <= UInt64(rest.count) else { return nil }
      let content = rest.prefix(Int(count))
      rest = rest.dropFirst(Int(count))
      return (number, .bytes(content))
    case 5: return fixed(4).map { (number, .fixed32(UInt32(truncatingIfNeeded: $0))) }
    default: return nil
    }
  }

  /// The next varint, as packed fields hold them.
  mutating func varint() -> UInt64? {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while let byte = rest.popFirst(), shift < 64 {
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    return nil
  }

  /// The next `count` bytes as a little-endian number.
  mutating func fixed(_ count: Int) -> UInt64? {
    guard rest.count >= count else { return nil }
    var value: UInt64 = 0
    for (index, byte) in rest.prefix(count).enumerated() {
      value |= UInt64(byte) << UInt64(index * 8)
    }
    rest = rest.dropFirst(count)
    return value
  }
}
