internal import Definitions
internal import Rules
internal import Yams

/// Reads one text of feature views and collects every mistake with its place.
struct FeatureFileReader: DefinitionReading {
  var source: DefinitionSource
  var definitions = FeatureDefinitions()
  /// Names whose declarations are wrong: that others do not find them is not reported.
  private(set) var broken: Set<String> = []
  /// What was not read because it needs something that is broken.
  private var skipped = 0

  init(path: String, text: String) { source = DefinitionSource(path: path, text: text) }

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
}

// Values that only views have.
extension FeatureFileReader {
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
        report(problem.message, at: (problem.line, problem.column), in: node, what)
      }
      return nil
    }
  }
}
