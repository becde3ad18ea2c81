import Features
import Testing
import Timing

@testable import Decisions

@Suite struct DecisionFeatureTests {
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

  private static func pipeline(_ changes: [(String, String)] = []) throws -> PipelineDefinition {
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
    let store = SharedFeatures(use.definitions, seed: (1, 2))
    let schema = try #require(use.definitions.request)
    let isRead = store.withEngineHeld {
      var vector = FeatureVector()
      return store.read(
        use.service, EventRecord(schema), at: 0, until: MonotonicInstant.now().nanoseconds,
        into: &vector)
    }
    #expect(!isRead)
    var vector = FeatureVector()
    #expect(
      store.read(use.service, EventRecord(schema), at: 0, until: 0, into: &vector))
    #expect(vector.values.count == 2)
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
