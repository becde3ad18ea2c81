internal import Features
internal import Rules

/// Reads a request from JSON: one flat object, strictly.
package struct InputReader {
  /// Levels of objects and arrays in a member that is passed over.
  private static let depthMax = 32
  /// Problems told at once.
  private static let problemsMax = 16

  private let bytes: [UInt8]
  private var position: Int
  private let end: Int
  private var scratch: [UInt8] = []
  private var problems: [InputProblem] = []

  private init(_ bytes: [UInt8], _ range: Range<Int>) {
    self.bytes = bytes
    position = range.lowerBound
    end = range.upperBound
  }

  /// What makes the text no JSON at all.
  private struct Malformed: Error {
    var position: Int
    var message: String
  }

  /// The request in `bytes`, checked against its schema.
  ///
  /// - Throws: everything that is wrong with it.
  package static func read(
    _ bytes: [UInt8], in range: Range<Int>? = nil, _ schema: InputSchema
  ) throws(InputProblems) -> DecisionInput {
    let range = range ?? 0..<bytes.count
    var reader = InputReader(bytes, range)
    var input = DecisionInput(schema)
    do throws(Malformed) {
      try reader.readObject(schema, &input)
    } catch {
      throw InputProblems([
        InputProblem(
          field: "", message: "byte \(error.position - range.lowerBound): \(error.message)")
      ])
    }
    var problems = reader.problems
    let wrong = Set(problems.map(\.field))
    problems += schema.problems(of: input).filter { !wrong.contains($0.field) }
    guard problems.isEmpty else {
      throw InputProblems(Array(problems.prefix(problemsMax)))
    }
    return input
  }

  private mutating func readObject(
    _ schema: InputSchema, _ input: inout DecisionInput
  ) throws(Malformed) {
    skipSpace()
    try expect("{", "expected an object: {…}")
    skipSpace()
    var hint = 0
    if !accept("}") {
      repeat {
        skipSpace()
        let name = try string()
        skipSpace()
        try expect(":", "expected ':' after the name")
        skipSpace()
        if let field = Self.field(name, schema, hint) {
          hint = field + 1
          try readValue(field, schema.fields[field], &input)
        } else {
          if schema.unknown == .refuse { reportUnknown(name, schema) }
          try skipValue(depth: 0)
        }
        skipSpace()
      } while accept(",")
      try expect("}", "expected ',' or '}'")
    }
    skipSpace()
    if position < end { throw Malformed(position: position, message: "text after the object") }
  }

  /// The field of a name; looks first where it stood in requests so far.
  private static func field(_ name: ArraySlice<UInt8>, _ schema: InputSchema, _ hint: Int) -> Int? {
    let count = schema.fields.count
    for step in 0..<count {
      let index = hint + step < count ? hint + step : hint + step - count
      if schema.fields[index].nameBytes.elementsEqual(name) { return index }
    }
    return nil
  }

  private mutating func reportUnknown(_ name: ArraySlice<UInt8>, _ schema: InputSchema) {
    guard problems.count < Self.problemsMax else { return }
    let text = String(decoding: name.prefix(80), as: UTF8.self)
    // The name that was meant is looked for once a request: a body may have thousands of others.
    let fix =
      problems.isEmpty
      ? "; \(NearestName.fix(for: text, among: schema.fields.map(\.name)))" : ""
    report(text, "is no field\(fix)")
  }

  private mutating func report(_ field: String, _ message: String) {
    guard problems.count < Self.problemsMax else { return }
    problems.append(InputProblem(field: field, message: message))
  }

  private mutating func readValue(
    _ index: Int, _ field: InputField, _ input: inout DecisionInput
  ) throws(Malformed) {
    if input.has(index) { report(field.name, "is given twice") }
    guard position < end else { throw Malformed(position: position, message: "expected a value") }
    let start = position
    switch bytes[position] {
    case UInt8(ascii: "\""):
      let text = try string()
      switch field.type {
      case .string: input.set(index, utf8: text)
      case .timestamp:
        if let instant = Instant.parse(String(decoding: text, as: UTF8.self)) {
          input.set(index, int: instant)
        } else {
          report(field.name, "is no instant; write it as 2026-05-01T12:00:00Z")
        }
      default: report(field.name, "is text; expected \(field.type.rawValue)")
      }
    case UInt8(ascii: "n"): try word("null")
    case UInt8(ascii: "t"), UInt8(ascii: "f"):
      let isTrue = bytes[position] == UInt8(ascii: "t")
      try word(isTrue ? "true" : "false")
      if field.type == .bool {
        input.set(index, bool: isTrue)
      } else {
        report(field.name, "is \(isTrue); expected \(field.type.rawValue)")
      }
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      report(field.name, "holds several values; expected one \(field.type.rawValue)")
      try skipValue(depth: 0)
    default:
      try skipNumber()
      readNumber(index, field, start..<position, &input)
    }
  }

  private mutating func readNumber(
    _ index: Int, _ field: InputField, _ range: Range<Int>, _ input: inout DecisionInput
  ) {
    switch field.type {
    case .double:
      if let value = NumberBytes.double(bytes, range) { return input.set(index, double: value) }
      report(field.name, "is no finite number of 64 bits")
    case .int:
      if let value = NumberBytes.integer(bytes, range) { return input.set(index, int: value) }
      report(field.name, "is no whole number of 64 bits")
    default: report(field.name, "is a number; expected \(field.type.rawValue)")
    }
  }
}

