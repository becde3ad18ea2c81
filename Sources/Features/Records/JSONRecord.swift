/// One JSON object a line: members by name, values strings, numbers, booleans or null.
///
/// Members that are not declared are passed over, whatever they hold.
struct JSONRecord: Sendable {
  /// Levels of objects and arrays in a member that is passed over.
  private static let depthMax = 64

  private var seen: UInt128 = 0
  private var scratch: [UInt8] = []
  private var position = 0
  private var end = 0

  /// The next line; `nil` if its end was not read yet. White space alone is an empty record.
  static func scan(_ bytes: [UInt8], from start: Int, isAtEnd: Bool) -> RecordExtent? {
    let span = bytes.span
    if start == span.count { return nil }
    var index = start
    while index < span.count, span[index] != UInt8(ascii: "\n") { index += 1 }
    let isTooLong = index - start > RecordBuffer.recordMax
    if index == span.count, !isAtEnd {
      guard isTooLong else { return nil }
      return RecordExtent(end: index, next: index, lines: 0, isTooLong: true, isCutOff: true)
    }
    var end = index
    while end > start, isSpace(span[end - 1]) { end -= 1 }
    return RecordExtent(end: end, next: min(index + 1, span.count), isTooLong: isTooLong)
  }

  /// The object in `range`, typed.
  mutating func decode(
    _ bytes: [UInt8], _ range: Range<Int>, _ members: MemberTable, into record: inout EventRecord
  ) throws(ValueProblem) {
    position = range.lowerBound
    end = range.upperBound
    seen = 0
    let span = bytes.span
    skipSpace(span)
    try expect(span, UInt8(ascii: "{"), "expected an object: {…}")
    var hint = 0
    skipSpace(span)
    if !accept(span, UInt8(ascii: "}")) {
      repeat {
        skipSpace(span)
        let member = try name(bytes, members, hint)
        skipSpace(span)
        try expect(span, UInt8(ascii: ":"), "expected ':' after the name")
        skipSpace(span)
        if let member {
          hint = member + 1 < members.members.count ? member + 1 : 0
          try value(bytes, member, members, &record)
        } else {
          try skipValue(span, depth: 0)
        }
        skipSpace(span)
      } while accept(span, UInt8(ascii: ","))
      try expect(span, UInt8(ascii: "}"), "expected ',' or '}'")
    }
    skipSpace(span)
    guard position == end else { throw problem("text after the object") }
    for index in members.members.indices
    where members.members[index].isRequired && seen >> UInt128(index) & 1 == 0 {
      throw ValueProblem(
        offset: range.lowerBound, message: "'\(members.name(index))' is missing")
    }
  }

  /// The member whose name comes next; `nil` if it is not declared.
  private mutating func name(
    _ bytes: [UInt8], _ members: MemberTable, _ hint: Int
  ) throws(ValueProblem) -> Int? {
    let start = position
    let text = try string(bytes.span)
    var member: Int?
    if text.hasEscapes {
      try unescape(bytes, text.range)
      member = members.find(scratch.span, 0..<scratch.count, from: hint)
    } else {
      member = members.find(bytes.span, text.range, from: hint)
    }
    if let member {
      guard seen >> UInt128(member) & 1 == 0 else {
        throw ValueProblem(offset: start, message: "'\(members.name(member))' is given twice")
      }
    }
    return member
  }

