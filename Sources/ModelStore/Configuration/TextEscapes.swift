/// The backslash escapes of the text form.
enum TextEscapes {
  /// Reads one escape, the backslash already taken.
  static func append(
    from cursor: inout TextCursor, to result: inout [UInt8]
  ) throws(ConfigurationSyntaxError) {
    var position = cursor.position
    position.column -= 1
    guard let byte = cursor.current else {
      throw ConfigurationSyntaxError(position: position, message: "the text ends in an escape")
    }
    if TextCursor.digit(byte, radix: 8) != nil {
      result.append(UInt8(truncatingIfNeeded: digits(&cursor, radix: 8, countMax: 3) ?? 0))
      return
    }
    cursor.advance()
    switch byte {
    case UInt8(ascii: "n"): result.append(0x0A)
    case UInt8(ascii: "r"): result.append(0x0D)
    case UInt8(ascii: "t"): result.append(0x09)
    case UInt8(ascii: "a"): result.append(0x07)
    case UInt8(ascii: "b"): result.append(0x08)
    case UInt8(ascii: "f"): result.append(0x0C)
    case UInt8(ascii: "v"): result.append(0x0B)
    case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "?"):
      result.append(byte)
    case UInt8(ascii: "x"), UInt8(ascii: "X"):
      guard let value = digits(&cursor, radix: 16, countMax: 2) else {
        throw ConfigurationSyntaxError(
          position: position, message: "expected a hexadecimal digit, found \(cursor.found)")
      }
      result.append(UInt8(truncatingIfNeeded: value))
    case UInt8(ascii: "u"), UInt8(ascii: "U"):
      let count = byte == UInt8(ascii: "u") ? 4 : 8
      let start = cursor.index
      guard let value = digits(&cursor, radix: 16, countMax: count),
        cursor.index - start == count, let number = UInt32(exactly: value),
        let scalar = Unicode.Scalar(number)
      else {
        throw ConfigurationSyntaxError(
          position: position, message: "expected \(count) hexadecimal digits of a character")
      }
      result.append(contentsOf: Array(String(Character(scalar)).utf8))
    default:
      throw ConfigurationSyntaxError(
        position: position, message: "unknown escape '\\\(Character(Unicode.Scalar(byte)))'",
        fix: "write '\\\\' for a backslash")
    }
  }

  /// Reads up to `countMax` digits; `nil` if there is none.
  private static func digits(_ cursor: inout TextCursor, radix: Int, countMax: Int) -> Int? {
    var value = 0
    var count = 0
    while count < countMax, let byte = cursor.current,
      let digit = TextCursor.digit(byte, radix: radix)
    {
      value = value * radix + digit
      count += 1
      cursor.advance()
    }
    return count == 0 ? nil : value
  }
}
