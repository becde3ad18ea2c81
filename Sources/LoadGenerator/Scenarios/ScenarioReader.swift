internal import Yams

/// Reads one YAML text and collects every mistake with its place.
package struct ScenarioReader {
  /// A mapping whose keys are known ones.
  typealias Section = [String: Node]

  private let path: String
  /// What is wrong, in the order it was found.
  package private(set) var problems: [ScenarioProblem] = []

  /// - Parameter path: the file's name in problems.
  package init(path: String) { self.path = path }

  /// The text's outermost node; `nil`, with a problem, if there is none.
  mutating func root(_ text: String) -> Node? {
    do {
      if let node = try compose(yaml: text), node.scalar?.string.isEmpty != true { return node }
      report(nil, "holds nothing", "write 'key: value' lines")
    } catch {
      report(error)
    }
    return nil
  }

  mutating func report(_ node: Node?, _ message: String, _ fix: String = "") {
    add(node?.mark, message, fix)
  }

  private mutating func add(_ mark: Mark?, _ message: String, _ fix: String) {
    problems.append(
      ScenarioProblem(
        file: path, line: mark?.line ?? 0, column: mark?.column ?? 0, message: message, fix: fix))
  }

  private mutating func report(_ error: any Error) {
    let check = "check the indentation, colons and quotes around this place"
    switch error as? YamlError {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      add(mark, problem, check)
    case .duplicatedKeysInMapping(let duplicates, let context):
      let names = duplicates.map { "'\($0)'" }.sorted().joined(separator: ", ")
      add(context.mark, "\(names) given more than once in this section", "keep one of them")
    default: add(nil, "is not valid YAML: \(error)", "")
    }
  }
}

// Values by key. A key that is absent is no mistake; `required` ones are asked for by name.
extension ScenarioReader {
  /// A mapping; keys other than `keys` are reported, and so are missing ones of `required`.
  mutating func section(
    _ node: Node, _ what: String, keys: [String], required: [String] = []
  ) -> Section? {
    guard let mapping = node.mapping else {
      report(node, "\(what) takes 'key: value' pairs", "known here: \(Self.list(keys))")
      return nil
    }
    var section: Section = [:]
    for (key, value) in mapping {
      guard let name = key.scalar?.string, keys.contains(name) else {
        report(
          key, "unknown key '\(key.scalar?.string ?? "")' in \(what)",
          "known here: \(Self.list(keys))")
        continue
      }
      section[name] = value
    }
    for name in required where section[name] == nil {
      report(node, "\(what) has no '\(name)'", "add '\(name): …'")
    }
    return section
  }

  /// A list's elements.
  mutating func list(_ section: Section, _ key: String) -> [Node] {
    guard let node = section[key] else { return [] }
    guard let sequence = node.sequence else {
      report(node, "'\(key)' takes a list", "start each entry with '- '")
      return []
    }
    return Array(sequence)
  }

  /// One text.
  mutating func text(_ section: Section, _ key: String) -> String? {
    guard let node = section[key] else { return nil }
    guard let text = node.scalar?.string, !text.isEmpty else {
      report(node, "'\(key)' takes one value")
      return nil
    }
    return text
  }

  /// One text or a list of them.
  mutating func texts(_ section: Section, _ key: String) -> [String] {
    guard let node = section[key] else { return [] }
    if let text = node.scalar?.string { return text.isEmpty ? [] : [text] }
    return list(section, key).compactMap { element in
      if let text = element.scalar?.string, !text.isEmpty { return text }
      report(element, "'\(key)' takes single values")
      return nil
    }
  }

  /// A whole number inside `range`.
  mutating func number(_ section: Section, _ key: String, in range: ClosedRange<Int>) -> Int? {
    guard let text = text(section, key) else { return nil }
    guard let number = Int(text), range.contains(number) else {
      report(
        section[key], "'\(key)' is '\(text.prefix(80))'",
        "use a whole number, \(range.lowerBound) to \(range.upperBound)")
      return nil
    }
    return number
  }

  /// A duration in nanoseconds inside `range`.
  mutating func duration(
    _ section: Section, _ key: String, in range: ClosedRange<Int64> = 1_000...3_600_000_000_000
  ) -> Int64? {
    guard let text = text(section, key) else { return nil }
    guard let value = try? DurationText.parse(text), range.contains(value) else {
      report(
        section[key], "'\(key)' is '\(text.prefix(80))'",
        "use a number with its unit, 20ms or 5s, from \(DurationText.format(range.lowerBound)) to "
          + DurationText.format(range.upperBound))
      return nil
    }
    return value
  }

  /// Bytes: `200MB`, `64KiB`, `1000`.
  mutating func bytes(_ section: Section, _ key: String, in range: ClosedRange<Int64>) -> Int64? {
    guard let text = text(section, key) else { return nil }
    guard let value = Self.bytes(text), range.contains(value) else {
      report(
        section[key], "'\(key)' is '\(text.prefix(80))'",
        "use bytes, 64KiB or 200MB, from \(range.lowerBound) to \(range.upperBound)")
      return nil
    }
    return value
  }

  /// Bytes written with a decimal (kB, MB, GB) or binary (KiB, MiB, GiB) unit, or none.
  static func bytes(_ text: String) -> Int64? {
    let units: [(String, Double)] = [
      ("kib", 1024), ("mib", 1_048_576), ("gib", 1_073_741_824), ("kb", 1e3), ("mb", 1e6),
      ("gb", 1e9), ("b", 1), ("", 1),
    ]
    let folded = text.lowercased()
    guard let (unit, factor) = units.first(where: { folded.hasSuffix($0.0) }) else { return nil }
    let digits = folded.dropLast(unit.count).split(separator: " ").joined()
    guard let value = Double(digits), value.isFinite, value >= 0, value * factor < 1e15 else {
      return nil
    }
    return Int64(value * factor)
  }

  static func list(_ names: [String]) -> String { names.joined(separator: ", ") }
}