  private mutating func value(
    _ bytes: [UInt8], _ member: Int, _ members: MemberTable, _ record: inout EventRecord
  ) throws(ValueProblem) {
    let span = bytes.span
    guard position < end else { throw problem("expected a value") }
    let start = position
    switch span[position] {
    case UInt8(ascii: "\""):
      let text = try string(span)
      guard UTF8Text.isValid(span, text.range) else {
        throw members.problem(member, span, text.range, "expected UTF-8")
      }
      if members.members[member].isID, text.range.isEmpty {
        throw members.problem(member, span, text.range, "a value is required")
      }
      if members.keepsText(member) {
        if text.hasEscapes {
          try unescape(bytes, text.range)
          members.store(record.append(scratch[...]), member, &record)
        } else {
          members.store(record.append(bytes[text.range]), member, &record)
        }
      }
      if !members.isString(member) {
        try members.assign(member, .text, span, text.range, to: &record)
      }
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      throw problem("'\(members.name(member))' is declared to be one value, not several")
    case UInt8(ascii: "n"):
      try word(span, "null")
      if members.members[member].isRequired {
        throw ValueProblem(
          offset: start, message: "'\(members.name(member))' is null: a value is required")
      }
    case UInt8(ascii: "t"):
      try word(span, "true")
      try members.assign(member, .bool, span, start..<position, to: &record)
    case UInt8(ascii: "f"):
      try word(span, "false")
      try members.assign(member, .bool, span, start..<position, to: &record)
    default:
      try number(span)
      if members.members[member].isID || members.members[member].isTime {
        members.storeNumber(record.append(bytes[start..<position]), member, &record)
      }
      if members.members[member].isTime || members.members[member].field != nil {
        try members.assign(member, .number, span, start..<position, to: &record)
      }
    }
    seen |= 1 << UInt128(member)
  }

  private mutating func skipValue(_ bytes: Span<UInt8>, depth: Int) throws(ValueProblem) {
    guard position < end else { throw problem("expected a value") }
    guard depth < Self.depthMax else { throw problem("more than \(Self.depthMax) levels") }
    switch bytes[position] {
    case UInt8(ascii: "\""): _ = try string(bytes)
    case UInt8(ascii: "t"): try word(bytes, "true")
    case UInt8(ascii: "f"): try word(bytes, "false")
    case UInt8(ascii: "n"): try word(bytes, "null")
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      let isObject = bytes[position] == UInt8(ascii: "{")
      let close = UInt8(ascii: isObject ? "}" : "]")
      position += 1
      skipSpace(bytes)
      if accept(bytes, close) { return }
      repeat {
        skipSpace(bytes)
        if isObject {
          _ = try string(bytes)
          skipSpace(bytes)
          try expect(bytes, UInt8(ascii: ":"), "expected ':' after the name")
          skipSpace(bytes)
        }
        try skipValue(bytes, depth: depth + 1)
        skipSpace(bytes)
      } while accept(bytes, UInt8(ascii: ","))
      try expect(bytes, close, isObject ? "expected ',' or '}'" : "expected ',' or ']'")
    default: try number(bytes)
    }
  }
}

// The tokens.
extension JSONRecord {
  /// A string: the bytes between its quotes.
  private mutating func string(
    _ bytes: Span<UInt8>
  ) throws(ValueProblem) -> (range: Range<Int>, hasEscapes: Bool) {
    try expect(bytes, UInt8(ascii: "\""), "expected a string in quotes")
    let start = position
    var hasEscapes = false
    while position < end {
      let byte = bytes[position]
      if byte == UInt8(ascii: "\"") {
        position += 1
        return (start..<position - 1, hasEscapes)
      }
      if byte < 0x20 { throw problem("a control character in a string: write it escaped") }
      if byte == UInt8(ascii: "\\") {
        hasEscapes = true
        position += 1
      }
      position += 1
    }
    position = start
    throw problem("the string has no end")
  }

  private mutating func number(_ bytes: Span<UInt8>) throws(ValueProblem) {
    let start = position
    _ = accept(bytes, UInt8(ascii: "-"))
    let first = position
    digits(bytes)
    let isLeadingZero = position - first > 1 && bytes[first] == UInt8(ascii: "0")
    guard position > first, !isLeadingZero else {
      position = start
      throw problem("expected a value: a string, a number, true, false or null")
    }
    if accept(bytes, UInt8(ascii: ".")) {
      let fraction = position
      digits(bytes)
      if position == fraction { throw problem("expected a digit") }
    }
    if position < end, bytes[position] | 0x20 == UInt8(ascii: "e") {
      position += 1
      if !accept(bytes, UInt8(ascii: "-")) { _ = accept(bytes, UInt8(ascii: "+")) }
      let exponent = position
      digits(bytes)
      if position == exponent { throw problem("expected a digit") }
    }
  }

