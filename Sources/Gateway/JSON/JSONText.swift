/// A string of a document: where its bytes are between the quotes, checked.
package struct JSONText: Sendable, Equatable {
  package var range: Range<Int>
  /// Whether it holds a backslash, so that its bytes are not its content.
  package var hasEscapes: Bool

  package init(range: Range<Int> = 0..<0, hasEscapes: Bool = false) {
    self.range = range
    self.hasEscapes = hasEscapes
  }

  /// Whether the content is `text`, which is ASCII.
  package func equals(_ text: StaticString, in bytes: Span<UInt8>) -> Bool {
    if hasEscapes { return string(in: bytes) == text.description }
    return range.count == text.utf8CodeUnitCount
      && HTTPCharacter.equals(bytes, range.lowerBound, text)
  }

  /// The content as bytes.
  package func content(in bytes: Span<UInt8>) -> [UInt8] {
    var content: [UInt8] = []
    content.reserveCapacity(range.count)
    if !hasEscapes {
      for index in range { content.append(bytes[index]) }
      return content
    }
    forEachByte(in: bytes) { content.append($0) }
    return content
  }

  /// The content as a string.
  package func string(in bytes: Span<UInt8>) -> String {
    String(decoding: content(in: bytes), as: UTF8.self)
  }

  /// Calls `body` with each byte of the content; the string must have been read by a cursor.
  package func forEachByte(in bytes: Span<UInt8>, _ body: (UInt8) -> Void) {
    var index = range.lowerBound
    while index < range.upperBound {
      let byte = bytes[index]
      index += 1
      guard byte == 0x5C else {
        body(byte)
        continue
      }
      let escaped = bytes[index]
      index += 1
      switch escaped {
      case 0x62: body(0x08)
      case 0x66: body(0x0C)
      case 0x6E: body(0x0A)
      case 0x72: body(0x0D)
      case 0x74: body(0x09)
      case 0x75:
        var scalar = Self.unit(bytes, index)
        index += 4
        if scalar & 0xFC00 == 0xD800 {
          scalar = 0x10000 + (scalar & 0x3FF) << 10 + Self.unit(bytes, index + 2) & 0x3FF
          index += 6
        }
        Self.encode(scalar, body)
      default: body(escaped)
      }
    }
  }

  /// The four hexadecimal digits at `index`.
  private static func unit(_ bytes: Span<UInt8>, _ index: Int) -> UInt32 {
    var value: UInt32 = 0
    for place in index..<index + 4 {
      value = value << 4 | UInt32(HTTPCharacter.hexadecimal(bytes[place]) ?? 0)
    }
    return value
  }

  private static func encode(_ scalar: UInt32, _ body: (UInt8) -> Void) {
    switch scalar {
    case 0..<0x80:
      body(UInt8(scalar))
    case 0x80..<0x800:
      body(UInt8(0xC0 | scalar >> 6))
      body(UInt8(0x80 | scalar & 0x3F))
    case 0x800..<0x10000:
      body(UInt8(0xE0 | scalar >> 12))
      body(UInt8(0x80 | scalar >> 6 & 0x3F))
      body(UInt8(0x80 | scalar & 0x3F))
    default:
      body(UInt8(0xF0 | scalar >> 18))
      body(UInt8(0x80 | scalar >> 12 & 0x3F))
      body(UInt8(0x80 | scalar >> 6 & 0x3F))
      body(UInt8(0x80 | scalar & 0x3F))
    }
  }
}