// The tokens of JSON (RFC 8259).
extension InputReader {
  private mutating func skipValue(depth: Int) throws(Malformed) {
    guard position < end else { throw Malformed(position: position, message: "expected a value") }
    guard depth < Self.depthMax else {
      throw Malformed(position: position, message: "more than \(Self.depthMax) levels")
    }
    switch bytes[position] {
    case UInt8(ascii: "\""): _ = try string()
    case UInt8(ascii: "t"): try word("true")
    case UInt8(ascii: "f"): try word("false")
    case UInt8(ascii: "n"): try word("null")
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      let isObject = bytes[position] == UInt8(ascii: "{")
      position += 1
      skipSpace()
      if accept(isObject ? "}" : "]") { return }
      repeat {
        skipSpace()
        if isObject {
          _ = try string()
          skipSpace()
          try expect(":", "expected ':' after the name")
          skipSpace()
        }
        try skipValue(depth: depth + 1)
        skipSpace()
      } while accept(",")
      try expect(isObject ? "}" : "]", "expected ',' or a closing bracket")
    default: try skipNumber()
    }
  }

  private mutating func skipNumber() throws(Malformed) {
    let start = position
    _ = accept("-")
    let first = position
    skipDigits()
    let hasLeadingZero = position - first > 1 && bytes[first] == UInt8(ascii: "0")
    guard position > first, !hasLeadingZero else {
      throw Malformed(position: start, message: "expected a value")
    }
    if accept(".") { try expectDigits() }
    if position < end, bytes[position] | 0x20 == UInt8(ascii: "e") {
      position += 1
      if !accept("-") { _ = accept("+") }
      try expectDigits()
    }
  }

  private mutating func expectDigits() throws(Malformed) {
    let start = position
    skipDigits()
    if position == start { throw Malformed(position: start, message: "expected a digit") }
  }

  private mutating func skipDigits() {
    while position < end, bytes[position] &- UInt8(ascii: "0") < 10 { position += 1 }
  }

  private mutating func word(_ word: StaticString) throws(Malformed) {
    for byte in word.description.utf8 {
      guard position < end, bytes[position] == byte else {
        throw Malformed(position: position, message: "expected '\(word)'")
      }
      position += 1
    }
  }

  private mutating func skipSpace() {
    while position < end,
      bytes[position] == 0x20 || bytes[position] == 0x09 || bytes[position] == 0x0A
        || bytes[position] == 0x0D
    { position += 1 }
  }

  private mutating func accept(_ character: Unicode.Scalar) -> Bool {
    guard position < end, bytes[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func expect(
    _ character: Unicode.Scalar, _ message: String
  ) throws(Malformed) {
    if !accept(character) { throw Malformed(position: position, message: message) }
  }

  /// A string without its quotes and escapes.
  private mutating func string() throws(Malformed) -> ArraySlice<UInt8> {
    try expect("\"", "expected a string in quotes")
    let start = position
    var hasEscapes = false
    var isASCII = true
    while position < end {
      let byte = bytes[position]
      if byte == UInt8(ascii: "\"") {
        let text = bytes[start..<position]
        position += 1
        if !isASCII, String(validating: text, as: UTF8.self) == nil {
          throw Malformed(position: start, message: "expected UTF-8")
        }
        if !hasEscapes { return text }
        return try unescape(text)
      }
      if byte < 0x20 {
        throw Malformed(position: position, message: "a control character: write it escaped")
      }
      if byte >= 0x80 { isASCII = false }
      if byte == UInt8(ascii: "\\") {
        hasEscapes = true
        position += 1
      }
      position += 1
    }
    throw Malformed(position: start, message: "the string has no end")
  }

  private mutating func unescape(_ text: ArraySlice<UInt8>) throws(Malformed) -> ArraySlice<UInt8> {
    scratch.removeAll(keepingCapacity: true)
    var index = text.startIndex
    while index < text.endIndex {
      let byte = text[index]
      index += 1
      guard byte == UInt8(ascii: "\\") else {
        scratch.append(byte)
        continue
      }
      guard index < text.endIndex,
        let scalar = Self.escaped(text, &index),
        let encoded = UTF8.encode(scalar)
      else {
        throw Malformed(position: index, message: "an escape that JSON does not have")
      }
      scratch.append(contentsOf: encoded)
    }
    return scratch[...]
  }

  /// The character of an escape; `index` is after the backslash, and then after the escape.
  private static func escaped(_ text: ArraySlice<UInt8>, _ index: inout Int) -> Unicode.Scalar? {
    let letter = text[index]
    index += 1
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(letter)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): break
    default: return nil
    }
    guard let first = hexadecimal(text, &index) else { return nil }
    guard (0xD800..<0xDC00).contains(first) else { return Unicode.Scalar(first) }
    guard text.endIndex - index >= 6, text[index] == UInt8(ascii: "\\"),
      text[index + 1] == UInt8(ascii: "u")
    else { return nil }
    index += 2
    guard let second = hexadecimal(text, &index), (0xDC00..<0xE000).contains(second) else {
      return nil
    }
    return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
  }

  private static func hexadecimal(_ text: ArraySlice<UInt8>, _ index: inout Int) -> UInt32? {
    guard text.endIndex - index >= 4 else { return nil }
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = Character(Unicode.Scalar(text[index])).hexDigitValue else { return nil }
      value = value << 4 | UInt32(digit)
      index += 1
    }
    return value
  }
}
