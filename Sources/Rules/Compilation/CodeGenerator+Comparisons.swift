extension CodeGenerator {
  /// A comparison of a field with a constant, the commonest term of a rule.
  private struct FieldComparison {
    var field: Int
    var constant: RuleConstant
    var isFlipped: Bool
  }

  private func fieldComparison(_ node: CheckedTree.Node) -> FieldComparison? {
    guard case .compare = node.operation else { return nil }
    for isFlipped in [false, true] {
      guard case .field(let field) = operand(node, isFlipped ? 1 : 0).operation,
        let constant = operand(node, isFlipped ? 0 : 1).operation.constant
      else { continue }
      let type = schema.fields[field].type
      if type == constant.type {
        return FieldComparison(field: field, constant: constant, isFlipped: isFlipped)
      }
      if type == .double, case .int(let value) = constant {
        return FieldComparison(
          field: field, constant: .double(Double(value)), isFlipped: isFlipped)
      }
    }
    return nil
  }

  /// Whether one instruction does the node and both its operands.
  func isFused(_ node: CheckedTree.Node) -> Bool { fieldComparison(node) != nil }

  mutating func emitFusedComparison(
    _ node: CheckedTree.Node, mask: UInt8, into register: Int
  ) throws(TooWide) {
    guard let comparison = fieldComparison(node) else { return }
    let operation: Operation
    let operand: Int
    switch comparison.constant {
    case .string(let text):
      operation = .compareFieldText
      operand = addText(text)
    case .double:
      operation = .compareFieldDouble
      operand = addConstant(comparison.constant.bits)
    default:
      operation = .compareFieldInt
      operand = addConstant(comparison.constant.bits)
    }
    try append(
      operation, target: register, left: schema.fields[comparison.field].isNullable ? 1 : 0,
      right: Int(comparison.isFlipped ? Self.flipped(mask) : mask), field: comparison.field,
      operand: operand, at: node.offset)
  }

  /// Compares the register, which holds the first operand, with the second.
  mutating func emitComparison(
    _ node: CheckedTree.Node, mask: UInt8, in register: Int
  ) throws(TooWide) {
    let (first, second) = (operand(node, 0), operand(node, 1))
    let types = (first.type, second.type)
    let isMixed = types == (.int, .double) || types == (.double, .int)
    if isMixed, first.type == .int {
      try append(.widen, target: register, left: register, at: node.offset)
    }
    try emit(second, into: register + 1)
    if isMixed, second.type == .int {
      try append(.widen, target: register + 1, left: register + 1, at: node.offset)
    }
    let type = isMixed ? .double : first.type == .null ? second.type : first.type
    let operation: Operation =
      type == .double ? .compareDouble : type == .string ? .compareText : .compareInt
    try append(
      operation, target: register, left: register, right: register + 1, operand: Int(mask),
      at: node.offset)
  }

  /// The mask that says the same of the two values exchanged.
  private static func flipped(_ mask: UInt8) -> UInt8 {
    (mask & 0b1010) | (mask & 1) << 2 | (mask & 4) >> 2
  }
}
