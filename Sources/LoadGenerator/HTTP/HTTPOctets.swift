/// Comparisons of bytes in HTTP messages, without strings.
enum HTTPOctets {
  /// Whether `text` stands at `index`.
  @inline(__always)
  static func equals(_ bytes: Span<UInt8>, _ index: Int, _ text: StaticString) -> Bool {
    guard bytes.count - index >= text.utf8CodeUnitCount else { return false }
    for place in 0..<text.utf8CodeUnitCount where bytes[index + place] != byte(text, place) {
      return false
    }
    return true
  }

  /// Whether nothing in the bytes that both have contradicts `text`.
  static func startsAlike(_ bytes: Span<UInt8>, _ text: StaticString) -> Bool {
    for place in 0..<min(bytes.count, text.utf8CodeUnitCount)
    where bytes[place] != byte(text, place) {
      return false
    }
    return true
  }

  /// Whether `range` holds `text`, which is lower case, in any case.
  @inline(__always)
  static func equalsIgnoringCase(
    _ bytes: Span<UInt8>, _ range: Range<Int>, _ text: StaticString
  ) -> Bool {
    guard range.count == text.utf8CodeUnitCount else { return false }
    for place in 0..<range.count
    where lowercase(bytes[range.lowerBound + place]) != byte(text, place) {
      return false
    }
    return true
  }

  /// The range without spaces and tabs at its ends.
  @inline(__always)
  static func trimmed(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Range<Int> {
    var start = range.lowerBound
    var end = range.upperBound
    while start < end, isSpace(bytes[start]) { start += 1 }
    while end > start, isSpace(bytes[end - 1]) { end -= 1 }
    return start..<end
  }

  @inline(__always)
  static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  @inline(__always)
  static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

  /// The value of a hexadecimal digit.
  static func hexadecimal(_ byte: UInt8) -> Int? {
    switch byte {
    case 0x30...0x39: Int(byte - 0x30)
    case 0x41...0x46: Int(byte - 0x37)
    case 0x61...0x66: Int(byte - 0x57)
    default: nil
    }
  }

  static func string(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String {
    var copy: [UInt8] = []
    copy.reserveCapacity(range.count)
    for index in range { copy.append(bytes[index]) }
    return String(decoding: copy, as: UTF8.self)
  }

  /// The first bytes up to the line's end for a message: what cannot be printed as `\x15`.
  static func quoted(_ bytes: Span<UInt8>, countMax: Int = 40) -> String {
    var text = "'"
    for index in 0..<min(bytes.count, countMax) {
      let byte = bytes[index]
      if byte == 0x0A || byte == 0x0D { return text + "'" }
      if byte >= 0x20, byte < 0x7F {
        text.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        let digits = String(byte, radix: 16)
        text += digits.count == 1 ? "\\x0\(digits)" : "\\x\(digits)"
      }
    }
    return text + (bytes.count > countMax ? "…'" : "'")
  }

  @inline(__always)
  private static func lowercase(_ byte: UInt8) -> UInt8 {
    byte &- 0x41 < 26 ? byte | 0x20 : byte
  }

  @inline(__always)
  private static func byte(_ text: StaticString, _ index: Int) -> UInt8 {
    unsafe text.utf8Start[index]
  }
}
