extension Checker {
  mutating func checkCall(
    _ function: String, target: Int?, _ arguments: [Int], _ node: SyntaxTree.Node
  ) -> CheckedTree.Node? {
    if target == nil, function == "has" { return checkPresence(arguments, node) }
    if target == nil, function == "size", arguments.count == 1,
      case .list(let constants) = checked.nodes[arguments[0]]?.operation
    {
      return Self.constant(.int(Int64(constants.count)), offset: node.offset)
    }
    let indices = (target.map { [$0] } ?? []) + arguments
    guard let operands = values(indices) else { return nil }
    if target == nil, let extreme = ["math.greatest": true, "math.least": false][function] {
      return checkExtreme(function, isGreatest: extreme, indices, operands, node)
    }
    let name = target == nil ? function : ".\(function)"
    let overloads = RuleFunction.named(name)
    guard !overloads.isEmpty else {
      report(RuleFunction.unknown(name), at: node.offset)
      return nil
    }
    let types = operands.map(\.type)
    guard let match = overloads.first(where: { $0.parameters == types }) else {
      let offered = overloads.map(\.signature).joined(separator: " or ")
      let found = types.map(\.rawValue).joined(separator: ", ")
      report("\(name)(\(found)) does not exist; there is \(offered)", at: node.offset)
      return nil
    }
    return build(match, operands, indices, node)
  }

  /// The node of one overload whose parameters fit.
  private mutating func build(
    _ function: RuleFunction, _ operands: [CheckedTree.Node], _ indices: [Int],
    _ node: SyntaxTree.Node
  ) -> CheckedTree.Node? {
    switch function.kind {
    case .instruction(let instruction):
      return CheckedTree.Node(
        operation: .function(instruction), type: function.result, isNullable: false,
        operands: indices, offset: node.offset)
    case .constant(let parse):
      guard case .constant(.string(let text)) = operands[0].operation else {
        report(
          "\(function.name)() reads only constant text: declare the field as "
            + "\(function.result.rawValue)", at: operands[0].offset)
        return nil
      }
      guard let value = parse(text) else {
        report(
          "'\(text)' is no \(function.result.rawValue): \(function.form)",
          at: operands[0].offset)
        return nil
      }
      return Self.constant(value, offset: node.offset)
    case .contains:
      guard case .constant(.string(let text)) = operands[1].operation else {
        report("contains() looks only for constant text", at: operands[1].offset)
        return nil
      }
      return CheckedTree.Node(
        operation: .contains(text), type: .bool, isNullable: false, operands: [indices[0]],
        offset: node.offset)
    }
  }

  private mutating func checkPresence(
    _ arguments: [Int], _ node: SyntaxTree.Node
  ) -> CheckedTree.Node? {
    guard arguments.count == 1 else {
      report("has() takes one field, found \(arguments.count) arguments", at: node.offset)
      return nil
    }
    guard let argument = checked.nodes[arguments[0]] else { return nil }
    guard case .field(let index) = argument.operation else {
      report("has() takes the name of a field", at: argument.offset)
      return nil
    }
    return CheckedTree.Node(
      operation: .isPresent(index), type: .bool, isNullable: false, operands: [],
      offset: node.offset)
  }

  private mutating func checkExtreme(
    _ function: String, isGreatest: Bool, _ indices: [Int], _ operands: [CheckedTree.Node],
    _ node: SyntaxTree.Node
  ) -> CheckedTree.Node? {
    guard let first = operands.first else {
      report("\(function)() needs at least one number", at: node.offset)
      return nil
    }
    for operand in operands where !operand.type.isNumber {
      report(
        "\(function)() takes numbers, found \(Self.article(operand.type))",
        at: operand.offset)
      return nil
    }
    if let other = operands.first(where: { $0.type != first.type }) {
      report(
        "\(function)() takes numbers of one type, found \(first.type.rawValue) and "
          + other.type.rawValue + Self.mixedNumbersFix(first, other), at: other.offset)
      return nil
    }
    return CheckedTree.Node(
      operation: .extreme(isGreatest: isGreatest), type: first.type, isNullable: false,
      operands: indices, offset: node.offset)
  }
}
