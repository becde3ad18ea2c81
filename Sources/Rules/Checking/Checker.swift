/// Resolves names, checks types and folds constants, in one pass over the syntax tree.
struct Checker {
  let source: [UInt8]
  let schema: RuleSchema
  let syntax: SyntaxTree
  var checked = CheckedTree()
  var problems: [RuleProblem] = []

  /// The checked tree of an expression.
  ///
  /// - Throws: every problem of the expression.
  static func check(
    _ syntax: SyntaxTree, source: [UInt8], schema: RuleSchema, expecting expected: RuleType?
  ) throws(RuleProblems) -> CheckedTree {
    var checker = Checker(source: source, schema: schema, syntax: syntax)
    checker.checked.nodes.reserveCapacity(syntax.nodes.count)
    for node in syntax.nodes {
      let result = checker.check(node)
      checker.checked.nodes.append(result.map { checker.fold($0) })
    }
    if let root = checker.value(syntax.root), let expected, root.type != expected {
      checker.report(
        "expected \(Self.article(expected)), found \(Self.article(root.type))"
          + Self.fix(from: root.type, to: expected), at: root.offset)
    }
    guard checker.problems.isEmpty else { throw RuleProblems(checker.problems) }
    return checker.checked
  }

  private init(source: [UInt8], schema: RuleSchema, syntax: SyntaxTree) {
    self.source = source
    self.schema = schema
    self.syntax = syntax
  }

  /// Problems beyond so many are left out: each names its place and a suggestion, at a cost.
  private static let mostProblems = 100

  mutating func report(_ message: String, at offset: Int) {
    guard problems.count < Self.mostProblems else { return }
    problems.append(RuleProblem(offset: offset, in: source, message: message))
  }

  /// A node as an operand: `nil` if it has a problem, or gets one here because it is a list.
  mutating func value(_ index: Int) -> CheckedTree.Node? {
    guard let node = checked.nodes[index] else { return nil }
    if case .list = node.operation {
      report("a list stands only at the right of 'in' and in size()", at: node.offset)
      return nil
    }
    return node
  }

  /// All operands, or `nil` if one has a problem.
  mutating func values(_ indices: [Int]) -> [CheckedTree.Node]? {
    var result: [CheckedTree.Node] = []
    for index in indices {
      if let node = value(index) { result.append(node) }
    }
    return result.count == indices.count ? result : nil
  }

  private mutating func check(_ node: SyntaxTree.Node) -> CheckedTree.Node? {
    switch node.kind {
    case .literal(let constant):
      return Self.constant(constant, offset: node.offset)
    case .name(let name):
      return checkName(name, node)
    case .not(let operand):
      return checkLogic(.not, "!", [operand], node)
    case .all(let operands):
      return checkLogic(.all, "&&", operands, node)
    case .any(let operands):
      return checkLogic(.any, "||", operands, node)
    case .negate(let operand):
      return checkNegation(operand, node)
    case .binary(.isIn, let element, let list):
      return checkMembership(element, list, node)
    case .binary(let operation, let left, let right):
      return operation.mask == nil
        ? checkArithmetic(operation, left, right, node)
        : checkRelation(operation, left, right, node)
    case .conditional(let condition, let whenTrue, let whenFalse):
      return checkConditional(condition, whenTrue, whenFalse, node)
    case .list(let elements):
      return checkList(elements, node)
    case .call(let target, let function, let arguments):
      return checkCall(function, target: target, arguments, node)
    }
  }

  static func constant(_ value: RuleConstant, offset: Int) -> CheckedTree.Node {
    CheckedTree.Node(
      operation: .constant(value), type: value.type, isNullable: value == .null, operands: [],
      offset: offset)
  }

  private mutating func checkName(_ name: String, _ node: SyntaxTree.Node) -> CheckedTree.Node? {
    guard let index = schema.index(of: name) else {
      report("no field is named '\(name)'" + hint(for: name), at: node.offset)
      return nil
    }
    let field = schema.fields[index]
    return CheckedTree.Node(
      operation: .field(index), type: field.type, isNullable: field.isNullable, operands: [],
      offset: node.offset)
  }

  private func hint(for name: String) -> String {
    guard problems.count < Self.mostProblems else { return "" }
    if let near = schema.suggestion(for: name) { return ": did you mean '\(near)'?" }
    let inside = schema.fields.lazy.map(\.name).filter { $0.hasPrefix(name + ".") }.prefix(3)
    if !inside.isEmpty { return ": it has the fields \(inside.joined(separator: ", "))" }
    let fields = schema.fields.map(\.name)
    guard !fields.isEmpty else { return ": the schema declares no fields" }
    let shown = fields.prefix(8).joined(separator: ", ")
    return ": the fields are \(shown)" + (fields.count > 8 ? " and \(fields.count - 8) more" : "")
  }

  private mutating func checkLogic(
    _ operation: CheckedOperation, _ sign: String, _ operands: [Int], _ node: SyntaxTree.Node
  ) -> CheckedTree.Node? {
    var isFine = true
    for operand in operands {
      guard let value = value(operand) else {
        isFine = false
        continue
      }
      guard value.type != .bool else { continue }
      let advice = value.type == .null ? "" : ": compare it with something"
      report(
        "'\(sign)' needs a bool, found \(Self.article(value.type))\(advice)", at: value.offset)
      isFine = false
    }
    guard isFine else { return nil }
    return CheckedTree.Node(
      operation: operation, type: .bool, isNullable: false, operands: operands,
      offset: node.offset)
  }

  private mutating func checkConditional(
    _ condition: Int, _ whenTrue: Int, _ whenFalse: Int, _ node: SyntaxTree.Node
  ) -> CheckedTree.Node? {
    guard let values = values([condition, whenTrue, whenFalse]) else { return nil }
    if values[0].type != .bool {
      report(
        "the condition before '?' must be a bool, found \(Self.article(values[0].type))",
        at: values[0].offset)
      return nil
    }
    let (first, second) = (values[1], values[2])
    guard first.type == second.type || first.type == .null || second.type == .null else {
      report(
        "both values of '?:' must have one type, found \(first.type.rawValue) and "
          + second.type.rawValue + Self.mixedNumbersFix(first, second), at: node.offset)
      return nil
    }
    return CheckedTree.Node(
      operation: .conditional, type: first.type == .null ? second.type : first.type,
      isNullable: first.isNullable || second.isNullable,
      operands: [condition, whenTrue, whenFalse], offset: node.offset)
  }

  static func article(_ type: RuleType) -> String {
    type == .null ? "null" : type == .int ? "an int" : "a \(type.rawValue)"
  }

  static func fix(from found: RuleType, to expected: RuleType) -> String {
    switch (found, expected) {
    case (.int, .double): ": write double(…)"
    case (.double, .int): ": write int(…), which drops the fraction"
    case (.string, .int): ": write int(…)"
    case (.int, .bool), (.double, .bool), (.string, .bool): ": compare it with something"
    default: ""
    }
  }

  /// What to write where an int meets a double.
  static func mixedNumbersFix(_ a: CheckedTree.Node, _ b: CheckedTree.Node) -> String {
    guard a.type != b.type, a.type.isNumber, b.type.isNumber else { return "" }
    let int = a.type == .int ? a : b
    if case .constant(.int(let value)) = int.operation { return ": write \(value).0" }
    return ": write double(…) around the int"
  }
}
