internal import Rules
internal import Yams

/// Reads one text of feature views and collects every mistake with its place.
struct FeatureFileReader {
  /// A mapping whose keys are known ones, in no order.
  typealias Section = [String: Node]

  let path: String
  let lines: [Substring]
  private(set) var problems: [FeatureProblem] = []
  var definitions = FeatureDefinitions()
  /// Names whose declarations are wrong: that others do not find them is not reported.
  private(set) var broken: Set<String> = []
  /// What was not read because it needs something that is broken.
  private var skipped = 0

  init(path: String, text: String) {
    self.path = path
    lines = text.split(separator: "\n", omittingEmptySubsequences: false)
  }

  mutating func report(_ node: Node?, _ message: String, _ fix: String = "") {
    add(node?.mark?.line ?? 0, node?.mark?.column ?? 0, message, fix)
  }

  mutating func add(_ line: Int, _ column: Int, _ message: String, _ fix: String = "") {
    problems.append(
      FeatureProblem(file: path, line: line, column: column, message: message, fix: fix))
  }

  /// Reads a declaration; if that finds problems, its names count as declared.
  mutating func declaring(_ names: [String], _ read: (inout FeatureFileReader) -> Void) {
    let before = problems.count + skipped
    read(&self)
    if problems.count + skipped > before { broken.formUnion(names) }
  }

  mutating func markBroken(_ name: String) { broken.insert(name) }

  mutating func markWhole(_ name: String) { broken.remove(name) }

  /// Whether a name, or the view before its dot, was declared wrongly; what needs it is then left
  /// out without a word.
  mutating func skips(_ name: String) -> Bool {
    let view = String(name.prefix { $0 != "." })
    guard broken.contains(name) || broken.contains(view) else { return false }
    skipped += 1
    return true
  }

  /// The text's outermost node; `nil`, with a problem, if there is none.
  mutating func root(_ text: String) -> Node? {
    do {
      if let node = try compose(yaml: text), node.scalar?.string.isEmpty != true { return node }
      report(nil, "holds nothing", "declare sources, entities, views and services")
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
extension FeatureFileReader {
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

  /// A name that expressions can write.
  mutating func checkName(_ node: Node, _ name: String) -> Bool {
    do throws(RuleSchemaError) {
      if name.contains(".") {
        report(node, "the name '\(name)' has a dot", "use letters, digits and '_'")
        return false
      }
      _ = try RuleSchema([RuleField(name, .double)])
      return true
    } catch {
      for problem in error.problems { report(node, problem, "choose another name") }
      return false
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

  /// A finite number.
  mutating func number(_ node: Node?, _ key: String) -> Double? {
    guard let node else { return nil }
    guard let text = node.scalar?.string, let number = Double(text), number.isFinite else {
      report(node, "'\(key)' is '\(node.scalar?.string.prefix(80) ?? "")'", "use a number")
      return nil
    }
    return number
  }

  /// A span of time in nanoseconds, at most ten years.
  mutating func span(_ section: Section, _ key: String, from least: Int64 = 0) -> Int64? {
    section[key].flatMap { span($0, key, from: least) }
  }

  mutating func span(_ node: Node, _ key: String, from least: Int64) -> Int64? {
    let text = node.scalar?.string ?? ""
    guard let value = SpanText.nanoseconds(text), value <= 10 * 366 * 86_400_000_000_000 else {
      report(node, "'\(key)' is '\(text.prefix(80))'", SpanText.form)
      return nil
    }
    guard value >= least else {
      report(node, "'\(key)' is '\(text)'", "use at least \(SpanText.text(least))")
      return nil
    }
    return value
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

  /// An expression, its problems placed in the file.
  mutating func expression(
    _ node: Node, _ what: String, names: [(field: RuleField, input: Int)], type: RuleType
  ) -> SlotExpression? {
    guard let text = node.scalar?.string, !text.isEmpty else {
      report(node, "\(what) takes an expression")
      return nil
    }
    do throws(FeatureExpressionError) {
      return try SlotExpression(text, names: names, expecting: type)
    } catch {
      if !ExpressionNames.used(in: text, among: broken.sorted()).isEmpty {
        skipped += 1
        return nil
      }
      for problem in error.problems {
        if problem.line > 0, let place = place(problem.line, problem.column, in: node) {
          add(place.line, place.column, "\(what): \(problem.message)")
        } else {
          let within = problem.line > 0 ? " (at \(problem.line):\(problem.column) of it)" : ""
          report(node, "\(what): \(problem.message)\(within)")
        }
      }
      return nil
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
