import Testing
import Timing

@testable import Decisions
@testable import Features

@Suite struct ReplayTests {
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

  private static let features = """
    [{"name":"spend.sum_1h","status":"stale","value":12.5,"age_ns":5},\
    {"name":"other","status":"fresh","value":1},{"name":"spend.count_1h","status":"missing"}]
    """

  private static func body(
    _ inputs: String, features: String? = features, reasons: String = "[]"
  ) -> [UInt8] {
    let part = features.map { "\"features\":\($0)," } ?? ""
    return Array(
      """
      {"id":"01","pipeline":"sample","digest":"d","decided_at_ns":5,"outcome":"approve",\
      "decided_by":"fast","score":0.1,"tiers":[],"reasons":[],"degraded":false,\
      "degraded_reasons":\(reasons),"late":false,"stages":[],\(part)"inputs":\(inputs)}
      """.utf8)
  }

  private func why(
    _ definition: PipelineDefinition, _ body: [UInt8], requestID: String? = nil
  ) throws -> String? {
    let recorded = try #require(RecordedDecision(json: body))
    do throws(NotReplayable) {
      _ = try ReplayReader(definition).request(of: recorded, requestID: requestID)
      return nil
    } catch {
      return error.description
    }
  }

  @Test func `inputs and features are those of the record`() throws {
    let definition = try Self.pipeline()
    let recorded = try #require(
      RecordedDecision(
        json: Self.body(
          #"{"amount":20,"country":"DE","card":"[redacted]","weight":0.1,"gone":[1,{"a":2}]}"#)))
    let (input, features) = try ReplayReader(definition).request(of: recorded, requestID: "r1")
    let schema = definition.inputs
    #expect(schema.index(of: "amount").map { input.double($0) } == 20)
    #expect(schema.index(of: "weight").map { input.double($0) } == 0.1)
    #expect(schema.index(of: "country").map { input.string($0) } == "DE")
    guard case .given(let vector) = features else {
      Issue.record("\(features)")
      return
    }
    #expect(vector.values[0].isNaN && vector.values[1] == 12.5)
    #expect(vector.statuses == [.missing, .stale])
    #expect(vector.ages == [-1, 5])
  }

  @Test func `what a record lacks is said`() throws {
    let same = try Self.pipeline()
    #expect(try why(same, Self.body("{}")) == "field not recorded: amount")
    #expect(try why(same, Self.body(#"{"amount":null}"#)) == "field not recorded: amount")
    #expect(try why(same, Self.body(#"{"amount":"20"}"#)) == "field has another type now: amount")
    #expect(
      try why(same, Self.body(#"{"amount":2000}"#)) == "field does not fit the schema now: amount")
    #expect(
      try why(same, Self.body(#"{"amount":20}"#, features: "[]"))
        == "feature not recorded: spend.count_1h")
    #expect(
      try why(same, Self.body(#"{"amount":20}"#, features: nil))
        == "feature not recorded: spend.count_1h")
    // It was decided without features, and is so again.
    let late = Self.body(
      #"{"amount":20}"#, features: nil, reasons: #"["features-unavailable"]"#)
    #expect(try why(same, late) == nil)
    #expect(RecordedDecision(json: Array("{}".utf8)) == nil)
    #expect(RecordedDecision(json: Array("[".utf8)) == nil)
  }

  @Test func `a redacted value matters only where something reads it`() throws {
    let body = Self.body(#"{"amount":20,"card":"[redacted]","id":"[redacted]"}"#)
    #expect(try why(Self.pipeline(), body) == nil)
    let reading = try Self.pipeline([("amount < 1.0", "card == 'x'")])
    #expect(try why(reading, body) == "redacted: card")
    // The id is in the record's own column.
    let recorded = try #require(RecordedDecision(json: body))
    let definition = try Self.pipeline()
    let (input, _) = try ReplayReader(definition).request(of: recorded, requestID: "r7")
    #expect(definition.inputs.idField.map { input.string($0) } == "r7")
  }

  @Test func `a record without what changed decides the same again`() async throws {
    let harness = try await PortHarness(try Self.pipeline())
    let recorded = try #require(RecordedDecision(json: Self.body(#"{"amount":20}"#)))
    let (_, features) = try ReplayReader(try Self.pipeline()).request(of: recorded, requestID: nil)
    let decision = try await harness.decide(
      #"{"amount": 20}"#, wantsFeatures: true, supply: features
    ).get()
    #expect(decision.outcome == "approve")
    #expect(decision.features?.map(\.status) == ["missing", "stale"])
    #expect(decision.features?.map(\.value) == [nil, 12.5])
    try await harness.stop()
  }

  @Test func `time limits can be left out`() throws {
    let definition = try Self.pipeline()
    let patient = definition.withoutTimeLimits()
    #expect(patient.budget.total > 1_000 * definition.budget.total)
    let limits = patient.tiers.map(\.timeout)
    #expect(limits.allSatisfy { $0 > 1_000_000_000 && $0 < patient.budget.total })
    #expect(patient.digest == definition.digest)
  }

  @Test func `flips are counted by outcome, decider and reason`() {
    var report = ReplayReport()
    var before = Decision()
    before.id = "01"
    before.requestID = "r\"1"
    before.outcome = "approve"
    before.decidedBy = "fast"
    before.score = 0.25
    before.reasons = ["OLD"]
    var after = before
    #expect(report.add(before, after) == nil)
    after.outcome = "decline"
    after.decidedBy = "rules"
    after.score = 0.5
    after.reasons = ["NEW"]
    after.isDegraded = true
    after.degradedReasons = ["deep:open"]
    let flip = report.add(before, after)
    report.add(NotReplayable(.redacted, "card"))
    report.add(NotReplayable(.redacted, "card"))
    #expect(report.total == 4 && report.replayed == 2 && report.flips == 1)
    #expect(report.flipShare == 0.5)
    #expect(report.outcomes[.init(before: "approve", after: "decline")] == 1)
    #expect(report.flipsByDecider == [.init(before: "fast", after: "rules"): 1])
    #expect(report.reasonsGained == ["NEW": 1] && report.reasonsLost == ["OLD": 1])
    #expect(report.degradedFlips == 1 && report.degradedReasons == ["deep:open": 1])
    #expect(report.scoreMoves.max == 250_000)
    let json = flip.map { String(decoding: $0.json(), as: UTF8.self) }
    #expect(
      json
        == #"{"id":"01","request_id":"r\"1","decided_at_ns":0,"#
        + #""before":{"outcome":"approve","decided_by":"fast","score":0.25,"#
        + #""reasons":["OLD"],"degraded_reasons":[]},"#
        + #""after":{"outcome":"decline","decided_by":"rules","score":0.5,"#
        + #""reasons":["NEW"],"degraded_reasons":["deep:open"]}}"#)
  }
}
