import Foundation
import Testing

@testable import Rules

@Suite struct TextTests {
  /// Short texts over few letters: prefixes, repetitions and late differences are common.
  private func text(_ random: inout SeededGenerator, lengths: ClosedRange<Int>) -> String {
    let letters = ["a", "a", "a", "b", "é", "\u{0}"]
    return (0..<Int.random(in: lengths, using: &random)).map { _ in
      letters.randomElement(using: &random) ?? "a"
    }.joined()
  }

  /// The text with one letter replaced: often equal but for a late byte.
  private func changed(_ text: String, _ random: inout SeededGenerator) -> String {
    var letters = Array(text.unicodeScalars)
    guard !letters.isEmpty else { return text }
    letters[Int.random(in: 0..<letters.count, using: &random)] = "c"
    return String(String.UnicodeScalarView(letters))
  }

  /// Beginnings of the text one after the other, now and then the text itself.
  private func overlapping(_ text: String, _ random: inout SeededGenerator) -> String {
    let letters = Array(text.unicodeScalars)
    var result = String.UnicodeScalarView()
    for _ in 0..<Int.random(in: 1...5, using: &random) {
      result += letters.prefix(Int.random(in: 0...letters.count, using: &random))
    }
    return String(result)
  }

  private func holds(_ text: String, _ part: String) -> Bool {
    let (text, part) = (Array(text.utf8), Array(part.utf8))
    guard part.count <= text.count else { return false }
    return (0...text.count - part.count).contains { text[$0...].starts(with: part) }
  }

  @Test func `strings compare, match lists and are searched as their bytes are`() throws {
    let seed = SeededGenerator.seed(from: ProcessInfo.processInfo.environment)
    print("RULES_SEED=\(seed)")
    var random = SeededGenerator(seed: seed)
    let schema = try RuleSchema([RuleField("s", .string), RuleField("t", .string)])
    let signs = ["<", "<=", ">", ">=", "==", "!="]
    var row = RuleRow(schema)
    for _ in 0..<1_500 {
      let constant = text(&random, lengths: 0...12)
      let list = (0..<5).map { _ in text(&random, lengths: 7...10) } + [constant]
      let needle = text(&random, lengths: 0...9)
      let quoted = list.map { "'\($0)'" }.joined(separator: ", ")
      let part = text(&random, lengths: 0...3)
      let expressions = try
        (signs.map { "s \($0) '\(constant)'" } + signs.map { "s \($0) t" }
        + [
          "s in [\(quoted)]", "s.contains('\(needle)')", "s.startsWith('\(part)')",
          "s.endsWith('\(part)')",
        ]).map { try CompiledExpression($0, schema: schema) }
      for _ in 0..<4 {
        let value =
          switch Int.random(in: 0..<3, using: &random) {
          case 0: overlapping(needle, &random)
          case 1: list.randomElement(using: &random) ?? ""
          default: changed(constant, &random)
          }
        let other = Bool.random(using: &random) ? value + "b" : text(&random, lengths: 0...12)
        row.clear()
        try row.set(0, string: value)
        try row.set(1, string: other)
        let bytes = Array(value.utf8)
        let relations = [constant, other].flatMap { right -> [Bool] in
          let right = Array(right.utf8)
          let less = bytes.lexicographicallyPrecedes(right)
          let equal = bytes == right
          return [less, less || equal, !less && !equal, !less, equal, !equal]
        }
        let expected =
          relations + [
            list.contains { Array($0.utf8) == bytes }, holds(value, needle),
            bytes.starts(with: part.utf8), bytes.reversed().starts(with: part.utf8.reversed()),
          ]
        for (expression, answer) in zip(expressions, expected) {
          #expect(
            expression.evaluate(row) == .bool(answer),
            "seed \(seed): \(expression.source) for '\(value)' and '\(other)'")
        }
      }
    }
  }

  @Test func `every short text is found behind every false start`() throws {
    let schema = try RuleSchema([RuleField("s", .string)])
    var row = RuleRow(schema)
    var missed: [String] = []
    for length in 1...8 {
      for bits in 0..<1 << length {
        let needle = String(
          (0..<length).map { bits >> $0 & 1 == 0 ? Character("a") : Character("b") })
        let expression = try CompiledExpression("s.contains('\(needle)')", schema: schema)
        for first in 0...length {
          for second in 0...length {
            let text = String(needle.prefix(first) + needle.prefix(second) + needle)
            for (value, expected) in [(text, true), (String(text.dropLast()), nil)] {
              row.clear()
              try row.set(0, string: value)
              let answer = expected ?? holds(value, needle)
              if expression.evaluate(row) != .bool(answer) { missed.append("\(needle) \(value)") }
            }
          }
        }
      }
    }
    #expect(missed.isEmpty)
  }
}
