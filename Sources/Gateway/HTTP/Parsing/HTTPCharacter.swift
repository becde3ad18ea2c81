/// Classes of bytes in HTTP messages, and comparisons without strings.
enum HTTPCharacter {
  // The 128 ASCII characters as two bit sets: letters, digits and !#$%&'*+-.^_`|~
  private static let tokensLow: UInt64 = 0x03FF_6CFA_0000_0000
  private static let tokensHigh: UInt64 = 0x57FF_FFFF_C7FF_FFFE

  /// Whether a method or a field name may hold this byte.
  @inline(__always)
  static func isToken(_ byte: UInt8) -> Bool {
    if byte >= 0x80 { return false }
    let set = byte < 0x40 ? tokensLow : tokensHigh
    return set &>> UInt64(byte & 0x3F) & 1 == 1
  }

  /// Whether a field value may hold this byte: no control character but the tab.
  @inline(__always)
  static func isFieldContent(_ byte: UInt8) -> Bool {
    byte >= 0x20 ? byte != 0x7F : byte == 0x09
  }

  @inline(__always)
  static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

  /// The value of a hexadecimal digit.
  static func hexadecimal(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x37
    case 0x61...0x66: byte - 0x57
    default: nil
    }
  }

  /// One byte of a literal.
  @inline(__always)
  static func byte(_ text: StaticString, _ index: Int) -> UInt8 {
    unsafe text.utf8Start[index]
  }

  /// Whether `text` stands at `index`.
  @inline(__always)
  static func equals(_ bytes: Span<UInt8>, _ index: Int, _ text: StaticString) -> Bool {
    guard bytes.count - index >= text.utf8CodeUnitCount else { return false }
    for place in 0..<text.utf8CodeUnitCount where bytes[index + place] != byte(text, place) {
      return false
    }
    return true
  }

  /// Whether `text`, which is lower case, stands at `index` in any case.
  @inline(__always)
  static func equalsIgnoringCase(_ bytes: Span<UInt8>, _ index: Int, _ text: StaticString) -> Bool {
    guard bytes.count - index >= text.utf8CodeUnitCount else { return false }
    for place in 0..<text.utf8CodeUnitCount {
      let byte = bytes[index + place]
      let lower = byte &- 0x41 < 26 ? byte | 0x20 : byte
      if lower != self.byte(text, place) { return false }
    }
    return true
  }
}
