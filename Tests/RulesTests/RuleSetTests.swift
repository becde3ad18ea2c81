import Testing

@testable import Rules

@Suite struct RuleSetTests {
  private func rules() throws -> RuleSet {
    try RuleSet(
      [
        RuleDefinition(name: "fast", when: "f.count_1h > 5", reason: "R1", action: 2),
        RuleDefinition(name: "large", when: "tx.amount > 100", reason: "R2", action: 1),
        RuleDefinition(name: "share", when: "100 / tx.items > 10", reason: "R3", action: 1),
        RuleDefinition(name: "abroad", when: "tx.country != 'DE'", reason: "R4", action: 0),
      ], schema: CardSchema.make())
  }

  private func row(amount: Double, items: Int64, country: String, count: Int64?) throws -> RuleRow {
    var row = RuleRow(try CardSchema.make())
    row.set(0, double: amount)
    try row.set(1, string: country)
    row.set(3, int: items)
    if let count { row.set(5, int: count) }
    return row
  }

  @Test func `the first rule that matches wins`() throws {
    let rules = try rules()
    let match = rules.firstMatch(try row(amount: 200, items: 1, country: "NG", count: 3))
    #expect(match.rule == 1 && match.count == 1 && match.failures == 0)
    #expect(rules.rules[1].reason == "R2" && rules.rules[1].action == 1)
    let none = rules.firstMatch(try row(amount: 1, items: 50, country: "DE", count: 3))
    #expect(none == RuleMatch())
  }

  @Test func `a rule that fails does not match and is counted`() throws {
    let rules = try rules()
    let match = rules.firstMatch(try row(amount: 1, items: 0, country: "NG", count: nil))
    #expect(match.rule == 3 && match.failures == 2)
    #expect(match.failedRule == 0)
    #expect(match.failure?.reason == .nullOperand && match.failure?.field == 5)
    let failure = try #require(match.failure)
    #expect(
      rules.conditions[0].describe(failure, schema: try CardSchema.make())
        == "1:12: null where a value is needed ('f.count_1h')")
  }

  @Test func `all rules that match are listed as far as there is room`() throws {
    let rules = try rules()
    let row = try row(amount: 200, items: 1, country: "NG", count: 9)
    var four = InlineArray<4, UInt16>(repeating: 99)
    var span = four.mutableSpan
    var match = rules.allMatches(row, into: &span)
    #expect(match.count == 4 && match.rule == 0)
    #expect((0..<4).map { four[$0] } == [0, 1, 2, 3])
    var two = InlineArray<2, UInt16>(repeating: 99)
    var small = two.mutableSpan
    match = rules.allMatches(row, into: &small)
    #expect(match.count == 4)
    #expect(two[0] == 0 && two[1] == 1)
  }

  @Test func `a null condition is a failure`() throws {
    let schema = try RuleSchema([RuleField("flag", .bool, isNullable: true)])
    let rules = try RuleSet(
      [RuleDefinition(name: "flag", when: "flag", reason: "F", action: 0)], schema: schema)
    var row = RuleRow(schema)
    let match = rules.firstMatch(row)
    #expect(match.rule == nil && match.failures == 1 && match.failure?.field == 0)
    #expect(throws: RuleFailure.self) { try rules.conditions[0].evaluateBool(row) }
    row.set(0, bool: true)
    #expect(rules.firstMatch(row).rule == 0)
    #expect(try rules.conditions[0].evaluateBool(row))
  }

  @Test func `every problem of every rule is reported`() throws {
    let error = #expect(throws: RuleSetProblems.self) {
      try RuleSet(
        [
          RuleDefinition(name: "a", when: "tx.items", reason: "A", action: 0),
          RuleDefinition(name: "a", when: "true", reason: "A", action: 0),
          RuleDefinition(name: "b", when: "x > 1 && y", reason: "B", action: 0),
        ], schema: CardSchema.make())
    }
    #expect(error?.problems.map(\.rule) == [0, 1, 2, 2])
    #expect(error?.problems[1].text == "rule 'a': another rule has this name")
    #expect(error?.problems[3].problem?.column == 10)
  }
}
