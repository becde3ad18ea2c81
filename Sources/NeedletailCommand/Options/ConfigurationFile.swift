import Foundation
import ModelStore
import Yams

/// Reads `needletail.yaml`: every option under its key, and a section for single models.
struct ConfigurationFile {
  /// A larger file is not a configuration.
  private static let bytesMax = 1 << 20

  let path: String
  private(set) var models: [String: ModelSettings] = [:]
  /// Where each model's section starts.
  private(set) var modelOrigins: [String: OptionOrigin] = [:]

  init(path: String) { self.path = path }

  /// Applies the whole file to `reader`; what is wrong becomes problems with line and column.
  mutating func read(into reader: inout OptionReader) {
    guard let data = FileManager.default.contents(atPath: path) else {
      return reader.report(
        origin(nil).problem("cannot be read", fix: "check the path and its permissions"))
    }
    guard data.count <= Self.bytesMax else {
      return reader.report(
        origin(nil).problem("is \(data.count) bytes", fix: "use at most \(Self.bytesMax)"))
    }
    guard let text = String(data: data, encoding: .utf8) else {
      return reader.report(origin(nil).problem("is not UTF-8", fix: "save it as UTF-8"))
    }
    read(text, into: &reader)
  }

  /// Applies `text` as if it were the file's.
  mutating func read(_ text: String, into reader: inout OptionReader) {
    let root: Node?
    do {
      root = try compose(yaml: text)
    } catch {
      return reader.report(problem(error, in: text))
    }
    guard let root, root.scalar?.string.isEmpty != true else { return }
    guard let mapping = root.mapping else {
      return reader.report(
        origin(root).problem("holds no keys", fix: "write one 'key: value' a line"))
    }
    for (key, value) in mapping {
      guard let name = key.scalar?.string else {
        reader.report(origin(key).problem("a key must be a word", fix: "write 'key: value'"))
        continue
      }
      if name == "models" {
        readModels(value, into: &reader)
      } else {
        apply(name, key, value, to: &reader)
      }
    }
    reader.setModels(models)
  }

  private func apply(_ name: String, _ key: Node, _ value: Node, to reader: inout OptionReader) {
    guard reader.keys.contains(name) else {
      return reader.apply(OptionValue(key: name, texts: [], origin: origin(key)))
    }
    if let scalar = value.scalar {
      reader.apply(OptionValue(key: name, texts: [scalar.string], origin: origin(value)))
    } else if let sequence = value.sequence {
      let texts = sequence.compactMap { element -> String? in
        if let text = element.scalar?.string { return text }
        reader.report(origin(element).problem("'\(name)' takes a list of single values"))
        return nil
      }
      reader.apply(OptionValue(key: name, texts: texts, origin: origin(value), isList: true))
    } else if let mapping = value.mapping, name == "trace_config" {
      let texts = mapping.compactMap { key, value -> String? in
        guard let setting = key.scalar?.string, let text = value.scalar?.string else {
          reader.report(origin(key).problem("'\(name)' takes 'setting: value' pairs"))
          return nil
        }
        return "\(setting)=\(text)"
      }
      reader.apply(OptionValue(key: name, texts: texts, origin: origin(value), isList: true))
    } else {
      reader.report(origin(value).problem("'\(name)' takes a value, not a section of keys"))
    }
  }

  /// Where `key` is written for the second time at or after `line`.
  private static func second(
    _ key: String, in text: String, from line: Int
  ) -> (line: Int, column: Int)? {
    var seen = 0
    for (index, content) in text.split(separator: "\n", omittingEmptySubsequences: false)
      .enumerated() where index + 1 >= line
    {
      let indent = content.prefix { $0 == " " }.count
      guard content.dropFirst(indent).hasPrefix(key + ":") else { continue }
      seen += 1
      if seen == 2 { return (index + 1, indent + 1) }
    }
    return nil
  }

  private func origin(_ node: Node?) -> OptionOrigin {
    guard let mark = node?.mark else { return OptionOrigin(name: path) }
    return OptionOrigin(name: path, line: mark.line, column: mark.column)
  }

