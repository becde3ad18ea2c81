/// Reads an expression by recursive descent, along the grammar of CEL.
struct Parser {
  /// Thrown to leave the descent; the problem itself is in ``problem``.
  struct Stopped: Error {}

  let source: [UInt8]
  let tokens: [Token]
  var index = 0
  var depth = 0
  var tree = SyntaxTree()
  var problem: RuleProblem?

  /// The tree of `source`.
  ///
  /// - Throws: every problem of single words, or else the first place that the grammar does not
  ///   allow.
  static func parse(_ source: [UInt8]) throws(RuleProblems) -> SyntaxTree {
    guard source.count <= RuleLimits.sourceBytes else {
      throw RuleProblems([
        RuleProblem(
          offset: 0, in: source,
          message: "the expression has \(source.count) bytes; the most is "
            + "\(RuleLimits.sourceBytes)")
      ])
    }
    let (tokens, problems) = Lexer.tokens(of: source)
    guard problems.isEmpty else { throw RuleProblems(problems) }
    var parser = Parser(source: source, tokens: tokens)
    do throws(Stopped) {
      let root = try parser.parseExpression()
      guard parser.current.kind == .end else {
        try parser.stop("expected an operator or the end, found \(parser.current.spelling)")
      }
      precondition(root == parser.tree.root, "the root of a tree is its last node")
    } catch {
      throw RuleProblems(parser.problem.map { [$0] } ?? [])
    }
    return parser.tree
  }

  private init(source: [UInt8], tokens: [Token]) {
    self.source = source
    self.tokens = tokens
  }

  var current: Token { tokens[index] }

  /// The end of the last word read.
  var endOffset: Int { index == 0 ? 0 : tokens[index - 1].range.upperBound }

  mutating func stop(_ message: String, at offset: Int? = nil) throws(Stopped) -> Never {
    problem = RuleProblem(
      offset: offset ?? current.range.lowerBound, in: source, message: message)
    throw Stopped()
  }

  mutating func accept(_ symbol: Token.Symbol) -> Bool {
    guard current.kind == .symbol(symbol) else { return false }
    index += 1
    return true
  }

  mutating func expect(_ symbol: Token.Symbol, _ purpose: String) throws(Stopped) {
    guard !accept(symbol) else { return }
    try stop("expected '\(symbol.rawValue)' \(purpose), found \(current.spelling)")
  }

  mutating func add(_ kind: SyntaxTree.Kind, offset: Int, from start: Int) throws(Stopped) -> Int {
    guard tree.nodes.count < RuleLimits.nodes else {
      try stop(
        "the expression has more than \(RuleLimits.nodes) parts: split it", at: offset)
    }
    tree.nodes.append(SyntaxTree.Node(kind: kind, offset: offset, range: start..<endOffset))
    return tree.nodes.count - 1
  }

  func start(of node: Int) -> Int { tree.nodes[node].range.lowerBound }

  /// `a ? b : c`, or anything that binds closer.
  mutating func parseExpression() throws(Stopped) -> Int {
    depth += 1
    defer { depth -= 1 }
    guard depth <= RuleLimits.depth else {
      try stop("the expression is more than \(RuleLimits.depth) levels deep: split it")
    }
    let start = current.range.lowerBound
    let condition = try parseAny()
    let mark = current.range.lowerBound
    guard accept(.question) else { return condition }
    let whenTrue = try parseAny()
    try expect(.colon, "and the value when the condition is false")
    let whenFalse = try parseExpression()
    return try add(.conditional(condition, whenTrue, whenFalse), offset: mark, from: start)
  }

  private mutating func parseAny() throws(Stopped) -> Int {
    let start = current.range.lowerBound
    var operands = [try parseAll()]
    let mark = current.range.lowerBound
    while accept(.or) { operands.append(try parseAll()) }
    return operands.count == 1
      ? operands[0] : try add(.any(operands), offset: mark, from: start)
  }

  private mutating func parseAll() throws(Stopped) -> Int {
    let start = current.range.lowerBound
    var operands = [try parseRelation()]
    let mark = current.range.lowerBound
    while accept(.and) { operands.append(try parseRelation()) }
    return operands.count == 1
      ? operands[0] : try add(.all(operands), offset: mark, from: start)
  }

  private mutating func parseRelation() throws(Stopped) -> Int {
    let relations: [Token.Symbol: BinaryOperator] = [
      .less: .less, .lessOrEqual: .lessOrEqual, .greater: .greater, .equal: .equal,
      .greaterOrEqual: .greaterOrEqual, .notEqual: .notEqual,
    ]
    let start = current.range.lowerBound
    var left = try parseSum()
    while true {
      let mark = current
      let operation: BinaryOperator
      if case .symbol(let symbol) = mark.kind, let relation = relations[symbol] {
        operation = relation
      } else if mark.kind == .identifier("in") {
        operation = .isIn
      } else {
        return left
      }
      index += 1
      let right = try parseSum()
      left = try add(
        .binary(operation, left, right), offset: mark.range.lowerBound, from: start)
    }
  }

  private mutating func parseSum() throws(Stopped) -> Int {
    let start = current.range.lowerBound
    var left = try parseProduct()
    while true {
      let mark = current.range.lowerBound
      let operation: BinaryOperator
      if accept(.plus) {
        operation = .add
      } else if accept(.minus) {
        operation = .subtract
      } else {
        return left
      }
      let right = try parseProduct()
      left = try add(.binary(operation, left, right), offset: mark, from: start)
    }
  }

  private mutating func parseProduct() throws(Stopped) -> Int {
    let start = current.range.lowerBound
    var left = try parseUnary()
    while true {
      let mark = current.range.lowerBound
      let operation: BinaryOperator
      if accept(.times) {
        operation = .multiply
      } else if accept(.over) {
        operation = .divide
      } else if accept(.modulo) {
        operation = .modulo
      } else {
        return left
      }
      let right = try parseUnary()
      left = try add(.binary(operation, left, right), offset: mark, from: start)
    }
  }
}
