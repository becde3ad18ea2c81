import Foundation
import Testing

@testable import Rules

@Suite struct RandomExpressionTests {
  @Test func `random expressions give what a walk over their tree gives`() throws {
    let seed = SeededGenerator.seed(from: ProcessInfo.processInfo.environment)
    print("RULES_SEED=\(seed)")
    var generator = SampleGenerator(random: SeededGenerator(seed: seed))
    let schema = try RuleSchema(SampleGenerator.fields)
    var row = RuleRow(schema)
    var failures = 0
    for index in 0..<6_000 {
      let type = [RuleType.bool, .bool, .int, .double, .string][index % 5]
      let sample = generator.sample(type, depth: 1 + index % 6)
      let text = sample.text
      guard text.utf8.count < RuleLimits.sourceBytes else { continue }
      let compiled = try CompiledExpression(text, schema: schema)
      for _ in 0..<4 {
        let values = generator.row()
        try fill(&row, values, schema)
        let expected = sample.value(values)
        let found = value(of: compiled, row)
        if expected == .failed { failures += 1 }
        guard same(found, expected) else {
          Issue.record("seed \(seed): \(text) gave \(found), not \(expected), for \(values)")
          return
        }
      }
    }
    // Failures are an interesting part of the samples, not most of them.
    #expect(failures > 500 && failures < 18_000)
  }

  @Test func `a set of rules gives what its conditions give one by one`() throws {
    let seed = SeededGenerator.seed(from: ProcessInfo.processInfo.environment)
    print("RULES_SEED=\(seed)")
    var generator = SampleGenerator(random: SeededGenerator(seed: seed))
    let schema = try RuleSchema(SampleGenerator.fields)
    let definitions = (0..<60).map { index in
      RuleDefinition(
        name: "rule \(index)", when: generator.sample(.bool, depth: 4).text, reason: "R",
        action: index)
    }
    let rules = try RuleSet(definitions, schema: schema)
    var row = RuleRow(schema)
    for _ in 0..<200 {
      try fill(&row, generator.row(), schema)
      var matching: [Int] = []
      var failing: [Int] = []
      for (index, condition) in rules.conditions.enumerated() {
        switch condition.evaluate(row) {
        case .bool(true): matching.append(index)
        case .bool: break
        default: failing.append(index)
        }
      }
      var buffer = InlineArray<60, UInt16>(repeating: 0)
      var span = buffer.mutableSpan
      let all = rules.allMatches(row, into: &span)
      #expect((0..<all.count).map { Int(buffer[$0]) } == matching, "seed \(seed)")
      #expect(all.failures == failing.count && all.failedRule == failing.first, "seed \(seed)")
      if let first = failing.first,
        case .failure(let failure) = rules.conditions[first].evaluate(row)
      {
        #expect(all.failure == failure, "seed \(seed)")
      }
      #expect(rules.firstMatch(row).rule == matching.first, "seed \(seed)")
    }
  }

  private func fill(
    _ row: inout RuleRow, _ values: [String: Sample.Value], _ schema: RuleSchema
  ) throws {
    row.clear()
    for (name, value) in values {
      let index = try #require(schema.index(of: name))
      switch value {
      case .bool(let value): row.set(index, bool: value)
      case .int(let value): row.set(index, int: value)
      case .double(let value): row.set(index, double: value)
      case .string(let value): try row.set(index, string: value)
      case .null, .failed: break
      }
    }
  }

  private func value(of compiled: CompiledExpression, _ row: RuleRow) -> Sample.Value {
    switch compiled.evaluate(row) {
    case .bool(let value): .bool(value)
    case .int(let value): .int(value)
    case .double(let value): .double(value)
    case .string(let place): .string(compiled.text(place, in: row))
    case .null: .null
    case .duration, .timestamp, .failure: .failed
    }
  }

  private func same(_ a: Sample.Value, _ b: Sample.Value) -> Bool {
    if case .double(let x) = a, case .double(let y) = b {
      return x.bitPattern == y.bitPattern || x.isNaN && y.isNaN
    }
    if case .string(let x) = a, case .string(let y) = b { return Array(x.utf8) == Array(y.utf8) }
    return a == b
  }
}
