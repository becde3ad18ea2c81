import ArgumentParser
import Foundation
import Rules

/// `needletail rules`: checks files of rules and tries them on events, with nothing running.
struct RulesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rules",
    abstract: "Checks rules and tries them on an event.",
    subcommands: [RulesCheckCommand.self, RulesEvalCommand.self])
}

/// `needletail rules check FILE`.
struct RulesCheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Reports every error of a file of rules.")

  @Argument(help: "The file: its fields and its rules (YAML).")
  var file: String

  func run() async throws {
    do throws(RulesFileProblems) {
      let rules = try RulesFile.read(file)
      Terminal.say("OK: \(file), \(rules.summary), no problems")
    } catch {
      for line in error.lines { Terminal.say(line) }
      let count = error.lines.count
      Terminal.say("\(count) \(count == 1 ? "problem" : "problems")")
      throw ExitCode(1)
    }
  }
}

/// `needletail rules eval [EXPRESSION] --input event.json`.
struct RulesEvalCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "eval",
    abstract: "Evaluates an expression, or all rules of a file, for one event.",
    discussion: "Without --rules, the fields and their types are those of the event.")

  @Argument(help: "The expression; without one, the rules of --rules are evaluated.")
  var expression: String?

  @Option(help: "The event: a JSON object; objects inside give names with dots.")
  var input: String

  @Option(help: "A file of rules (YAML), whose fields the event has.")
  var rules: String?

  @Flag(help: "Also print the value of every part of the expression.")
  var explain = false

  func validate() throws {
    if expression == nil, rules == nil {
      throw ValidationError("give an expression, or a file of rules with --rules")
    }
  }

  func run() async throws {
    do {
      let event = try RulesEvent.read(input)
      let file = try rules.map { try RulesFile.read($0) }
      let schema = try file?.schema ?? event.schema()
      let row = try event.row(schema)
      if let expression {
        try evaluate(expression, schema, row)
      } else if let file {
        try evaluate(file, row)
      }
    } catch let problems as RulesFileProblems {
      for line in problems.lines { Terminal.complain(line) }
      throw ExitCode(1)
    }
  }

  private func evaluate(_ text: String, _ schema: RuleSchema, _ row: RuleRow) throws {
    do throws(RuleProblems) {
      let compiled = try CompiledExpression(text, schema: schema)
      let result = compiled.evaluate(row)
      let value = compiled.describe(result, in: row, schema: schema)
      if explain { Self.say(try RuleExplanation(text, schema: schema, row: row)) }
      guard case .failure = result else {
        if !explain { Terminal.say(value) }
        return
      }
      Terminal.complain("EXPRESSION \(value)")
    } catch {
      throw RulesFileProblems(lines: error.problems.map { "EXPRESSION:\($0)" })
    }
    throw ExitCode(1)
  }

  /// Every rule that matches and every condition that failed, then what the first match says.
  private func evaluate(_ file: RulesFile, _ row: RuleRow) throws {
    var failures = 0
    var first: RuleDefinition?
    for (rule, condition) in zip(file.rules.rules, file.rules.conditions) {
      let result = condition.evaluate(row)
      switch result {
      case .bool(true):
        first = first ?? rule
        Terminal.say("\(rule.name): matches, reason \(rule.reason), \(file.action(of: rule))")
      case .bool(false):
        if explain { Terminal.say("\(rule.name): does not match") }
      default:
        failures += 1
        let value = condition.describe(result, in: row, schema: file.schema)
        Terminal.say("\(rule.name): \(value == "null" ? "fails: the condition is null" : value)")
      }
      if explain, let parts = try? RuleExplanation(rule.when, schema: file.schema, row: row) {
        Self.say(parts)
      }
    }
    let outcome = first.map { "\(file.action(of: $0)), reason \($0.reason)" } ?? "no rule matches"
    Terminal.say("first match: \(outcome)")
    if failures > 0 { throw ExitCode(1) }
  }

  private static func say(_ explanation: RuleExplanation) {
    for part in explanation.parts {
      let text = part.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      Terminal.say(String(repeating: "  ", count: part.depth + 1) + "\(text)  =>  \(part.value)")
    }
  }
}