  private mutating func digits(_ bytes: Span<UInt8>) {
    while position < end, NumberText.digit(bytes[position]) != nil { position += 1 }
  }

  private mutating func word(_ bytes: Span<UInt8>, _ word: String) throws(ValueProblem) {
    let start = position
    for byte in word.utf8 {
      guard position < end, bytes[position] == byte else {
        position = start
        throw problem("expected '\(word)'")
      }
      position += 1
    }
  }

  private mutating func skipSpace(_ bytes: Span<UInt8>) {
    while position < end, Self.isSpace(bytes[position]) { position += 1 }
  }

  private mutating func accept(_ bytes: Span<UInt8>, _ byte: UInt8) -> Bool {
    guard position < end, bytes[position] == byte else { return false }
    position += 1
    return true
  }

  private mutating func expect(
    _ bytes: Span<UInt8>, _ byte: UInt8, _ message: String
  ) throws(ValueProblem) {
    if !accept(bytes, byte) { throw problem(message) }
  }

  private func problem(_ message: String) -> ValueProblem {
    ValueProblem(offset: position, message: message)
  }

  static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A
  }

  /// A string without its escapes, in `scratch`.
  private mutating func unescape(_ bytes: [UInt8], _ range: Range<Int>) throws(ValueProblem) {
    scratch.removeAll(keepingCapacity: true)
    var index = range.lowerBound
    while index < range.upperBound {
      let byte = bytes[index]
      index += 1
      guard byte == UInt8(ascii: "\\") else {
        scratch.append(byte)
        continue
      }
      let escape = bytes[index]
      index += 1
      switch escape {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): scratch.append(escape)
      case UInt8(ascii: "b"): scratch.append(0x08)
      case UInt8(ascii: "f"): scratch.append(0x0C)
      case UInt8(ascii: "n"): scratch.append(0x0A)
      case UInt8(ascii: "r"): scratch.append(0x0D)
      case UInt8(ascii: "t"): scratch.append(0x09)
      case UInt8(ascii: "u"):
        guard let scalar = scalar(bytes, &index, range.upperBound) else {
          throw ValueProblem(offset: index - 2, message: "an escape that is no character")
        }
        scratch.append(contentsOf: UTF8.encode(scalar).map { Array($0) } ?? [])
      default:
        throw ValueProblem(offset: index - 2, message: "an escape that JSON does not have")
      }
    }
  }

  /// The character of `\uXXXX`, or of a pair of them; `index` is after the `u`.
  private func scalar(_ bytes: [UInt8], _ index: inout Int, _ end: Int) -> Unicode.Scalar? {
    guard let first = hexadecimal(bytes, &index, end) else { return nil }
    guard (0xD800..<0xDC00).contains(first) else { return Unicode.Scalar(first) }
    guard index + 2 <= end, bytes[index] == UInt8(ascii: "\\"),
      bytes[index + 1] == UInt8(ascii: "u")
    else { return nil }
    index += 2
    guard let second = hexadecimal(bytes, &index, end), (0xDC00..<0xE000).contains(second)
    else { return nil }
    return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
  }

  private func hexadecimal(_ bytes: [UInt8], _ index: inout Int, _ end: Int) -> UInt32? {
    guard index + 4 <= end else { return nil }
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = Character(Unicode.Scalar(bytes[index])).hexDigitValue else { return nil }
      value = value << 4 | UInt32(digit)
      index += 1
    }
    return value
  }
}

extension MemberTable {
  /// Notes where the text of a number lies that is an identity or a time.
  func storeNumber(_ place: TextPlace, _ member: Int, _ record: inout EventRecord) {
    if members[member].isID { record.setID(place) }
    if members[member].isTime { record.setTimeText(place) }
  }
}
