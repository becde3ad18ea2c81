import Testing

@testable import Rules

@Suite struct LimitTests {
  @Test func `an expression is bounded in bytes`() throws {
    let most = "true" + String(repeating: " ", count: RuleLimits.sourceBytes - 4)
    #expect(try CardSchema.problems(most) == "")
    #expect(
      try CardSchema.problems(most + " ")
        == "1:1: the expression has 16385 bytes; the most is 16384")
  }

  @Test(arguments: [("(", ")"), ("math.abs(", ")"), ("-(", ")"), ("true ? 1 : ", "")])
  func `an expression is bounded in depth`(open: String, close: String) throws {
    func nested(_ count: Int) -> String {
      String(repeating: open, count: count) + "1" + String(repeating: close, count: count)
    }
    #expect(try CardSchema.problems(nested(RuleLimits.depth - 1)) == "")
    #expect(
      try CardSchema.problems(nested(RuleLimits.depth))
        .contains("the expression is more than 64 levels deep: split it"))
    #expect(try CardSchema.problems(nested(1_300)).contains("64 levels"))
  }

  @Test func `an expression is bounded in parts`() throws {
    let most = "1" + String(repeating: "+1", count: 2_047)
    #expect(try CardSchema.problems(most) == "")
    #expect(
      try CardSchema.problems(most + "+1").hasSuffix(
        "the expression has more than 4096 parts: split it"))
  }

  @Test func `a list is bounded in elements`() throws {
    let elements = (0..<RuleLimits.listElements).map(String.init).joined(separator: ",")
    #expect(try CardSchema.problems("tx.items in [\(elements)]") == "")
    #expect(
      try CardSchema.problems("tx.items in [\(elements),1]").hasSuffix(
        "a list has at most 1024 elements"))
  }

  @Test func `an expression that holds too many values at once is refused`() throws {
    let shallow = "tx.items < tx.items + tx.items * (tx.items - (tx.items * tx.items))"
    #expect(try CardSchema.problems(shallow) == "")
    let wide = (0..<40).reduce("tx.items") { text, _ in "tx.items + tx.items * (\(text))" }
    #expect(try CardSchema.problems(wide).contains("holds too many values at once"))
    let message = try CardSchema.problems(wide)
    #expect(message.contains("more than 64 levels") == false)
  }

  @Test func `a long chain compiles and evaluates without recursion`() throws {
    let schema = try CardSchema.make()
    var row = RuleRow(schema)
    row.set(3, int: 2)
    row.set(2, bool: true)
    let sum = try CompiledExpression(
      "tx.items" + String(repeating: "+tx.items", count: 1_700), schema: schema)
    #expect(sum.evaluate(row) == .int(3_402))
    let relations = try CompiledExpression(
      "tx.is_3ds" + String(repeating: "==tx.is_3ds", count: 1_400), schema: schema)
    #expect(relations.evaluate(row) == .bool(true))
    let members = try CompiledExpression(
      "tx.is_3ds" + String(repeating: " in[true]", count: 1_300), schema: schema)
    #expect(members.evaluate(row) == .bool(true))
    let all = try CompiledExpression(
      "tx.is_3ds" + String(repeating: "&&tx.is_3ds", count: 1_300), schema: schema)
    #expect(all.evaluate(row) == .bool(true))
  }

  @Test func `the strings of a row are bounded`() throws {
    let schema = try CardSchema.make()
    var row = RuleRow(schema)
    try row.set(1, string: String(repeating: "a", count: RuleLimits.rowStringBytes))
    let error = #expect(throws: RuleRowError.self) { try row.set(1, string: "b") }
    #expect(error?.bytes == RuleLimits.rowStringBytes + 1)
    #expect(!row.has(1))
    row.clear()
    try row.set(1, string: "b")
    #expect(row.has(1))
  }

  @Test func `every member of a large list is found and nothing else`() throws {
    let schema = try CardSchema.make()
    let numbers = (0..<1_000).map { String($0 * 3) }
    let ints = try CompiledExpression(
      "tx.items in [\(numbers.joined(separator: ","))]", schema: schema)
    let doubles = try CompiledExpression(
      "tx.amount in [\(numbers.joined(separator: ","))]", schema: schema)
    let words = numbers.map { "'merchant-\($0)'" }
    let texts = try CompiledExpression(
      "tx.country in [\(words.joined(separator: ","))]", schema: schema)
    var row = RuleRow(schema)
    for value in -1..<3_001 {
      row.clear()
      row.set(3, int: Int64(value))
      row.set(0, double: Double(value))
      try row.set(1, string: "merchant-\(value)")
      let expected = RuleResult.bool(value >= 0 && value < 3_000 && value % 3 == 0)
      #expect(ints.evaluate(row) == expected)
      #expect(doubles.evaluate(row) == expected)
      #expect(texts.evaluate(row) == expected)
    }
  }
}
