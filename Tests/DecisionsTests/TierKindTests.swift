import Testing

@testable import Decisions

@Suite struct TierKindTests {
  private static let model = """
    - name: fast
        model: fast
        inputs: {x: [amount, weight]}
        score: p
        approve_below: 0.2
        decline_from: 0.8
        timeout: 4ms
        concurrency: 4
    """

  /// The sample with another first tier.
  private static func pipeline(_ tier: String) throws -> PipelineDefinition {
    try SamplePipeline.make([
      (model, tier),
      ("- {tier: fast, approve_below: 0.1, decline_from: 0.7}\n  ", ""),
    ])
  }

  private static let points = """
    - name: points
        expression: "amount / 1000.0"
        approve_below: 0.2
        decline_from: 0.8
    """

  private static let policy = """
    - name: policy
        rules:
          - {name: dear, when: amount > 800.0, decide: decline, reason: DEAR}
          - {name: far, when: has(country) && country == 'FR', decide: review, reason: FAR}
    """

  @Test func `an expression gives a score that thresholds read, and escalates`() async throws {
    let harness = try await PortHarness(try Self.pipeline(Self.points), deep: 0.9)
    let low = try await harness.decide(#"{"amount": 100}"#).get()
    #expect(low.outcome == "approve" && low.decidedBy == "points" && low.score == 0.1)
    let middle = try await harness.decide(#"{"amount": 500}"#).get()
    #expect(middle.decidedBy == "deep" && middle.tiers.map(\.result) == ["escalate", "decline"])
    #expect(middle.tiers[0].score == 0.5 && middle.tiers[0].model == "")
    #expect(!middle.isDegraded)
    try await harness.stop()
  }

  @Test func `rules of a tier decide or pass on`() async throws {
    let harness = try await PortHarness(try Self.pipeline(Self.policy), deep: 0.1)
    let dear = try await harness.decide(#"{"amount": 850}"#).get()
    #expect(dear.outcome == "decline" && dear.decidedBy == "policy" && dear.reasons == ["DEAR"])
    let other = try await harness.decide(#"{"amount": 100, "country": "DE"}"#).get()
    #expect(other.decidedBy == "deep" && other.tiers.map(\.result) == ["passed", "approve"])
    try await harness.stop()
  }

  @Test func `an expression without an answer leaves the decision to the ladder`() async throws {
    let tier = Self.points.replacing("amount / 1000.0", with: "weight")
    let harness = try await PortHarness(try Self.pipeline(tier))
    let decision = try await harness.decide(#"{"amount": 500}"#).get()
    #expect(decision.decidedBy == "fallback" && decision.degradedReasons == ["points:failed"])
    let beyond = try await harness.decide(#"{"amount": 500, "weight": 7}"#).get()
    #expect(beyond.degradedReasons == ["points:failed"], "7 is no probability")
    try await harness.stop()
  }

  @Test(arguments: [
    (points.replacing("expression", with: "expresion"), "did you mean 'expression'?"),
    (points + "\n    model: fast", "this one has model and expression"),
    (policy + "\n    timeout: 2ms", "'timeout' has no meaning for a tier of rules; remove it"),
    (policy + "\n    otherwise: review", "the next tier is asked; remove 'otherwise'"),
    (points.replacing("amount / 1000.0", with: "amount > 1.0"), "double"),
    (points.replacing("    approve_below: 0.2\n", with: ""), "has no 'approve_below'"),
    ("- name: none", "this one has none of them"),
  ])
  func `what a tier cannot be is told with its place`(_ tier: String, _ expected: String) throws {
    let text = try SamplePipeline.problems(
      (Self.model, tier), ("- {tier: fast, approve_below: 0.1, decline_from: 0.7}\n  ", ""))
    #expect(text.contains(expected), "\(text)")
    for line in text.split(separator: "\n") { #expect(line.hasPrefix("sample.yaml:"), "\(line)") }
  }
}
