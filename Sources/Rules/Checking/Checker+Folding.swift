extension Checker {
  /// The node with what is known while compiling worked out; the value never changes by it.
  ///
  /// What fails while compiling stays as it is: it fails for the rows that reach it.
  func fold(_ node: CheckedTree.Node) -> CheckedTree.Node {
    switch node.operation {
    case .constant, .field, .isPresent, .list: return node
    case .all: return foldLogic(node, absorbing: false)
    case .any: return foldLogic(node, absorbing: true)
    case .conditional: return foldConditional(node)
    default: break
    }
    let operands = node.operands.compactMap { checked.nodes[$0]?.operation.constant }
    guard operands.count == node.operands.count,
      let program = try? CodeGenerator.program(of: node, in: checked, schema: schema),
      let value = program.constantResult(type: node.type)
    else { return node }
    return Self.constant(value, offset: node.offset)
  }

  /// `false` decides `&&` and `true` decides `||`, whatever stands beside it, even a failure.
  private func foldLogic(_ node: CheckedTree.Node, absorbing: Bool) -> CheckedTree.Node {
    var rest: [Int] = []
    for operand in node.operands {
      guard let constant = checked.nodes[operand]?.operation.constant else {
        rest.append(operand)
        continue
      }
      if constant == .bool(absorbing) {
        return Self.constant(constant, offset: node.offset)
      }
    }
    guard !rest.isEmpty else { return Self.constant(.bool(!absorbing), offset: node.offset) }
    var result = node
    result.operands = rest
    return result
  }

  private func foldConditional(_ node: CheckedTree.Node) -> CheckedTree.Node {
    guard case .bool(let condition)? = checked.nodes[node.operands[0]]?.operation.constant,
      var branch = checked.nodes[node.operands[condition ? 1 : 2]]
    else { return node }
    branch.type = node.type
    return branch
  }
}
