extension Lexer {
  /// A string from its quote on: one quote a side or three, raw or with escapes.
  mutating func readString(isRaw: Bool, start: Int) {
    guard let quote = peek() else { return }
    let isTriple = peek(1) == quote && peek(2) == quote
    offset += isTriple ? 3 : 1
    var bytes: [UInt8] = []
    while let byte = peek() {
      if byte == quote, !isTriple || (peek(1) == quote && peek(2) == quote) {
        offset += isTriple ? 3 : 1
        let text = String(decoding: bytes, as: UTF8.self)
        return tokens.append(Token(kind: .string(text), range: start..<offset))
      }
      if !isTriple, byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") { break }
      if byte == UInt8(ascii: "\\"), !isRaw {
        readEscape(into: &bytes)
      } else {
        bytes.append(byte)
        offset += 1
      }
    }
    let mark = String(repeating: String(decoding: [quote], as: UTF8.self), count: isTriple ? 3 : 1)
    report("this string has no end: close it with \(mark)", at: start)
    tokens.append(Token(kind: .string(""), range: start..<offset))
  }

  /// A backslash and what it stands for.
  private mutating func readEscape(into bytes: inout [UInt8]) {
    let start = offset
    offset += 1
    guard let byte = peek() else { return }
    offset += 1
    let single: [UInt8: UInt8] = [
      UInt8(ascii: "a"): 7, UInt8(ascii: "b"): 8, UInt8(ascii: "f"): 12, UInt8(ascii: "n"): 10,
      UInt8(ascii: "r"): 13, UInt8(ascii: "t"): 9, UInt8(ascii: "v"): 11,
      UInt8(ascii: "\\"): byte, UInt8(ascii: "?"): byte, UInt8(ascii: "\""): byte,
      UInt8(ascii: "'"): byte, UInt8(ascii: "`"): byte,
    ]
    if let value = single[byte] { return bytes.append(value) }
    switch byte {
    case UInt8(ascii: "x"), UInt8(ascii: "X"):
      readScalar(digits: 2, radix: 16, start: start, into: &bytes)
    case UInt8(ascii: "u"):
      readScalar(digits: 4, radix: 16, start: start, into: &bytes)
    case UInt8(ascii: "U"):
      readScalar(digits: 8, radix: 16, start: start, into: &bytes)
    case UInt8(ascii: "0")...UInt8(ascii: "3"):
      offset -= 1
      readScalar(digits: 3, radix: 8, start: start, into: &bytes)
    default:
      while let next = peek(), next & 0xC0 == 0x80 { offset += 1 }
      let text = String(decoding: source[start..<offset], as: UTF8.self)
      report("'\(text)' is not an escape: for a backslash write '\\\\', or r'…'", at: start)
    }
  }

  /// The code point that so many digits give.
  private mutating func readScalar(
    digits: Int, radix: Int, start: Int, into bytes: inout [UInt8]
  ) {
    var end = offset
    while end < source.count, end - offset < digits, Self.isHexadecimal(source[end]) { end += 1 }
    let text = String(decoding: source[offset..<end], as: UTF8.self)
    let isWhole = end - offset == digits
    offset = end
    guard isWhole, let value = UInt32(text, radix: radix) else {
      let base = radix == 8 ? "octal" : "hexadecimal"
      return report("this escape needs \(digits) \(base) digits, '\(text)' was found", at: start)
    }
    guard let scalar = Unicode.Scalar(value) else {
      return report("U+\(text) is not a Unicode character", at: start)
    }
    bytes.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
  }
}
