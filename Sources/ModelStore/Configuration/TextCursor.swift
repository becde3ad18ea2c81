/// Walks the bytes of a text and knows the line and column it is at.
struct TextCursor {
  let bytes: [UInt8]
  private(set) var index = 0
  private(set) var position = SourcePosition(line: 1, column: 1)

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The byte here; `nil` at the end.
  var current: UInt8? { index < bytes.count ? bytes[index] : nil }

  /// The byte after this one; `nil` at the end.
  var following: UInt8? { index + 1 < bytes.count ? bytes[index + 1] : nil }

  /// Steps over one byte. Continuation bytes of UTF-8 do not count as columns.
  mutating func advance() {
    guard index < bytes.count else { return }
    let byte = bytes[index]
    index += 1
    if byte == UInt8(ascii: "\n") {
      position = SourcePosition(line: position.line + 1, column: 1)
    } else if byte & 0xC0 != 0x80 {
      position.column += 1
    }
  }

  /// Steps over `byte` if it is here.
  mutating func take(_ byte: UInt8) -> Bool {
    guard current == byte else { return false }
    advance()
    return true
  }

  /// The text from `start` to here.
  func text(from start: Int) -> String {
    String(decoding: bytes[start..<index], as: UTF8.self)
  }

  /// What is here, as an error names it.
  var found: String {
    guard let byte = current else { return "the end of the text" }
    var end = index + 1
    while end < bytes.count, end - index < 24, Self.isWord(byte), Self.isWord(bytes[end]) {
      end += 1
    }
    if byte < 0x20 || byte >= 0x7F { return "byte 0x" + String(byte, radix: 16) }
    return "'" + String(decoding: bytes[index..<end], as: UTF8.self) + "'"
  }

  static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

  static func isWordStart(_ byte: UInt8) -> Bool {
    (byte >= 0x41 && byte <= 0x5A) || (byte >= 0x61 && byte <= 0x7A) || byte == 0x5F
  }

  static func isWord(_ byte: UInt8) -> Bool { isWordStart(byte) || isDigit(byte) }

  /// The value of a digit in `radix`, 16 at most.
  static func digit(_ byte: UInt8, radix: Int) -> Int? {
    let value: Int
    switch byte {
    case 0x30...0x39: value = Int(byte) - 0x30
    case 0x41...0x46: value = Int(byte) - 0x41 + 10
    case 0x61...0x66: value = Int(byte) - 0x61 + 10
    default: return nil
    }
    return value < radix ? value : nil
  }
}
