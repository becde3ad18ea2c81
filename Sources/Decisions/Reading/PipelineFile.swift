package import Definitions
internal import Features
internal import Rules
internal import Yams

/// Files of decision pipelines: YAML, checked whole before anything runs.
package enum PipelineFile {
  /// A larger text is no such file.
  package static let bytesMax = 4 << 20

  /// The pipeline of `text`.
  ///
  /// - Parameters:
  ///   - path: the file's name in problems; files that it names are beside it.
  ///   - open: the text of a file that the pipeline names; `nil` if it cannot be read.
  /// - Throws: every mistake, with its line and column.
  package static func parse(
    _ text: String, path: String, open: (String) -> String?
  ) throws(DefinitionError) -> PipelineDefinition {
    guard text.utf8.count <= bytesMax else {
      let message = "is \(text.utf8.count) bytes; the most is \(bytesMax)"
      throw DefinitionError(problems: [
        DefinitionProblem(file: path, line: 0, column: 0, message: message, fix: "")
      ])
    }
    var reader = PipelineReader(path: path, text: text)
    var views = ""
    if let root = reader.root(text, "declare name, outcomes, input and fallback") {
      reader.readAll(root) { name in
        let text = open(name)
        views = text ?? ""
        return text
      }
    }
    guard reader.problems.isEmpty else {
      throw DefinitionError(
        problems: reader.problems.sorted { a, b in
          (a.file == path ? 0 : 1, a.line, a.column) < (b.file == path ? 0 : 1, b.line, b.column)
        })
    }
    reader.pipeline.path = path
    reader.pipeline.digest = PipelineDigest.of([text, views])
    return reader.pipeline
  }
}

extension PipelineReader {
  static let keys = [
    "name", "outcomes", "input", "features", "event", "budget", "concurrency", "gate", "tiers",
    "escalation", "rules", "fallback", "durability",
  ]

  /// The sections in the order that they build on each other, whatever the file's.
  mutating func readAll(_ root: Yams.Node, open: (String) -> String?) {
    guard
      let file = section(
        root, "the file", keys: Self.keys, required: ["name", "outcomes", "input", "fallback"])
    else { return }
    if let name = text(file, "name") {
      pipeline.name = name
      checkWord(file["name"], name, "a pipeline's name")
    }
    readOutcomes(file)
    if let node = file["input"] { readInput(node) }
    if let node = file["features"] { readFeatures(node, open: open) }
    if let node = file["event"] { readEvent(node) }
    makeFields(root)
    if let node = file["budget"] { readBudget(node) }
    pipeline.concurrency = whole(file, "concurrency", in: 1...1_000_000) ?? pipeline.concurrency
    if let node = file["gate"] { pipeline.gate = readRules(node, "gate", before: "tiers") }
    readTiers(file["tiers"])
    if let node = file["escalation"] { readEscalation(node) }
    if let node = file["rules"] { pipeline.overrides = readRules(node, "rules", before: nil) }
    if let node = file["fallback"] { readLadder(node) }
    if let word = word(file, "durability", DecisionDurability.self) { pipeline.durability = word }
    checkBudget(file)
    checkReach(file)
  }

  private mutating func readOutcomes(_ file: Section) {
    for node in list(file["outcomes"], "outcomes") {
      guard let name = node.scalar?.string, !name.isEmpty else {
        report(node, "'outcomes' lists words")
        continue
      }
      checkWord(node, name, "an outcome")
      if pipeline.outcomes.contains(name) {
        report(node, "the outcome '\(name)' is listed twice", "list it once")
      }
      pipeline.outcomes.append(name)
    }
    if pipeline.outcomes.isEmpty {
      report(file["outcomes"], "no outcome is listed", "use '[approve, decline, review]'")
    }
  }

  /// A word that goes into records, addresses and metrics as it is.
  mutating func checkWord(_ node: Yams.Node?, _ word: String, _ what: String) {
    let isPlain = word.utf8.allSatisfy {
      (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
        || $0 == 0x2D || $0 == 0x5F || $0 == 0x2E
    }
    guard isPlain, word.utf8.count <= 64 else {
      return report(
        node, "\(what) is '\(word.prefix(80))'", "use at most 64 letters, digits, '-', '_' and '.'")
    }
  }

  /// The index of an outcome that a text names.
  mutating func outcome(_ node: Yams.Node?, _ what: String) -> Int? {
    guard let node else { return nil }
    let name = node.scalar?.string ?? ""
    if let index = pipeline.outcomes.firstIndex(of: name) { return index }
    report(
      node, "\(what) is '\(name.prefix(80))', which is no outcome",
      NearestName.fix(for: name, among: pipeline.outcomes))
    return nil
  }
}
