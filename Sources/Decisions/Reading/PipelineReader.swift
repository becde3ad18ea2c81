internal import Rules
internal import Yams

/// Reads one text of a pipeline and collects every mistake with its place.
struct PipelineReader {
  /// A mapping whose keys are known ones, in no order.
  typealias Section = [String: Node]

  let path: String
  let lines: [Substring]
  private(set) var problems: [PipelineProblem] = []
  var pipeline = PipelineDefinition()
  /// Where the tiers, rungs and such stand, for what is found out later.
  var tierNodes: [Node] = []
  var tierNames: [String] = []

  init(path: String, text: String) {
    self.path = path
    lines = text.split(separator: "\n", omittingEmptySubsequences: false)
  }

  mutating func report(_ node: Node?, _ message: String, _ fix: String = "") {
    add(node?.mark?.line ?? 0, node?.mark?.column ?? 0, message, fix)
  }

  mutating func add(_ line: Int, _ column: Int, _ message: String, _ fix: String = "") {
    add(PipelineProblem(file: path, line: line, column: column, message: message, fix: fix))
  }

  mutating func add(_ problem: PipelineProblem) { problems.append(problem) }

  /// The text's outermost node; `nil`, with a problem, if there is none.
  mutating func root(_ text: String) -> Node? {
    do {
      if let node = try compose(yaml: text), node.scalar?.string.isEmpty != true { return node }
      report(nil, "holds nothing", "declare name, outcomes, input and fallback")
    } catch {
      report(error)
    }
    return nil
  }

  private mutating func report(_ error: any Error) {
    let check = "check the indentation, colons and quotes around this place"
    switch error as? YamlError {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      add(mark.line, mark.column, problem, check)
    case .duplicatedKeysInMapping(let duplicates, let context):
      let names = duplicates.map { "'\($0)'" }.sorted().joined(separator: ", ")
      add(
        context.mark.line, context.mark.column, "\(names) given more than once in this section",
        "keep one of them")
    default: add(0, 0, "is not valid YAML: \(error)")
    }
  }
}

// Values by key. A key that is absent is no mistake; `required` ones are asked for by name.
extension PipelineReader {
  /// A mapping; keys other than `keys` are reported, and so are missing ones of `required`.
  mutating func section(
    _ node: Node, _ what: String, keys: [String], required: [String] = []
  ) -> Section? {
    guard let mapping = node.mapping else {
      report(node, "\(what) takes 'key: value' pairs", "known here: " + list(keys))
      return nil
    }
    var section: Section = [:]
    for (key, value) in mapping {
      guard let name = key.scalar?.string, keys.contains(name) else {
        let name = key.scalar?.string ?? ""
        report(
          key, "unknown key '\(name.prefix(80))' in \(what)",
          NearestName.nearest(to: name, among: keys).map { "did you mean '\($0)'?" }
            ?? "known here: " + list(keys))
        continue
      }
      section[name] = value
    }
    var isComplete = true
    for name in required where section[name] == nil {
      report(node, "\(what) has no '\(name)'", "add '\(name): …'")
      isComplete = false
    }
    return isComplete ? section : nil
  }

  /// The pairs of a mapping whose keys are names.
  mutating func pairs(_ node: Node, _ what: String) -> [(key: Node, name: String, value: Node)] {
    guard let mapping = node.mapping else {
      report(node, "\(what) takes 'name: …' pairs")
      return []
    }
    return mapping.compactMap { key, value in
      guard let name = key.scalar?.string, !name.isEmpty else {
        report(key, "a name in \(what) must be a word")
        return nil
      }
      return (key, name, value)
    }
  }

