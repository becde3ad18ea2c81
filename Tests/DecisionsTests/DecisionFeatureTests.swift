import Synchronization
import Testing
import Timing

@testable import Decisions
@testable import Features

@Suite struct DecisionFeatureTests {
  static let views = """
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

  static func pipeline(_ changes: [(String, String)] = []) throws -> PipelineDefinition {
    let sections = "features: {views: v.yaml, service: all}\nevent: {source: payments}\nbudget:"
    return try SamplePipeline.make(
      [("budget:", sections)] + changes, files: ["v.yaml": views])
  }

  private func expect(_ action: DecisionRun.Action, _ expected: DecisionRun.Action) {
    #expect(action == expected)
  }

  @Test func `a decision sees the events before it and leaves its own, once`() async throws {
    let rule = "{name: often, when: has(spend.count_1h) && spend.count_1h >= 2, decide: decline,"
    let harness = try await PortHarness(
      try Self.pipeline([("gate:\n", "gate:\n  - \(rule) reason: OFTEN}\n")]))
    let start: Int64 = 1_700_000_000_000_000_000
    var outcomes: [String] = []
    for (step, id) in ["a", "b", "b", "c"].enumerated() {
      let json = #"{"id": "\#(id)", "amount": 20, "card": "x"}"#
      let decision = try await harness.decide(
        json, wantsFeatures: true, wallTime: start + Int64(step) * 1_000_000_000
      ).get()
      outcomes.append(decision.reasons.first ?? decision.outcome)
      if id == "c" {
        #expect(decision.features?.map(\.name) == ["spend.count_1h", "spend.sum_1h"])
        #expect(decision.features?.map(\.value) == [2, 40])
        #expect(decision.features?.first?.status == "fresh")
      }
    }
    #expect(outcomes == ["approve", "approve", "approve", "OFTEN"])
    try await harness.stop()
  }

  @Test func `features are given up when their time is over`() throws {
    let definition = try Self.pipeline()
    let use = try #require(definition.features)
    let store = try FeatureStore.volatile(use.definitions)
    let schema = try #require(use.definitions.request)
    let isRead = store.state.withLock { _ in
      var vector = FeatureVector()
      return store.vector(
        use.service, EventRecord(schema), at: 0, until: MonotonicInstant.now().nanoseconds,
        into: &vector)
    }
    #expect(!isRead)
    var vector = FeatureVector()
    #expect(
      store.vector(use.service, EventRecord(schema), at: 0, until: 0, into: &vector))
    #expect(vector.values.count == 2)
  }

  @Test func `features that could not be read are all missing`() async throws {
    let gate = "{name: unread, when: features.missing == 2, decide: decline, reason: UNREAD}"
    let harness = try await PortHarness(try Self.pipeline([("gate:\n", "gate:\n  - \(gate)\n")]))
    // As when others hold the state for longer than a decision may wait.
    let unread = try await harness.decide(
      #"{"amount": 20, "card": "c"}"#, supply: .given(FeatureVector())
    ).get()
    #expect(unread.reasons == ["UNREAD"] && unread.degradedReasons == ["features-unavailable"])
    try await harness.stop()
  }

  @Test func `what reads features is not blamed for views that are wrong`() throws {
    let problems = try SamplePipeline.problems(
      ("budget:", "features: {views: v.yaml, service: all}\nevent: {source: payments}\nbudget:"),
      ("amount < 1.0", "spend.count_1h < 1"), ("{x: [amount, weight]}", "{x: features}"),
      files: ["v.yaml": Self.views.replacing("aggregate: sum", with: "aggregate: summ")])
    let lines = problems.split(separator: "\n")
    #expect(lines.allSatisfy { $0.hasPrefix("v.yaml:") } && !lines.isEmpty, "\(problems)")
  }

  @Test func `given features are used as they are, and no event is left`() async throws {
    let rule = "{name: often, when: spend.count_1h == 7.0 , decide: decline, reason: OFTEN}"
    let harness = try await PortHarness(
      try Self.pipeline([("gate:\n", "gate:\n  - \(rule)\n")]))
    let vector = FeatureVector(values: [7, 9], statuses: [.fresh, .stale], ages: [1, 2])
    let decision = try await harness.decide(
      #"{"amount": 20, "card": "x"}"#, wantsFeatures: true, supply: .given(vector)
    ).get()
    #expect(decision.reasons == ["OFTEN"] && decision.features?.map(\.value) == [7, 9])
    #expect(decision.features?.map(\.status) == ["fresh", "stale"])
    let store = try #require(harness.engine.pipeline(named: "sample")?.features)
    #expect(store.counts(source: 0).total == 0)
    let short = FeatureVector(values: [7], statuses: [.fresh], ages: [1])
    let other = try await harness.decide(#"{"amount": 20}"#, supply: .given(short)).get()
    #expect(other.degradedReasons == ["features-unavailable"])
    try await harness.stop()
  }

  @Test func `without its features a request asks no model and the ladder decides`() throws {
    let definition = try Self.pipeline()
    var state = PipelineState(definition)
    var run = DecisionRun(definition, started: 0, deadline: .max)
    expect(run.handle(.begin, now: 0, definition, &state), .readFeatures(until: 5_000_000))
    expect(run.handle(.featuresRead(false), now: 5_000_000, definition, &state), .runGate)
    expect(run.handle(.gated(nil), now: 5_000_000, definition, &state), .runRung(1))
    #expect(run.degradations == [.featuresUnavailable])
  }
}
