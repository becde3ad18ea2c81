/// An expression, checked against a schema and compiled; evaluating it allocates nothing.
///
/// Immutable: any number of threads evaluate it at once, each with its own row.
package struct CompiledExpression: Sendable {
  /// The text.
  package let source: String
  /// The type of the result.
  package let type: RuleType
  /// Whether the result may be null.
  package let isNullable: Bool
  let program: Program
  let schemaFingerprint: UInt64

  /// Compiles `source` for rows of `schema`.
  ///
  /// - Parameter expected: the type that the result must have; any if `nil`.
  /// - Throws: everything that is wrong with the text.
  package init(
    _ source: String, schema: RuleSchema, expecting expected: RuleType? = nil
  ) throws(RuleProblems) {
    let bytes = Array(source.utf8)
    let syntax = try Parser.parse(bytes)
    let checked = try Checker.check(syntax, source: bytes, schema: schema, expecting: expected)
    try self.init(source, bytes, syntax.root, checked, schema)
  }

  /// As ``init(_:schema:expecting:)``; the instructions are also appended to `program`.
  init(
    _ source: String, schema: RuleSchema, expecting expected: RuleType,
    appendingTo program: inout Program,
    _ segments: inout [Program.Segment]
  ) throws(RuleProblems) {
    let bytes = Array(source.utf8)
    let syntax = try Parser.parse(bytes)
    let checked = try Checker.check(syntax, source: bytes, schema: schema, expecting: expected)
    try self.init(source, bytes, syntax.root, checked, schema)
    // What fits alone fits here.
    if let node = checked.nodes[syntax.root],
      let segment = try? CodeGenerator.append(node, in: checked, schema: schema, to: &program)
    {
      segments.append(segment)
    }
  }

  /// One node of a checked tree, as an expression of its own.
  init(
    _ source: String, _ bytes: [UInt8], _ index: Int, _ checked: CheckedTree, _ schema: RuleSchema
  ) throws(RuleProblems) {
    guard let node = checked.nodes[index] else { throw RuleProblems([]) }
    do throws(CodeGenerator.TooWide) {
      program = try CodeGenerator.program(of: node, in: checked, schema: schema)
    } catch {
      let message = "the expression holds too many values at once here: split it"
      throw RuleProblems([RuleProblem(offset: error.offset, in: bytes, message: message)])
    }
    self.source = source
    type = node.type
    isNullable = node.isNullable
    schemaFingerprint = schema.fingerprint
  }

  /// The value for one row of the schema that the expression was compiled for. Allocates nothing.
  package func evaluate(_ row: borrowing RuleRow) -> RuleResult {
    let slot = slot(row)
    switch slot.state {
    case .value: return result(slot)
    case .null: return .null
    case .failure: return .failure(failure(slot))
    }
  }

  /// The value of an expression of type bool: null counts as a failure. Allocates nothing.
  package func evaluateBool(_ row: borrowing RuleRow) throws(RuleFailure) -> Bool {
    precondition(type == .bool, "the expression is not of type bool")
    let slot = slot(row)
    guard slot.state == .value else {
      throw failure(slot.required(step: program.instructions.count - 1))
    }
    return slot.isTrue
  }

  /// A string that ``evaluate(_:)`` gave for `row`, copied.
  package func text(_ text: RuleText, in row: borrowing RuleRow) -> String {
    let place = TextPlace(bits: text.bits)
    let range = place.offset..<place.offset + place.count
    return place.isConstant
      ? String(decoding: program.bytes[range], as: UTF8.self)
      : String(decoding: row.bytes[range], as: UTF8.self)
  }

  /// A failure in words: `line:column: what happened`, with the name of the field in `schema`.
  package func describe(_ failure: RuleFailure, schema: RuleSchema) -> String {
    let place = SourcePlace(offset: failure.offset, in: Array(source.utf8))
    let name = failure.field.flatMap {
      schema.fields.indices.contains($0) ? schema.fields[$0] : nil
    }
    let field = name.map { " ('\($0.name)')" } ?? ""
    return "\(place.line):\(place.column): \(failure.reason.text)\(field)"
  }

  func slot(_ row: borrowing RuleRow) -> Slot {
    precondition(row.fingerprint == schemaFingerprint, "the row is of another schema")
    return program.run(
      program.whole, values: row.values.span, present: row.present.span, bytes: row.bytes.span)
  }

  private func result(_ slot: Slot) -> RuleResult {
    switch type {
    case .bool: .bool(slot.isTrue)
    case .int: .int(slot.int)
    case .double: .double(slot.double)
    case .string: .string(RuleText(bits: slot.bits))
    case .duration: .duration(slot.int)
    case .timestamp: .timestamp(slot.int)
    case .null: .null
    }
  }

  /// The failure in a register.
  func failure(_ slot: Slot) -> RuleFailure { program.failure(slot, in: program.whole) }
}

extension Program {
  /// The failure in a register, of the expression in a segment.
  func failure(_ slot: Slot, in segment: Segment) -> RuleFailure {
    let step = Int(slot.bits >> 8 & 0xFF_FFFF)
    let field = Int(slot.bits >> 32)
    return RuleFailure(
      reason: RuleFailure.Reason(rawValue: UInt8(truncatingIfNeeded: slot.bits)) ?? .nullOperand,
      offset: Int(offsets[segment.start + step]), field: field == 0 ? nil : field - 1)
  }

  /// The result of a program that reads no row; `nil` if it fails.
  func constantResult(type: RuleType) -> RuleConstant? {
    let nothing: [UInt64] = []
    let noBytes: [UInt8] = []
    let slot = run(whole, values: nothing.span, present: nothing.span, bytes: noBytes.span)
    guard slot.state == .value else { return nil }
    switch type {
    case .bool: return .bool(slot.isTrue)
    case .int: return .int(slot.int)
    case .double: return .double(slot.double)
    case .duration: return .duration(slot.int)
    case .timestamp: return .timestamp(slot.int)
    case .string, .null: return nil
    }
  }
}