  /// A list's elements; one value stands for a list of it.
  mutating func list(_ node: Node?, _ what: String) -> [Node] {
    guard let node else { return [] }
    if let sequence = node.sequence { return Array(sequence) }
    if node.scalar != nil { return [node] }
    report(node, "'\(what)' takes a list")
    return []
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

  /// A whole number inside `range`.
  mutating func whole(_ section: Section, _ key: String, in range: ClosedRange<Int>) -> Int? {
    guard let text = text(section, key) else { return nil }
    guard let number = Int(text), range.contains(number) else {
      report(
        section[key], "'\(key)' is '\(text.prefix(80))'",
        "use a whole number, \(range.lowerBound) to \(range.upperBound)")
      return nil
    }
    return number
  }

  /// A finite number inside `range`.
  mutating func number(
    _ section: Section, _ key: String, in range: ClosedRange<Double>? = nil
  ) -> Double? {
    guard let text = text(section, key) else { return nil }
    let number = Double(text).flatMap { $0.isFinite ? $0 : nil }
    if let number, range?.contains(number) ?? true { return number }
    let bounds = range.map { ", \($0.lowerBound) to \($0.upperBound)" } ?? ""
    report(section[key], "'\(key)' is '\(text.prefix(80))'", "use a number\(bounds)")
    return nil
  }

  /// A share: `20%` or `0.2`, up to 1.
  mutating func share(_ section: Section, _ key: String) -> Double? {
    guard let text = text(section, key) else { return nil }
    let isPercent = text.hasSuffix("%")
    let written = Double(isPercent ? String(text.dropLast()) : text)
    let number = written.map { isPercent ? $0 / 100 : $0 }
    if let number, (0...1).contains(number) { return number }
    report(section[key], "'\(key)' is '\(text.prefix(80))'", "use a share, as '20%' or '0.2'")
    return nil
  }

  /// A duration in nanoseconds, from `least` on.
  mutating func duration(_ section: Section, _ key: String, from least: Int64 = 1_000) -> Int64? {
    guard let text = text(section, key) else { return nil }
    guard let value = DurationText.nanoseconds(text) else {
      report(
        section[key], "'\(key)' is '\(text.prefix(80))'",
        DurationText.form + ", at most ten minutes")
      return nil
    }
    guard value >= least else {
      report(section[key], "'\(key)' is '\(text)'", "use at least \(DurationText.text(least))")
      return nil
    }
    return value
  }

  /// `true` or `false`.
  mutating func flag(_ section: Section, _ key: String) -> Bool? {
    guard let text = text(section, key) else { return nil }
    if text == "true" || text == "false" { return text == "true" }
    report(section[key], "'\(key)' is '\(text.prefix(80))'", "use true or false")
    return nil
  }

  /// One of the words of an enumeration.
  mutating func word<Word: RawRepresentable & CaseIterable>(
    _ section: Section, _ key: String, _ type: Word.Type
  ) -> Word? where Word.RawValue == String {
    guard let text = text(section, key) else { return nil }
    if let word = Word(rawValue: text) { return word }
    report(
      section[key], "'\(key)' is '\(text.prefix(80))'",
      NearestName.fix(for: text, among: Word.allCases.map(\.rawValue)))
    return nil
  }

  /// Reports a problem of an expression at its place in the file.
  mutating func report(_ problem: RuleProblem, in node: Node, _ what: String) {
    if let place = place(problem.line, problem.column, in: node) {
      add(place.line, place.column, "\(what): \(problem.message)")
    } else {
      report(node, "\(what): \(problem.message) (at \(problem.line):\(problem.column) of it)")
    }
  }

  /// The place in the file of a place in a text; `nil` where the file writes the text in a way
  /// that moves its characters, as with escapes or folded lines.
  private func place(_ line: Int, _ column: Int, in node: Node) -> (line: Int, column: Int)? {
    guard let mark = node.mark, let scalar = node.scalar, mark.line >= 1, mark.line <= lines.count
    else { return nil }
    if scalar.style == .literal, mark.line < lines.count {
      return (mark.line + line, lines[mark.line].prefix { $0 == " " }.count + column)
    }
    let quotes = scalar.style == .singleQuoted || scalar.style == .doubleQuoted ? 1 : 0
    let written = lines[mark.line - 1].unicodeScalars.dropFirst(mark.column - 1 + quotes)
    guard String(String.UnicodeScalarView(written)).hasPrefix(scalar.string) else { return nil }
    return (mark.line, mark.column + quotes + column - 1)
  }

  func list(_ names: [String]) -> String { names.joined(separator: ", ") }
}
