import Foundation
import Testing

@testable import Rules

@Suite struct FuzzTests {
  private static let words = [
    "tx.amount", "tx.country", "f.count_1h", "f.trusted", "1", "0", "2.5", "'a'", "true", "null",
    "+", "-", "*", "/", "%", "<", "<=", "==", "!=", "&&", "||", "!", "?", ":", "(", ")", "[", "]",
    ",", ".", "in", "has(", "size(", "math.abs(", "int(", "duration('1s')", "timestamp(0)", " ",
    ".contains(", "\"", "'", "\\", "//", "\n", "{", "r'", "0x", "1e", "é", "\u{0}", "😀",
  ]

  /// Compiles and, if that works, evaluates; problems must lie in the text and say something.
  private func probe(_ text: String, _ schema: RuleSchema, _ rows: [RuleRow]) -> Bool {
    do throws(RuleProblems) {
      let compiled = try CompiledExpression(text, schema: schema)
      for row in rows { _ = compiled.evaluate(row) }
      return true
    } catch {
      #expect(!error.problems.isEmpty, "\(text)")
      for problem in error.problems {
        #expect((0...text.utf8.count).contains(problem.offset), "\(text)")
        #expect(!problem.message.isEmpty && problem.line > 0 && problem.column > 0)
      }
      return false
    }
  }

  @Test func `no text makes the compiler or an evaluation trap`() throws {
    let seed = SeededGenerator.seed(from: ProcessInfo.processInfo.environment)
    print("RULES_SEED=\(seed)")
    var random = SeededGenerator(seed: seed)
    let file = try CaseFile.load()
    let schema = try file.schema()
    let rows = try file.rows.keys.sorted().map { try file.row($0, schema: schema) }
    var compiled = 0
    for _ in 0..<3_000 {
      let count = Int.random(in: 0..<40, using: &random)
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
      if probe(String(decoding: bytes, as: UTF8.self), schema, rows) { compiled += 1 }
      let soup = (0..<count).map { _ in Self.words.randomElement(using: &random) ?? "" }
      if probe(soup.joined(separator: Bool.random(using: &random) ? " " : ""), schema, rows) {
        compiled += 1
      }
      let mutated = mutate(file.cases.randomElement(using: &random)?.expression ?? "", &random)
      if probe(mutated, schema, rows) { compiled += 1 }
    }
    #expect(compiled > 100)
  }

  /// The text with one to three small changes.
  private func mutate(_ text: String, _ random: inout SeededGenerator) -> String {
    var bytes = Array(text.utf8)
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      let place = Int.random(in: 0...bytes.count, using: &random)
      let word = Array((Self.words.randomElement(using: &random) ?? "").utf8)
      switch Int.random(in: 0..<4, using: &random) {
      case 0: bytes.insert(contentsOf: word, at: place)
      case 1 where place < bytes.count: bytes.remove(at: place)
      case 2 where place < bytes.count: bytes[place] = UInt8.random(in: 32...126, using: &random)
      default: bytes.append(contentsOf: bytes.prefix(place))
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
