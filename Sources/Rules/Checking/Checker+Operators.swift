extension Checker {
  mutating func checkNegation(_ operand: Int, _ node: SyntaxTree.Node) -> CheckedTree.Node? {
    guard let value = value(operand) else { return nil }
    guard value.type.isNumber else {
      report("'-' needs a number, found \(Self.article(value.type))", at: node.offset)
      return nil
    }
    return CheckedTree.Node(
      operation: .negate, type: value.type, isNullable: false, operands: [operand],
      offset: node.offset)
  }

  mutating func checkArithmetic(
    _ operation: BinaryOperator, _ left: Int, _ right: Int, _ node: SyntaxTree.Node
  ) -> CheckedTree.Node? {
    guard let values = values([left, right]) else { return nil }
    let types = (values[0].type, values[1].type)
    guard let type = Self.resultType(operation, types.0, types.1) else {
      if operation == .add, types == (.string, .string) {
        return concatenation(values, node)
      }
      report(
        "'\(operation.rawValue)' has no meaning for \(types.0.rawValue) and \(types.1.rawValue)"
          + advice(operation, values[0], values[1]), at: node.offset)
      return nil
    }
    return CheckedTree.Node(
      operation: .arithmetic(operation), type: type, isNullable: false, operands: [left, right],
      offset: node.offset)
  }

  private static func resultType(
    _ operation: BinaryOperator, _ left: RuleType, _ right: RuleType
  ) -> RuleType? {
    switch (operation, left, right) {
    case (_, .int, .int): .int
    case (.modulo, .double, .double): nil
    case (_, .double, .double): .double
    case (.add, .duration, .duration), (.subtract, .duration, .duration): .duration
    case (.subtract, .timestamp, .timestamp): .duration
    case (.add, .timestamp, .duration), (.subtract, .timestamp, .duration): .timestamp
    case (.add, .duration, .timestamp): .timestamp
    default: nil
    }
  }

  private func advice(
    _ operation: BinaryOperator, _ left: CheckedTree.Node, _ right: CheckedTree.Node
  ) -> String {
    if operation == .modulo, left.type.isNumber, right.type.isNumber {
      return ": the remainder is of ints; write int(…)"
    }
    return Self.mixedNumbersFix(left, right)
  }

  /// Strings join only while compiling: an evaluation never allocates.
  private mutating func concatenation(
    _ values: [CheckedTree.Node], _ node: SyntaxTree.Node
  ) -> CheckedTree.Node? {
    guard case .constant(.string(let first)) = values[0].operation,
      case .constant(.string(let second)) = values[1].operation
    else {
      report(
        "strings join only where both are constant: compare the parts one by one",
        at: node.offset)
      return nil
    }
    return Self.constant(.string(first + second), offset: node.offset)
  }

  mutating func checkRelation(
    _ operation: BinaryOperator, _ left: Int, _ right: Int, _ node: SyntaxTree.Node
  ) -> CheckedTree.Node? {
    guard let values = values([left, right]), let mask = operation.mask else { return nil }
    let (first, second) = (values[0], values[1])
    let isEquality = operation == .equal || operation == .notEqual
    let meetsNull = first.type == .null || second.type == .null
    guard first.type == second.type || first.type.isNumber && second.type.isNumber || meetsNull
    else {
      report(
        "'\(operation.rawValue)' compares \(Self.article(first.type)) with "
          + "\(Self.article(second.type)): both must have one type"
          + Self.comparisonFix(first, second), at: node.offset)
      return nil
    }
    if meetsNull {
      guard isEquality else {
        report("null has no order: test it with '==', '!=' or has()", at: node.offset)
        return nil
      }
      guard first.isNullable && second.isNullable else {
        let other = first.type == .null ? second : first
        report(
          "this \(other.type.rawValue) is never null: the comparison says nothing",
          at: other.offset)
        return nil
      }
    }
    return CheckedTree.Node(
      operation: .compare(mask: mask), type: .bool, isNullable: false, operands: [left, right],
      offset: node.offset)
  }

  private static func comparisonFix(_ a: CheckedTree.Node, _ b: CheckedTree.Node) -> String {
    let types: Set = [a.type, b.type]
    if types == [.timestamp, .string] { return "; write timestamp('…')" }
    if types == [.duration, .string] { return "; write duration('…')" }
    if types == [.timestamp, .duration] { return "; subtract two timestamps for a duration" }
    if types == [.duration, .int] { return "; write duration('5s')" }
    return ""
  }

  mutating func checkList(_ elements: [Int], _ node: SyntaxTree.Node) -> CheckedTree.Node? {
    guard let values = values(elements) else { return nil }
    var constants: [RuleConstant] = []
    for value in values {
      guard let constant = value.operation.constant else {
        report(
          "the elements of a list must be constant: compare with '==' and '||'",
          at: value.offset)
        continue
      }
      constants.append(constant)
    }
    guard constants.count == values.count else { return nil }
    let typed = values.filter { $0.type != .null }
    if let first = typed.first,
      let other = typed.first(where: {
        $0.type != first.type && !($0.type.isNumber && first.type.isNumber)
      })
    {
      report(
        "a list of \(first.type.rawValue)s holds \(Self.article(other.type)): the elements "
          + "must have one type", at: other.offset)
      return nil
    }
    return CheckedTree.Node(
      operation: .list(constants), type: .null, isNullable: false, operands: [],
      offset: node.offset)
  }

  mutating func checkMembership(
    _ element: Int, _ list: Int, _ node: SyntaxTree.Node
  ) -> CheckedTree.Node? {
    guard let value = value(element), let right = checked.nodes[list] else { return nil }
    guard case .list(let constants) = right.operation else {
      report("'in' needs a list in brackets at its right, as in ['NG', 'RU']", at: right.offset)
      return nil
    }
    let typed = constants.filter { $0 != .null }
    if let first = typed.first, value.type != .null,
      first.type != value.type, !(first.type.isNumber && value.type.isNumber)
    {
      report(
        "\(Self.article(value.type)) is never in a list of \(first.type.rawValue)s",
        at: node.offset)
      return nil
    }
    guard let elements = comparable(typed, with: value.type, at: right.offset) else { return nil }
    return CheckedTree.Node(
      operation: .member(elements: elements, containsNull: typed.count != constants.count),
      type: .bool, isNullable: false, operands: [element], offset: node.offset)
  }

  /// The elements as values of the operand's own type; those that equal none are left out.
  private mutating func comparable(
    _ elements: [RuleConstant], with type: RuleType, at offset: Int
  ) -> [RuleConstant]? {
    var result: [RuleConstant] = []
    for element in elements {
      switch (type, element) {
      case (.int, .double(let value)):
        guard value.magnitude < 0x1p53 || !value.isFinite else {
          report("\(value) equals many ints: write the element as an int", at: offset)
          return nil
        }
        if let exact = Int64(exactly: value) { result.append(.int(exact)) }
      case (.double, .int(let value)):
        result.append(.double(Double(value)))
      case (.double, .double(let value)):
        if !value.isNaN { result.append(element) }
      case (.null, _): break
      default: result.append(element)
      }
    }
    return result
  }
}
