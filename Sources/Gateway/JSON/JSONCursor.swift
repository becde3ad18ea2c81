/// A place in a JSON document: reads it forward, value by value, without building anything.
///
/// The bytes are passed to each call and never kept. Errors are positions, so a reader of a bad
/// document stops at the first bad byte. Strict: RFC 8259 and valid UTF-8, nothing more.
package struct JSONCursor: Sendable {
  /// The next byte to read.
  package var position: Int
  /// Where the document ends.
  package let end: Int

  /// A cursor over `bytes[range]`.
  package init(_ range: Range<Int>) {
    position = range.lowerBound
    end = range.upperBound
  }

  /// Moves past white space; the byte there, or 0 at the end.
  @inline(__always)
  package mutating func peek(_ bytes: Span<UInt8>) -> UInt8 {
    while position < end {
      let byte = bytes[position]
      if byte > 0x20 { return byte }
      guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte | 0x80 }
      position += 1
    }
    return 0
  }

  /// Moves past white space and `byte`, if that is what follows.
  @inline(__always)
  package mutating func skip(_ byte: UInt8, _ bytes: Span<UInt8>) -> Bool {
    guard peek(bytes) == byte else { return false }
    position += 1
    return true
  }

  /// Moves past white space and `byte`, which must follow.
  @inline(__always)
  package mutating func expect(_ byte: UInt8, _ bytes: Span<UInt8>) throws(JSONError) {
    guard skip(byte, bytes) else { throw unexpected(Self.name(byte)) }
  }

  /// Checks that nothing but white space follows.
  package mutating func expectEnd(_ bytes: Span<UInt8>) throws(JSONError) {
    _ = peek(bytes)
    guard position == end else { throw unexpected("the end") }
  }

  /// Moves to the next member of an object: the first call reads the `{`.
  ///
  /// - Parameter isFirst: `true` before the first member; becomes `false`.
  /// - Returns: the member's key, with the cursor at its value; `nil` past the closing brace.
  package mutating func nextKey(
    _ bytes: Span<UInt8>, _ isFirst: inout Bool
  ) throws(JSONError) -> JSONText? {
    if isFirst {
      isFirst = false
      try expect(0x7B, bytes)
      if skip(0x7D, bytes) { return nil }
    } else {
      if skip(0x7D, bytes) { return nil }
      try expect(0x2C, bytes)
    }
    let key = try string(bytes)
    try expect(0x3A, bytes)
    return key
  }

  /// Moves to the next element of an array: the first call reads the `[`.
  ///
  /// - Returns: `true` with the cursor at an element; `false` past the closing bracket.
  package mutating func nextElement(
    _ bytes: Span<UInt8>, _ isFirst: inout Bool
  ) throws(JSONError) -> Bool {
    if isFirst {
      isFirst = false
      try expect(0x5B, bytes)
      return !skip(0x5D, bytes)
    }
    if skip(0x5D, bytes) { return false }
    try expect(0x2C, bytes)
    return true
  }

  /// Reads a string and checks its escapes and its UTF-8.
  package mutating func string(_ bytes: Span<UInt8>) throws(JSONError) -> JSONText {
    try expect(0x22, bytes)
    let start = position
    var hasEscapes = false
    while position < end {
      let byte = bytes[position]
      if byte == 0x22 {
        position += 1
        return JSONText(range: start..<position - 1, hasEscapes: hasEscapes)
      }
      if byte == 0x5C {
        hasEscapes = true
        try skipEscape(bytes)
      } else if byte < 0x20 {
        throw JSONError("a control character in a string must be escaped", at: position)
      } else if byte < 0x80 {
        position += 1
      } else {
        try skipScalar(bytes)
      }
    }
    throw JSONError("a string has no end", at: end)
  }

  /// Reads `true` or `false`.
  package mutating func bool(_ bytes: Span<UInt8>) throws(JSONError) -> Bool {
    switch peek(bytes) {
    case 0x74:
      try literal("true", bytes)
      return true
    case 0x66:
      try literal("false", bytes)
      return false
    default: throw unexpected("true or false")
    }
  }

  /// Reads exactly `text`.
  package mutating func literal(_ text: StaticString, _ bytes: Span<UInt8>) throws(JSONError) {
    guard end - position >= text.utf8CodeUnitCount, HTTPCharacter.equals(bytes, position, text)
    else { throw unexpected(text.description) }
    position += text.utf8CodeUnitCount
  }

  /// The error of a byte that is none of what was expected.
  package func unexpected(_ expected: String) -> JSONError {
    JSONError(
      position >= end ? "it ends where \(expected) should be" : "expected \(expected)",
      at: position)
  }

  private mutating func skipEscape(_ bytes: Span<UInt8>) throws(JSONError) {
    guard position + 1 < end else { throw JSONError("a string has no end", at: end) }
    switch bytes[position + 1] {
    case 0x22, 0x5C, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74: position += 2
    case 0x75:
      let unit = try unit(bytes)
      if unit & 0xFC00 == 0xDC00 { throw loneSurrogate }
      if unit & 0xFC00 == 0xD800 {
        guard position + 1 < end, bytes[position] == 0x5C, bytes[position + 1] == 0x75,
          try self.unit(bytes) & 0xFC00 == 0xDC00
        else { throw loneSurrogate }
      }
    default: throw JSONError("unknown escape in a string", at: position)
    }
  }

  private var loneSurrogate: JSONError {
    JSONError("half of a surrogate pair in a string", at: position)
  }

  /// Reads `\uXXXX`.
  private mutating func unit(_ bytes: Span<UInt8>) throws(JSONError) -> UInt32 {
    guard position + 6 <= end else { throw JSONError("a string has no end", at: end) }
    var value: UInt32 = 0
    for index in position + 2..<position + 6 {
      guard let digit = HTTPCharacter.hexadecimal(bytes[index]) else {
        throw JSONError("\\u needs four hexadecimal digits", at: index)
      }
      value = value << 4 | UInt32(digit)
    }
    position += 6
    return value
  }

  /// Moves past one scalar of two to four bytes; no overlong forms, no surrogates.
  private mutating func skipScalar(_ bytes: Span<UInt8>) throws(JSONError) {
    let lead = bytes[position]
    let length: Int
    var lowest: UInt8 = 0x80
    var highest: UInt8 = 0xBF
    switch lead {
    case 0xC2...0xDF: length = 2
    case 0xE0: (length, lowest) = (3, 0xA0)
    case 0xED: (length, highest) = (3, 0x9F)
    case 0xE1...0xEF: length = 3
    case 0xF0: (length, lowest) = (4, 0x90)
    case 0xF1...0xF3: length = 4
    case 0xF4: (length, highest) = (4, 0x8F)
    default: throw JSONError("a string is not valid UTF-8", at: position)
    }
    guard position + length <= end else { throw JSONError("a string has no end", at: end) }
    for index in position + 1..<position + length {
      guard bytes[index] >= lowest, bytes[index] <= highest else {
        throw JSONError("a string is not valid UTF-8", at: index)
      }
      (lowest, highest) = (0x80, 0xBF)
    }
    position += length
  }

  private static func name(_ byte: UInt8) -> String {
    byte == 0x22 ? "a string" : "'\(Character(UnicodeScalar(byte)))'"
  }
}
