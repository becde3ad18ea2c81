import Testing

@testable import Decisions

/// Every mistake is told with file, line, column, what was found, and what to do.
@Suite struct PipelineCheckTests {
  private static let views = """
    sources:
      payments:
        time: at
        id: id
        fields: {card: string?, amount: double}
    entities: {card: {key: card}}
    views:
      spend:
        entity: card
        source: payments
        windows: [1h]
        features: [{name: count, aggregate: count}, {name: sum, aggregate: sum, of: amount}]
    services: {all: [spend.*]}
    """

  private static let features = ("budget:", "features: {views: v.yaml, service: all}\nbudget:")

  /// Changes of the sample, what is wrong then, and what a fix says.
  static let mistakes: [(changes: [(String, String)], what: String, fix: String)] = [
    (
      [("total: 20ms", "total: 12ms")],
      "the stages may take 15ms (reserve 1ms, fast 4ms, deep 10ms)",
      "lower timeouts, or raise 'total'"
    ),
    ([("reserve: 1ms", "reserve: 30ms")], "which is more than the total 20ms", "lower timeouts"),
    ([features, ("total: 20ms", "total: 19ms")], "features 5ms", "raise 'total'"),
    (
      [("timeout: 10ms", "breaker: {slow: 11ms}\n    timeout: 10ms")],
      "'slow' 11ms is not below the timeout 10ms", "a call that takes so long has failed already"
    ),
    (
      [("approve_below: 0.2\n    decline_from: 0.8", "approve_below: 0.5\n    decline_from: 0.5")],
      "tier 'deep' is never reached", "move its thresholds apart"
    ),
    (
      [("approve_below: 0.2\n    decline_from: 0.8", "approve_below: 0.8\n    decline_from: 0.2")],
      "'decline_from' 0.2 is below 'approve_below' 0.8", "swap them"
    ),
    (
      [("- {decide: review, reason: FALLBACK}", "- {tier: fast}")],
      "may leave a request without a decision", "end with '- {decide:"
    ),
    (
      [
        (
          "- {tier: fast, approve_below: 0.1, decline_from: 0.7}",
          "- {decide: review, reason: EARLY}"
        )
      ], "no rung after this one is ever reached", "move it"
    ),
    (
      [
        (
          "- {tier: fast, approve_below: 0.1, decline_from: 0.7}",
          "- {tier: fast, approve_below: 0.1, decline_from: 0.7}\n  "
            + "- {tier: fast, approve_below: 0.1, decline_from: 0.6}"
        )
      ],
      "tier 'fast' has a rung already", "keep one of them"
    ),
    (
      [features, ("gate:", "event: {source: paymnts}\ngate:")], "no source is named 'paymnts'",
      "did you mean 'payments'?"
    ),
    (
      [("gate:", "features: {views: v.yaml, service: al}\ngate:")], "no service is named 'al'",
      "did you mean 'all'?"
    ),
    ([("when: amount < 1.0", "when: \"amount <\"")], "rule 'tiny'", ""),
    ([("when: amount < 1.0", "when: amount")], "rule 'tiny'", ""),
    ([("when: amount < 1.0", "when: amont < 1.0")], "no field is named 'amont'", ""),
    (
      [("decide: approve, reason: TINY", "decide: aprove, reason: TINY")],
      "'decide' is 'aprove', which is no outcome", "did you mean 'approve'?"
    ),
    ([("name: sample", "name: [sample]")], "'name' takes one value", "write it as 'name: "),
    (
      [("outcomes: [approve, decline, review]", "outcomes: {a: b}")], "'outcomes' takes a list",
      "write it as '[A, B]'"
    ),
    ([("fields:", "felds:")], "unknown key 'felds'", "did you mean 'fields'?"),
    ([("concurrency: 4", "concurrency: 0")], "'concurrency' is '0'", "use a whole number"),
    ([("timeout: 4ms", "timeout: soon")], "'timeout' is 'soon'", "write a number and its unit"),
    ([("score: p[1]", "score: p[-1]")], "'score' is 'p[-1]'", "write OUTPUT"),
    (
      [("    id: string?", "    id: {type: string, max_length: 1025}")],
      "the id 'id' may have 1025 bytes, and records take 1024", "lower 'max_length' to 1024"
    ),
    ([("gate:", "  gate:")], "", ""),
    ([("name: sample", "name: sample\nname: other")], "", "keep one of them"),
  ]

  @Test(arguments: mistakes.indices)
  func `a mistake has a place and a fix`(_ index: Int) throws {
    let mistake = Self.mistakes[index]
    let text: String
    do {
      _ = try SamplePipeline.make(mistake.changes, files: ["v.yaml": Self.views])
      Issue.record("taken: \(mistake.changes)")
      return
    } catch {
      text = "\(error)"
    }
    let line = text.split(separator: "\n").first { $0.contains(mistake.what) }
    #expect(line?.contains(mistake.fix) == true, "\(text)")
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 3)
      #expect(parts[0].hasSuffix(".yaml") && Int(parts[1]) ?? 0 > 0 && Int(parts[2]) ?? 0 > 0)
      // A problem of an expression says what it would take.
      #expect(line.contains("; ") || line.contains("rule '"), "no fix: \(line)")
    }
  }

  private static func derived(_ name: String, _ other: String) -> String {
    "{name: \(name), type: double, expression: \"spend.\(other) + 1.0\"}"
  }

  @Test func `features that need each other are a mistake of the views`() throws {
    let views = Self.views.replacing(
      "features: [{name: count, aggregate: count}",
      with: "derived: [\(Self.derived("a", "b")), \(Self.derived("b", "a"))]\n    "
        + "features: [{name: count, aggregate: count}")
    let text = try SamplePipeline.problems(Self.features, files: ["v.yaml": views])
    #expect(text.hasPrefix("v.yaml:") && text.contains("spend.b"), "\(text)")
  }
}
