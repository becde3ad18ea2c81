import Foundation
import ModelStore

/// Where a value was written: a flag, or a place in the configuration file.
struct OptionOrigin: Equatable {
  /// The file's path, or the flag: `--http-port`.
  var name: String
  /// Counted from 1; 0 for a flag.
  var line = 0
  var column = 0

  func problem(_ message: String, fix: String = "") -> ConfigurationProblem {
    ConfigurationProblem(file: name, line: line, column: column, message: message, fix: fix)
  }
}

/// One value as it was written, for one option.
struct OptionValue: Equatable {
  let key: String
  /// The values of a repeated flag or a list; one otherwise.
  let texts: [String]
  let origin: OptionOrigin
  /// Whether it was written as a list, which only some options take.
  var isList = false
}

/// Applies values to options, and keeps where each came from and what was wrong.
struct OptionReader {
  private(set) var options = ServerOptions()
  private(set) var problems: [ConfigurationProblem] = []
  private(set) var origins: [String: OptionOrigin] = [:]
  private let kinds: [String: OptionDescription.Kind]

  init() {
    kinds = Dictionary(
      OptionTable.all.map { ($0.key, $0.kind) }, uniquingKeysWith: { first, _ in first })
  }

  var keys: [String] { Array(kinds.keys) }

  mutating func report(_ problem: ConfigurationProblem) { problems.append(problem) }

  /// Writes one value; what is wrong with it becomes a problem.
  mutating func apply(_ value: OptionValue) {
    guard let kind = kinds[value.key] else {
      report(
        value.origin.problem(
          "unknown key '\(value.key)'",
          fix: NameSuggestion.fix(for: value.key, among: keys + ["models"])))
      return
    }
    origins[value.key] = value.origin
    if case .texts(let path) = kind {
      options[keyPath: path] = value.texts
      return
    }
    guard !value.isList, value.texts.count == 1, let text = value.texts.first else {
      report(value.origin.problem("'\(value.key)' takes one value, not a list"))
      return
    }
    apply(text, of: value, kind)
  }

  private mutating func apply(
    _ text: String, of value: OptionValue, _ kind: OptionDescription.Kind
  ) {
    let shown = "'\(value.key)' is '\(text.prefix(80))'"
    switch kind {
    case .flag(let path):
      guard let flag = Self.flag(text) else {
        return report(value.origin.problem(shown, fix: "use true or false"))
      }
      options[keyPath: path] = flag
    case .number(let path, let range):
      guard let number = Int(text) else {
        return report(value.origin.problem(shown, fix: "use a whole number"))
      }
      guard range.contains(number) else {
        return report(
          value.origin.problem(
            shown, fix: "use \(range.lowerBound) to \(range.upperBound)"))
      }
      options[keyPath: path] = number
    case .text(let path): options[keyPath: path] = text
    case .choice(let path, let choices):
      guard let choice = choices.first(where: { $0.lowercased() == text.lowercased() }) else {
        return report(
          value.origin.problem(shown, fix: "use one of \(choices.joined(separator: ", "))"))
      }
      options[keyPath: path] = choice
    case .file(let path):
      if !text.isEmpty, !FileManager.default.isReadableFile(atPath: text) {
        report(
          value.origin.problem(
            "\(shown), which cannot be read", fix: "give the path of a readable file"))
      }
      options[keyPath: path] = text
    case .texts: break
    }
  }

  mutating func setModels(_ models: [String: ModelSettings]) { options.models = models }

  static func flag(_ text: String) -> Bool? {
    switch text.lowercased() {
    case "true", "1", "yes", "on": true
    case "false", "0", "no", "off": false
    default: nil
    }
  }
}
