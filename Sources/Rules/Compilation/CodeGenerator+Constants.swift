extension CodeGenerator {
  mutating func emitConstant(
    _ value: RuleConstant, into register: Int, at offset: Int
  ) throws(TooWide) {
    switch value {
    case .null: try append(.null, target: register, at: offset)
    case .string(let text):
      let operand = addText(text)
      try append(.text, target: register, operand: operand, at: offset)
    default:
      let operand = addConstant(value.bits)
      try append(.constant, target: register, operand: operand, at: offset)
    }
  }

  mutating func addConstant(_ bits: UInt64) -> Int {
    program.constants.append(bits)
    return program.constants.count - 1
  }

  /// A text as two constants: its prefix and its place.
  mutating func addText(_ text: String) -> Int {
    let bytes = Array(text.utf8)
    let place = TextPlace(offset: program.bytes.count, count: bytes.count, isConstant: true)
    program.bytes += bytes
    let index = addConstant(TextPlace.prefix(of: bytes.span, 0, bytes.count))
    _ = addConstant(place.bits)
    return index
  }

  /// A table of sorted elements: `count`, whether null is in it, the elements.
  mutating func memberTable(
    _ elements: [RuleConstant], containsNull: Bool, type: RuleType
  ) -> (Operation, Int) {
    let header = addConstant(0)
    _ = addConstant(containsNull ? 1 : 0)
    var count = 0
    var operation = Operation.memberInt
    switch type {
    case .string:
      operation = .memberText
      let texts = Set(
        elements.compactMap { if case .string(let text) = $0 { Array(text.utf8) } else { nil } }
      ).sorted { $0.lexicographicallyPrecedes($1) }
      count = texts.count
      for text in texts { _ = addText(String(decoding: text, as: UTF8.self)) }
    case .double:
      operation = .memberDouble
      let values = Set(
        elements.compactMap { if case .double(let value) = $0 { value } else { nil } }
      ).sorted()
      count = values.count
      for value in values { _ = addConstant(value.bitPattern) }
    default:
      let values = Set(elements.map { Int64(bitPattern: $0.bits) }).sorted()
      count = values.count
      for value in values { _ = addConstant(UInt64(bitPattern: value)) }
    }
    program.constants[header] = UInt64(count)
    return (operation, header)
  }

  /// The text to look for, then its failure function after Knuth, Morris and Pratt: how much of
  /// the text still matches where the byte after so many does not.
  mutating func addNeedle(_ text: String) -> Int {
    let bytes = Array(text.utf8)
    let index = addText(text)
    var borders = [Int](repeating: 0, count: bytes.count)
    var matched = 0
    for position in bytes.indices.dropFirst() {
      while matched > 0, bytes[position] != bytes[matched] { matched = borders[matched - 1] }
      if bytes[position] == bytes[matched] { matched += 1 }
      borders[position] = matched
    }
    for border in borders { _ = addConstant(UInt64(border)) }
    return index
  }
}

extension RuleConstant {
  /// The value in a register: integers in two's complement, doubles in binary64. Not for texts.
  var bits: UInt64 {
    switch self {
    case .bool(let value): value ? 1 : 0
    case .int(let value), .duration(let value), .timestamp(let value):
      UInt64(bitPattern: value)
    case .double(let value): value.bitPattern
    case .string, .null: 0
    }
  }
}
