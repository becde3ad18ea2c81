import Foundation
import Rules
import Testing

@testable import NeedletailCommand

@Suite struct RulesFileTests {
  private func problems(_ text: String) -> [String] {
    do throws(RulesFileProblems) {
      _ = try RulesFile.parse(text, path: "rules.yaml")
      return []
    } catch {
      return error.lines
    }
  }

  /// The repository's own files, found from this one.
  private static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  @Test func `the example decides its event`() throws {
    let folder = Self.root.appendingPathComponent("Examples/rules").path
    let file = try RulesFile.read(folder + "/card-gate.yaml")
    let row = try RulesEvent.read(folder + "/event.json").row(file.schema)
    let match = file.rules.firstMatch(row)
    let rule = file.rules.rules[try #require(match.rule)]
    #expect(rule.name == "unusual-abroad" && rule.reason == "UNUSUAL_AMOUNT_ABROAD")
    #expect(file.action(of: rule) == "review")
    #expect(match.failures == 0)
  }

  @Test func `every problem has its place in the file`() {
    let text = """
      fields: {tx.amount: double, f.n: int?, tx.c: strin}
      rule: 1
      rules:
        - name: a
          when: tx.amout > 1.0 && f.n
          reason: A
        - {name: b, when: "tx.amount > 'x'", reason: B, action: z}
        - name: c
          when: |
            f.n > 1
              && f.m < 2
          reason: C
        - name: d
          when: >
            f.n > 1
            && f.m < 2
          reason: D
        - name: e
          wen: true
      """
    let places = problems(text).map { line in
      line.split(separator: " ", maxSplits: 1).first.map(String.init) ?? ""
    }
    #expect(
      places == [
        "rules.yaml:1:46:", "rules.yaml:2:1:", "rules.yaml:19:5:", "rules.yaml:18:5:",
        "rules.yaml:5:11:", "rules.yaml:5:29:", "rules.yaml:7:32:", "rules.yaml:11:12:",
        "rules.yaml:14:11:",
      ])
  }

  @Test(arguments: [
    ("", "rules.yaml: holds no keys; write 'fields:' and 'rules:'"),
    ("fields: 1", "rules.yaml:1:9: 'fields' takes 'name: type' lines"),
    ("rules: 1", "rules.yaml:1:8: 'rules' takes a list of rules, each with '-'"),
    ("rules: [1]", "rules.yaml:1:9: a rule has the keys name, when, reason and action"),
    ("fields: {in: int}", "rules.yaml: field 'in': 'in' is a reserved word"),
    (
      "rules:\n  - {name: a, when: [1], reason: b}",
      "rules.yaml:2:21: 'when' takes one value"
    ),
  ])
  func `a file that is no file of rules says what is missing`(text: String, expected: String) {
    #expect(problems(text).first == expected)
  }

  @Test func `what is no YAML has the parser's place`() {
    #expect(problems("fields: {a: int").first?.hasPrefix("rules.yaml:") == true)
    #expect(problems("fields: {}\nfields: {}").first?.contains("twice") == true)
  }

  @Test func `a file that is not there is a problem`() {
    #expect(throws: RulesFileProblems.self) { try RulesFile.read("/nowhere/rules.yaml") }
    #expect(throws: RulesFileProblems.self) { try RulesEvent.read("/nowhere/event.json") }
  }

  @Test func `an event gives fields their types, or has those of the file`() throws {
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("event-\(UUID().uuidString).json").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let text = #"{"a": 1.5, "b": {"c": 2, "d": true}, "e": null, "if": {"x": 1}, "g": [1]}"#
    #expect(FileManager.default.createFile(atPath: path, contents: Data(text.utf8)))
    let event = try RulesEvent.read(path)
    let fields = try event.schema().fields
    #expect(fields.map(\.name) == ["a", "b.c", "b.d"])
    #expect(fields.map(\.type) == [.double, .int, .bool])
    let file = try RulesFile.parse("fields: {b.c: double, a: int, b.d: timestamp}", path: "f")
    do throws(RulesFileProblems) {
      _ = try event.row(file.schema)
      Issue.record("values of other types were taken")
    } catch {
      #expect(
        error.lines == [
          "\(path): field 'a': expected a whole number, found a number",
          "\(path): field 'b.d': expected a timestamp as '2026-05-01T12:00:00Z', found a bool",
        ])
    }
  }
}
