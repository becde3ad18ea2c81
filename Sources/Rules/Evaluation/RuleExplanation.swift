/// An expression taken apart: the value of each of its parts for one row. For people; it
/// compiles every part anew.
package struct RuleExplanation: Sendable {
  /// One part of the text.
  package struct Part: Sendable {
    /// The part as it is written.
    package let text: String
    /// Bytes of the expression's text before the part.
    package let offset: Int
    /// How deep the part is inside the expression; 0 is the whole.
    package let depth: Int
    /// The value in words: `true`, `12`, `'NG'`, `null`, or what failed.
    package let value: String
  }

  /// The parts in reading order, the whole first; constants alone are left out.
  package let parts: [Part]

  /// The parts of `source` for `row`.
  ///
  /// - Throws: everything that is wrong with the text.
  package init(_ source: String, schema: RuleSchema, row: RuleRow) throws(RuleProblems) {
    let bytes = Array(source.utf8)
    let syntax = try Parser.parse(bytes)
    let checked = try Checker.check(syntax, source: bytes, schema: schema, expecting: nil)
    var parts: [Part] = []
    // Children are named by index; a walk with its own stack cannot run out of the thread's.
    var pending = [(index: syntax.root, depth: 0)]
    while let (index, depth) = pending.popLast() {
      let node = syntax.nodes[index]
      if case .literal = node.kind, depth > 0 { continue }
      if case .list = node.kind { continue }
      let part = try CompiledExpression(source, bytes, index, checked, schema)
      parts.append(
        Part(
          text: String(decoding: bytes[node.range], as: UTF8.self), offset: node.range.lowerBound,
          depth: depth, value: part.describe(part.evaluate(row), in: row, schema: schema)))
      pending += Self.operands(of: node.kind).reversed().map { ($0, depth + 1) }
    }
    self.parts = parts
  }

  private static func operands(of kind: SyntaxTree.Kind) -> [Int] {
    switch kind {
    case .literal, .name, .list: []
    case .not(let operand), .negate(let operand): [operand]
    case .binary(_, let left, let right): [left, right]
    case .all(let operands), .any(let operands): operands
    case .conditional(let condition, let whenTrue, let whenFalse):
      [condition, whenTrue, whenFalse]
    case .call(_, "has", _): []
    case .call(let target, _, let arguments): (target.map { [$0] } ?? []) + arguments
    }
  }
}

extension CompiledExpression {
  /// A result in words, as the language writes it. For people.
  package func describe(
    _ result: RuleResult, in row: borrowing RuleRow, schema: RuleSchema
  ) -> String {
    switch result {
    case .bool(let value): "\(value)"
    case .int(let value): "\(value)"
    case .double(let value): "\(value)"
    case .string(let place): "'\(text(place, in: row))'"
    case .duration(let value): TimeText.text(duration: value)
    case .timestamp(let value): TimeText.text(timestamp: value)
    case .null: "null"
    case .failure(let failure): "fails at \(describe(failure, schema: schema))"
    }
  }
}
