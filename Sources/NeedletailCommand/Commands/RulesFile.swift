import Foundation
import Rules
import Yams

/// What is wrong with a file of rules or an event: one line each, with its place.
struct RulesFileProblems: Error {
  var lines: [String]
}

/// A file of rules: `fields` (name: type, with `?` where it may be missing) and `rules`
/// (name, when, reason, action).
struct RulesFile {
  let schema: RuleSchema
  let rules: RuleSet
  /// The words of `action`; a rule's action is an index into them.
  let actions: [String]

  var summary: String {
    "\(schema.fields.count) \(schema.fields.count == 1 ? "field" : "fields"), "
      + "\(rules.rules.count) \(rules.rules.count == 1 ? "rule" : "rules")"
  }

  func action(of rule: RuleDefinition) -> String { actions[rule.action] }

  /// The file at `path`.
  ///
  /// - Throws: ``RulesFileProblems`` with every error.
  static func read(_ path: String) throws(RulesFileProblems) -> RulesFile {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw RulesFileProblems(
        lines: ["\(path): cannot be read; check the path and its permissions"])
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw RulesFileProblems(lines: ["\(path): is not UTF-8; save it as text in UTF-8"])
    }
    return try parse(text, path: path)
  }

  /// `text` as if it were the file's at `path`.
  static func parse(_ text: String, path: String) throws(RulesFileProblems) -> RulesFile {
    var reader = RulesFileReader(path: path, text: text)
    return try reader.read()
  }
}

/// Walks the nodes of a file of rules, keeping every problem.
private struct RulesFileReader {
  let path: String
  let lines: [Substring]
  let text: String
  var problems: [String] = []
  var definitions: [RuleDefinition] = []
  var conditions: [Node] = []
  var actions: [String] = []

  init(path: String, text: String) {
    self.path = path
    self.text = text
    lines = text.split(separator: "\n", omittingEmptySubsequences: false)
  }

  mutating func report(_ message: String, at node: Node?) {
    let place = node?.mark.map { ":\($0.line):\($0.column)" } ?? ""
    problems.append("\(path)\(place): \(message)")
  }

  mutating func read() throws(RulesFileProblems) -> RulesFile {
    var fields: [RuleField] = []
    do {
      if let root = try compose(yaml: text)?.mapping {
        for (key, value) in root {
          switch key.string {
          case "fields": fields = readFields(value)
          case "rules": readRules(value)
          default:
            report("'\(key.string ?? "")' is no key: there are 'fields' and 'rules'", at: key)
          }
        }
      } else {
        report("holds no keys; write 'fields:' and 'rules:'", at: nil)
      }
    } catch {
      reportSyntax(error)
    }
    var schema: RuleSchema?
    do throws(RuleSchemaError) {
      schema = try RuleSchema(fields)
    } catch {
      for problem in error.problems { report(problem, at: nil) }
    }
    // Conditions are checked also where another rule is malformed.
    guard let schema, let rules = compile(schema), problems.isEmpty else {
      throw RulesFileProblems(lines: problems)
    }
    return RulesFile(schema: schema, rules: rules, actions: actions)
  }

  /// What the YAML parser says, with the place where it says one.
  private mutating func reportSyntax(_ error: any Error) {
    switch error as? YamlError {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      problems.append("\(path):\(mark.line):\(mark.column): \(problem)")
    case .duplicatedKeysInMapping(let duplicates, _):
      let keys = duplicates.map { "'\($0)'" }.joined(separator: ", ")
      problems.append("\(path): given twice, once is enough: \(keys)")
    default:
      problems.append("\(path): \(error)")
    }
  }

  private mutating func readFields(_ node: Node) -> [RuleField] {
    guard let mapping = node.mapping else {
      report("'fields' takes 'name: type' lines", at: node)
      return []
    }
    var fields: [RuleField] = []
    for (key, value) in mapping {
      let name = key.string ?? ""
      let word = value.string ?? ""
      let isNullable = word.hasSuffix("?")
      let plain = isNullable ? String(word.dropLast()) : word
      guard let type = RuleType(rawValue: plain), type != .null else {
        let types = RuleType.allCases.filter { $0 != .null }.map(\.rawValue)
        report(
          "field '\(name)': '\(word)' is no type; use \(types.joined(separator: ", ")), "
            + "with '?' behind it where the field may be missing", at: value)
        continue
      }
      fields.append(RuleField(name, type, isNullable: isNullable))
    }
    return fields
  }

  private mutating func readRules(_ node: Node) {
    guard let sequence = node.sequence else {
      return report("'rules' takes a list of rules, each with '-'", at: node)
    }
    for element in sequence {
      guard let mapping = element.mapping else {
        report("a rule has the keys name, when, reason and action", at: element)
        continue
      }
      var values: [String: Node] = [:]
      for (key, value) in mapping {
        let name = key.string ?? ""
        guard ["name", "when", "reason", "action"].contains(name) else {
          report("'\(name)' is no key of a rule: there are name, when, reason, action", at: key)
          continue
        }
        guard value.scalar != nil else {
          report("'\(name)' takes one value", at: value)
          continue
        }
        values[name] = value
      }
      guard let when = values["when"], let condition = when.string,
        let name = values["name"]?.string, let reason = values["reason"]?.string
      else {
        let missing = ["name", "when", "reason"].filter { values[$0] == nil }
        let keys = missing.map { "'\($0)'" }.joined(separator: " and ")
        report("the rule lacks \(keys)", at: element)
        continue
      }
      let action = values["action"]?.string ?? "review"
      if !actions.contains(action) { actions.append(action) }
      definitions.append(
        RuleDefinition(
          name: name, when: condition, reason: reason,
          action: actions.firstIndex(of: action) ?? 0))
      conditions.append(when)
    }
  }

  private mutating func compile(_ schema: RuleSchema) -> RuleSet? {
    do throws(RuleSetProblems) {
      return try RuleSet(definitions, schema: schema)
    } catch {
      for problem in error.problems {
        let node = conditions.indices.contains(problem.rule) ? conditions[problem.rule] : nil
        guard let inside = problem.problem, let node else {
          report(problem.text, at: node)
          continue
        }
        if let (line, column) = place(of: inside, in: node) {
          problems.append("\(path):\(line):\(column): rule '\(problem.name)': \(inside.message)")
        } else {
          report(
            "\(problem.text) (line and column within 'when')", at: node)
        }
      }
      return nil
    }
  }

  /// The place in the file of a problem in a condition; `nil` where the file writes the condition
  /// in a way that moves its characters, as with escapes or folded lines.
  private func place(of problem: RuleProblem, in node: Node) -> (line: Int, column: Int)? {
    guard let mark = node.mark, let scalar = node.scalar, mark.line >= 1,
      mark.line <= lines.count
    else { return nil }
    if scalar.style == .literal, mark.line < lines.count {
      let indent = lines[mark.line].prefix { $0 == " " }.count
      return (mark.line + problem.line, indent + problem.column)
    }
    let quotes = scalar.style == .singleQuoted || scalar.style == .doubleQuoted ? 1 : 0
    let written = lines[mark.line - 1].unicodeScalars.dropFirst(mark.column - 1 + quotes)
    guard String(String.UnicodeScalarView(written)).hasPrefix(scalar.string) else { return nil }
    return (mark.line, mark.column + quotes + problem.column - 1)
  }
}
