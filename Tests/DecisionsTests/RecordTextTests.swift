import Records
import Testing

@testable import Decisions

/// What a record leaves out is there again when it is read.
@Suite struct RecordTextTests {
  private static let names = ["amount", #"odd "name\"#, "spend.sum_1h", "last"]

  private func record(_ body: String, _ context: String?) -> DecisionRecord {
    DecisionRecord(
      id: "01", requestID: #"r"1"#, pipeline: "sample", pipelineDigest: "d", decidedAt: 5,
      outcome: "approve", body: Array(body.utf8),
      context: context.map { RecordContext(Array($0.utf8)) })
  }

  private static let rest =
    #""decided_by":"fast","tiers":[],"reasons":[],"degraded":false,"degraded_reasons":[],"#
    + #""late":false,"stages":[],"inputs":{"amount":20}}"#

  private func json(_ record: DecisionRecord) -> String {
    String(decoding: record.decisionJSON(), as: UTF8.self)
  }

  @Test func `a decision without features gets the members of its columns`() throws {
    let found = record("{" + Self.rest, nil)
    #expect(
      json(found) == #"{"id":"01","request_id":"r\"1","pipeline":"sample","digest":"d","#
        + #""decided_at_ns":5,"outcome":"approve","# + Self.rest)
    let decision = try #require(RecordedDecision(found)?.decision)
    #expect((decision.id, decision.requestID, decision.decidedBy) == ("01", #"r"1"#, "fast"))
    #expect(decision.features == nil)
  }

  @Test func `features get their names, words and ages`() throws {
    let body =
      #"{"features":{"values":[1.5,null,-2e-07,3],"statuses":"fmsd","ages_ns":[[1],[2,20],[1,0]]},"#
      + Self.rest
    let context = #"{"features":["amount","odd \"name\\","spend.sum_1h","last"]}"#
    let decision = try #require(RecordedDecision(record(body, context))?.decision)
    let features = try #require(decision.features)
    #expect(features.map(\.name) == Self.names)
    #expect(features.map(\.value) == [1.5, nil, -2e-07, 3])
    #expect(features.map(\.status) == ["fresh", "missing", "stale", "default"])
    #expect(features.map(\.age) == [nil, 20, 20, 0])
  }

  @Test func `any other body is left as it is`() {
    let context = #"{"features":["a","b"]}"#
    let opening = #"{"features":{"values":["#
    let bodies = [
      "", "{", "{}", "[1]", #"{"fill":1}"#, opening, opening + "1,2]",
      opening + #"1,2],"statuses":"f","ages_ns":[[2]]},"# + Self.rest,
      opening + #"1,2],"statuses":"ff","ages_ns":[[1]]},"# + Self.rest,
      opening + #"1,2],"statuses":"ff","ages_ns":[[9223372036854775807]]},"# + Self.rest,
      opening + #"1,2],"statuses":"ff","ages_ns":[[-1],[3]]},"# + Self.rest,
      opening + #"1,2],"statuses":"fx","ages_ns":[[2]]},"# + Self.rest,
      opening + #"1,2,3],"statuses":"fff","ages_ns":[[3]]},"# + Self.rest,
    ]
    for body in bodies { #expect(json(record(body, context)) == body) }
    let fits = opening + #"1,2],"statuses":"ff","ages_ns":[[2]]},"# + Self.rest
    for wrong in [
      nil, "", "{", #"{"features":["a]}"#, #"{"features":["a\"#, #"{"names":["a","b"]}"#,
    ] {
      #expect(json(record(fits, wrong)) == fits, "\(wrong ?? "none")")
    }
    #expect(json(record(fits, context)) != fits)
  }

  @Test func `whatever a body is, reading it ends`() {
    let seed = UInt64.random(in: 0 ... .max)
    var random = Seeded(seed)
    let body = Array(
      (#"{"features":{"values":[1.5,null],"statuses":"fm","ages_ns":[[1],[1,20]]},"# + Self.rest)
        .utf8)
    let context = Array(#"{"features":["amount","b\"c"]}"#.utf8)
    for _ in 0..<5_000 {
      var damaged = (body: body, context: context)
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let byte = UInt8.random(in: 0x20...0x7E, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: damaged.body[Int.random(in: 0..<damaged.body.count, using: &random)] = byte
        case 1: damaged.context[Int.random(in: 0..<damaged.context.count, using: &random)] = byte
        case 2: damaged.body.removeLast(Int.random(in: 0..<damaged.body.count, using: &random))
        default:
          damaged.context.removeLast(Int.random(in: 0..<damaged.context.count, using: &random))
        }
        if damaged.body.isEmpty || damaged.context.isEmpty { break }
      }
      var changed = record("", nil)
      (changed.body, changed.context) = (damaged.body, RecordContext(damaged.context))
      #expect(!json(changed).isEmpty || damaged.body.isEmpty, "seed \(seed)")
    }
  }
}