  private func problem(_ error: any Error, in text: String) -> ConfigurationProblem {
    func at(_ mark: Mark, _ message: String, fix: String = "") -> ConfigurationProblem {
      OptionOrigin(name: path, line: mark.line, column: mark.column).problem(message, fix: fix)
    }
    let check = "check the indentation, colons and quotes around this place"
    switch error as? YamlError {
    case .scanner(_, let problem, let mark, _): return at(mark, problem, fix: check)
    case .parser(_, let problem, let mark, _): return at(mark, problem, fix: check)
    case .composer(_, let problem, let mark, _): return at(mark, problem, fix: check)
    case .duplicatedKeysInMapping(let duplicates, let context):
      let names = duplicates.map { "'\($0)'" }.joined(separator: ", ")
      let message = "\(names) given more than once"
      let place = duplicates.first.flatMap { Self.second($0, in: text, from: context.mark.line) }
      guard let place else { return at(context.mark, message, fix: "keep one of them") }
      return OptionOrigin(name: path, line: place.line, column: place.column)
        .problem(message, fix: "keep one of them")
    default: return origin(nil).problem("is not valid YAML: \(error)")
    }
  }
}

extension ConfigurationFile {
  private static let modelKeys = ["aliases", "execution", "default_timeout_ms"]

  private mutating func readModels(_ node: Node, into reader: inout OptionReader) {
    guard let mapping = node.mapping else {
      return reader.report(
        origin(node).problem("'models' takes a section for each model", fix: "models:\\n  NAME:"))
    }
    for (key, value) in mapping {
      guard let name = key.scalar?.string, !name.isEmpty else {
        reader.report(origin(key).problem("a model's name must be a word"))
        continue
      }
      modelOrigins[name] = origin(key)
      guard let settings = value.mapping else {
        reader.report(
          origin(value).problem(
            "the model '\(name)' takes a section",
            fix: "known here: \(Self.modelKeys.joined(separator: ", "))"))
        continue
      }
      models[name] = readModel(settings, into: &reader)
    }
  }

  private func readModel(
    _ mapping: Node.Mapping, into reader: inout OptionReader
  ) -> ModelSettings {
    var settings = ModelSettings()
    for (key, value) in mapping {
      let text = value.scalar?.string ?? ""
      switch key.scalar?.string ?? "" {
      case "execution":
        if ["auto", "inline", "threads"].contains(text) {
          settings.execution = text
        } else {
          reader.report(
            origin(value).problem("'execution' is '\(text)'", fix: "use auto, inline or threads"))
        }
      case "default_timeout_ms":
        if let number = Int64(text), (0...86_400_000).contains(number) {
          settings.defaultTimeoutMicroseconds = number * 1_000
        } else {
          reader.report(
            origin(value).problem(
              "'default_timeout_ms' is '\(text)'", fix: "use a whole number, 0 to 86400000"))
        }
      case "aliases": settings.aliases = readAliases(value, into: &reader)
      case let unknown:
        reader.report(
          origin(key).problem(
            "unknown key '\(unknown)'",
            fix: NameSuggestion.fix(for: unknown, among: Self.modelKeys)))
      }
    }
    return settings
  }

  private func readAliases(_ node: Node, into reader: inout OptionReader) -> [String: Int64] {
    guard let mapping = node.mapping else {
      reader.report(
        origin(node).problem("'aliases' takes 'NAME: VERSION' pairs", fix: "stable: 3"))
      return [:]
    }
    var aliases: [String: Int64] = [:]
    for (key, value) in mapping {
      guard let name = key.scalar?.string, !name.isEmpty, Int64(name) == nil else {
        reader.report(
          origin(key).problem("an alias must be a word", fix: "a number is a version already"))
        continue
      }
      guard let text = value.scalar?.string, let version = Int64(text), version >= 1 else {
        reader.report(
          origin(value).problem(
            "the alias '\(name)' is '\(value.scalar?.string ?? "")'",
            fix: "use a version number, 1 or more"))
        continue
      }
      aliases[name] = version
    }
    return aliases
  }
}
