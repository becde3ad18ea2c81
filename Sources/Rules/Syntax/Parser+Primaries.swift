extension Parser {
  /// Signs before a value; an even number of them is none, as in CEL.
  mutating func parseUnary() throws(Stopped) -> Int {
    let start = current.range.lowerBound
    for sign in [Token.Symbol.not, .minus] where current.kind == .symbol(sign) {
      var count = 0
      while accept(sign) { count += 1 }
      if sign == .minus, count == 1, case .int(let digits) = current.kind {
        index += 1
        let literal = try addInteger(digits, isNegative: true, start: start)
        return try parseSelectors(of: literal, start: start)
      }
      if sign == .minus, count == 1, case .double(let value) = current.kind {
        index += 1
        let literal = try add(.literal(.double(-value)), offset: start, from: start)
        return try parseSelectors(of: literal, start: start)
      }
      let operand = try parseMember()
      guard count % 2 == 1 else { return operand }
      return try add(sign == .not ? .not(operand) : .negate(operand), offset: start, from: start)
    }
    return try parseMember()
  }

  private mutating func parseMember() throws(Stopped) -> Int {
    let start = current.range.lowerBound
    let primary = try parsePrimary()
    return try parseSelectors(of: primary, start: start)
  }

  /// `.name`, `.function(…)` after a value.
  private mutating func parseSelectors(of first: Int, start: Int) throws(Stopped) -> Int {
    var node = first
    while true {
      if current.kind == .symbol(.openBracket) {
        try stop("indexing is not supported: every value is a field of the schema")
      }
      guard accept(.dot) else { return node }
      let mark = current.range.lowerBound
      guard case .identifier(let selector) = current.kind,
        !["true", "false", "null", "in"].contains(selector)
      else { try stop("expected a name after '.', found \(current.spelling)") }
      index += 1
      if current.kind == .symbol(.open) {
        node = try parseCall(selector, target: node, offset: mark, start: start)
      } else if case .name(let name) = tree.nodes[node].kind, node == tree.root,
        tokens[index - 3].kind != .symbol(.close)
      {
        tree.nodes[node].kind = .name(name + "." + selector)
        tree.nodes[node].range = start..<endOffset
      } else {
        try stop(
          "'.\(selector)' selects from a value; only declared fields have names with dots",
          at: mark)
      }
    }
  }

  private mutating func parsePrimary() throws(Stopped) -> Int {
    let token = current
    let start = token.range.lowerBound
    switch token.kind {
    case .int(let digits):
      index += 1
      return try addInteger(digits, isNegative: false, start: start)
    case .double(let value):
      index += 1
      return try add(.literal(.double(value)), offset: start, from: start)
    case .string(let text):
      index += 1
      return try add(.literal(.string(text)), offset: start, from: start)
    case .identifier(let word):
      return try parseWord(word, start: start)
    case .symbol(.open):
      index += 1
      let inner = try parseExpression()
      try expect(.close, "to close the '(' before")
      return inner
    case .symbol(.openBracket):
      index += 1
      let elements = try parseArguments(until: .closeBracket, isList: true)
      return try add(.list(elements), offset: start, from: start)
    case .symbol(.openBrace):
      try stop("maps and messages are not supported: every value is a field of the schema")
    case .symbol(.dot):
      try stop("a name does not start with '.': write it in full")
    default:
      try stop("expected a value, found \(token.spelling)")
    }
  }

  private mutating func parseWord(_ word: String, start: Int) throws(Stopped) -> Int {
    let literals: [String: RuleConstant] = [
      "true": .bool(true), "false": .bool(false), "null": .null,
    ]
    if let literal = literals[word] {
      index += 1
      return try add(.literal(literal), offset: start, from: start)
    }
    guard !ReservedWords.all.contains(word) else {
      try stop("'\(word)' is a reserved word: expected a value")
    }
    index += 1
    if current.kind == .symbol(.open) {
      return try parseCall(word, target: nil, offset: start, start: start)
    }
    return try add(.name(word), offset: start, from: start)
  }

  private mutating func parseCall(
    _ function: String, target: Int?, offset: Int, start: Int
  ) throws(Stopped) -> Int {
    index += 1
    var name = function
    var receiver = target
    // `math.` is a name space, not a value.
    if let node = target, case .name("math") = tree.nodes[node].kind, node == tree.root {
      tree.nodes.removeLast()
      name = "math." + function
      receiver = nil
    }
    let arguments = try parseArguments(until: .close, isList: false)
    return try add(
      .call(target: receiver, function: name, arguments: arguments),
      offset: receiver == nil ? start : offset, from: start)
  }

  /// Expressions between commas, and the bracket that closes them; a list may end in a comma.
  private mutating func parseArguments(
    until close: Token.Symbol, isList: Bool
  ) throws(Stopped) -> [Int] {
    var arguments: [Int] = []
    while !accept(close) {
      arguments.append(try parseExpression())
      guard arguments.count <= RuleLimits.listElements else {
        try stop("a list has at most \(RuleLimits.listElements) elements")
      }
      if accept(.comma) {
        if !isList, current.kind == .symbol(close) {
          try stop("expected a value after ',', found \(current.spelling)")
        }
      } else {
        try expect(close, isList ? "or ',' in a list" : "or ',' after an argument")
        return arguments
      }
    }
    return arguments
  }

  private mutating func addInteger(
    _ digits: String, isNegative: Bool, start: Int
  ) throws(Stopped) -> Int {
    let isHexadecimal = digits.hasPrefix("0x")
    let text = (isNegative ? "-" : "") + (isHexadecimal ? String(digits.dropFirst(2)) : digits)
    guard let value = Int64(text, radix: isHexadecimal ? 16 : 10) else {
      try stop(
        "\(isNegative ? "-" : "")\(digits) does not fit into an int (64 bits): "
          + "write it as a double, with '.0'", at: start)
    }
    return try add(.literal(.int(value)), offset: start, from: start)
  }
}
