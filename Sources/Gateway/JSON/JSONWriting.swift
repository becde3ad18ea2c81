package import NIOCore

extension ByteBuffer {
  /// Writes `text` as a JSON string, with its quotes.
  package mutating func writeJSON(string text: String) {
    writeInteger(UInt8(0x22))
    if text.utf8.contains(where: Self.needsEscape) {
      for byte in text.utf8 { writeJSON(byte: byte) }
    } else {
      writeString(text)
    }
    writeInteger(UInt8(0x22))
  }

  /// Writes the bytes of `text` as a JSON string, with its quotes; `false`, and nothing written,
  /// if they are not valid UTF-8.
  package mutating func writeJSON(bytes text: ByteBuffer) -> Bool {
    var cursor = UTF8Check()
    let span = text.readableBytesUInt8Span
    for index in 0..<span.count {
      guard cursor.accepts(span[index]) else { return false }
    }
    guard cursor.isComplete else { return false }
    writeInteger(UInt8(0x22))
    for index in 0..<span.count { writeJSON(byte: span[index]) }
    writeInteger(UInt8(0x22))
    return true
  }

  private static func needsEscape(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == 0x22 || byte == 0x5C
  }

  private mutating func writeJSON(byte: UInt8) {
    guard Self.needsEscape(byte) else {
      writeInteger(byte)
      return
    }
    switch byte {
    case 0x22: writeStaticString("\\\"")
    case 0x5C: writeStaticString("\\\\")
    case 0x0A: writeStaticString("\\n")
    case 0x0D: writeStaticString("\\r")
    case 0x09: writeStaticString("\\t")
    default:
      writeStaticString("\\u00")
      writeInteger(0x30 + byte >> 4)
      let low = byte & 15
      writeInteger(low < 10 ? 0x30 + low : 0x57 + low)
    }
  }

  /// Writes a whole number in decimal.
  package mutating func writeJSON(integer value: some FixedWidthInteger) {
    if let small = UInt8(exactly: value), small < 10 {
      writeInteger(0x30 + small)
      return
    }
    var digits = InlineArray<20, UInt8>(repeating: 0)
    var rest = UInt64(value.magnitude)
    var start = 20
    repeat {
      start -= 1
      digits[start] = UInt8(truncatingIfNeeded: 0x30 + rest % 10)
      rest /= 10
    } while rest > 0
    if value < 0 { writeInteger(UInt8(0x2D)) }
    for index in start..<20 { writeInteger(digits[index]) }
  }

  /// Writes the shortest number that reads back as the same; `NaN`, `Infinity` or `-Infinity`
  /// where there is none, as the clients of this protocol expect.
  package mutating func writeJSON(number value: Float) {
    if value.isFinite {
      writeString(value.description)
    } else {
      writeSpecial(isNaN: value.isNaN, isNegative: value < 0)
    }
  }

  /// Writes the shortest number that reads back as the same; as for `Float`.
  package mutating func writeJSON(number value: Double) {
    if value.isFinite {
      writeString(value.description)
    } else {
      writeSpecial(isNaN: value.isNaN, isNegative: value < 0)
    }
  }

  private mutating func writeSpecial(isNaN: Bool, isNegative: Bool) {
    if isNaN {
      writeStaticString("NaN")
    } else {
      writeStaticString(isNegative ? "-Infinity" : "Infinity")
    }
  }
}

/// Checks UTF-8 byte by byte.
private struct UTF8Check {
  private var left = 0
  private var lowest: UInt8 = 0x80
  private var highest: UInt8 = 0xBF

  var isComplete: Bool { left == 0 }

  mutating func accepts(_ byte: UInt8) -> Bool {
    if left > 0 {
      guard byte >= lowest, byte <= highest else { return false }
      (lowest, highest, left) = (0x80, 0xBF, left - 1)
      return true
    }
    switch byte {
    case 0..<0x80: return true
    case 0xC2...0xDF: left = 1
    case 0xE0: (left, lowest) = (2, 0xA0)
    case 0xED: (left, highest) = (2, 0x9F)
    case 0xE1...0xEF: left = 2
    case 0xF0: (left, lowest) = (3, 0x90)
    case 0xF1...0xF3: left = 3
    case 0xF4: (left, highest) = (3, 0x8F)
    default: return false
    }
    return true
  }
}
