import Foundation
import NIOCore
import SwiftProtobuf
import Testing

@testable import Decisions
@testable import Gateway

@Suite struct DecisionMessageTests {
  private func text(_ generator: inout SeededGenerator) -> String {
    let pool = ["", "a", "card-fraud", "ünï", String(repeating: "x", count: 300)]
    return pool.randomElement(using: &generator) ?? ""
  }

  private func number(_ generator: inout SeededGenerator) -> Int64 {
    [0, 1, -1, 127, 128, .max, .min, 1_700_000_000_000_000_000].randomElement(using: &generator)
      ?? 0
  }

  private func score(_ generator: inout SeededGenerator) -> Double? {
    [nil, 0, -0.0, 0.25, 1e300].randomElement(using: &generator) ?? nil
  }

  private func decision(_ generator: inout SeededGenerator) -> Decision {
    var decision = Decision()
    decision.id = text(&generator)
    decision.requestID = Bool.random(using: &generator) ? nil : text(&generator)
    decision.pipeline = text(&generator)
    decision.digest = text(&generator)
    decision.decidedAt = number(&generator)
    decision.outcome = text(&generator)
    decision.decidedBy = text(&generator)
    decision.score = score(&generator)
    for _ in 0..<Int.random(in: 0..<4, using: &generator) {
      decision.tiers.append(
        Decision.Tier(
          tier: text(&generator), model: text(&generator), version: text(&generator),
          score: score(&generator), result: text(&generator), nanoseconds: number(&generator)))
      decision.reasons.append(text(&generator))
      decision.degradedReasons.append(text(&generator))
      decision.stages.append(
        Decision.Stage(name: text(&generator), nanoseconds: number(&generator)))
    }
    decision.isDegraded = Bool.random(using: &generator)
    decision.isLate = Bool.random(using: &generator)
    if Bool.random(using: &generator) {
      decision.features = (0..<Int.random(in: 0..<40, using: &generator)).map { _ in
        Decision.Feature(
          name: text(&generator), value: score(&generator), status: "fresh",
          age: Bool.random(using: &generator) ? nil : number(&generator))
      }
    }
    return decision
  }

  /// The decision as the general library would write it.
  private func message(_ decision: Decision) -> Needletail_V1_Decision {
    var message = Needletail_V1_Decision()
    message.id = decision.id
    message.requestID = decision.requestID ?? ""
    message.pipeline = decision.pipeline
    message.digest = decision.digest
    message.decidedAtNs = decision.decidedAt
    message.outcome = decision.outcome
    message.decidedBy = decision.decidedBy
    if let score = decision.score { message.score = score }
    message.tiers = decision.tiers.map { tier in
      .with {
        $0.tier = tier.tier
        $0.model = tier.model
        $0.version = tier.version
        if let score = tier.score { $0.score = score }
        $0.result = tier.result
        $0.ns = tier.nanoseconds
      }
    }
    message.reasons = decision.reasons
    message.degraded = decision.isDegraded
    message.degradedReasons = decision.degradedReasons
    message.late = decision.isLate
    message.features = (decision.features ?? []).map { feature in
      .with {
        $0.name = feature.name
        if let value = feature.value { $0.value = value }
        $0.status = feature.status
        if let age = feature.age { $0.ageNs = age }
      }
    }
    message.stages = decision.stages.map { stage in
      .with {
        $0.name = stage.name
        $0.ns = stage.nanoseconds
      }
    }
    return message
  }

  @Test func `random decisions are written byte for byte as the general library writes them`()
    throws
  {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<500 {
      let decision = decision(&generator)
      let wanted: [UInt8] = try message(decision).serializedBytes()
      var framed = DecisionMessage.framed(decision)
      #expect(framed.readInteger(as: UInt8.self) == 0)
      #expect(framed.readInteger(as: UInt32.self) == UInt32(wanted.count))
      #expect([UInt8](buffer: framed) == wanted)
      let result = try Needletail_V1_DecisionResult(
        serializedBytes: [UInt8](buffer: DecisionMessage.result(decision, framed: false)))
      #expect(try result.decision.serializedBytes() == wanted)
    }
  }

  @Test func `a failure carries its cause, its problems and when to come back`() throws {
    var failure = CallFailure(
      InputProblems([InputProblem(field: "amount", message: "is missing")]))
    failure.retryAfter = 2_500_000_000
    let result = try Needletail_V1_DecisionResult(
      serializedBytes: [UInt8](buffer: failure.result(framed: false)))
    #expect(result.error.status == 3 && result.error.code == "INVALID_ARGUMENT")
    #expect(result.error.message == "amount: is missing")
    #expect(result.error.problems.map(\.field) == ["amount"])
    #expect(result.error.retryAfterNs == 2_500_000_000)
  }

  @Test func `details of a status are those that clients of gRPC know, and fit their bounds`()
    throws
  {
    let long = String(repeating: "ü", count: 100)
    var failure = CallFailure(
      InputProblems((0..<100).map { InputProblem(field: "field\($0)", message: long) }))
    failure.retryAfter = 2_500_000_000
    let field = try #require(failure.trailers.first)
    guard case .made(let text) = field.value else { return }
    #expect("\(field.name)" == "grpc-status-details-bin" && text.count < 4_096)
    let padded = String(decoding: text, as: UTF8.self) + ["", "", "==", "="][text.count % 4]
    let status = [UInt8](try #require(Data(base64Encoded: padded)))
    #expect(Array(status.prefix(2)) == [8, 3])
    let details = GRPCBytes.values(3, in: status)
    let types = details.map {
      String(decoding: GRPCBytes.values(1, in: $0).first ?? [], as: UTF8.self)
    }
    #expect(
      types
        == ["ErrorInfo", "BadRequest", "RetryInfo"].map { "type.googleapis.com/google.rpc.\($0)" })
    let retry = GRPCBytes.values(1, in: GRPCBytes.values(2, in: details[2])[0])
    #expect(retry == [[8, 2, 16, 0x80, 0xCA, 0xB5, 0xEE, 1]])
    let violations = GRPCBytes.values(1, in: GRPCBytes.values(2, in: details[1])[0])
    #expect(violations.count > 5 && violations.count < 100)
  }

  @Test func `details stay small whatever a character of the message is made of`() throws {
    let accents = String(repeating: "\u{301}", count: 30_000)
    let failure = CallFailure(.notFound, "NOT_FOUND", "a" + accents)
    let field = try #require(failure.trailers.first)
    guard case .made(let text) = field.value else { return }
    #expect(text.count < 4_096)
    for most in 0..<8 {
      let prefix = "aé😀b".prefix(bytes: most)
      #expect("aé😀b".utf8.starts(with: prefix.utf8))
      #expect(prefix.utf8.count == [0, 1, 1, 3, 3, 3, 3, 7][most])
    }
    #expect("ab".prefix(bytes: 5) == "ab")
  }

  @Test(arguments: 0..<9)
  func `base64 is that of RFC 4648 without padding`(count: Int) {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 97 + 250) }
    let wanted = Data(bytes).base64EncodedString().replacing("=", with: "")
    #expect(String(decoding: Base64.encode(bytes.span), as: UTF8.self) == wanted)
  }

  @Test func `answers leave in the order of their requests`() {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    var generator = SeededGenerator(seed: seed)
    var answers = OrderedAnswers()
    var open: [Int] = []
    var expected = 0
    for step in 0..<2_000 {
      if step < 1_000, Bool.random(using: &generator) {
        open.append(answers.open())
      } else if let index = open.indices.randomElement(using: &generator) {
        let ticket = open.remove(at: index)
        answers.fill(ticket, ByteBuffer(integer: ticket))
      }
      while let answer = answers.next() {
        #expect(answer.getInteger(at: 0, as: Int.self) == expected)
        expected += 1
      }
    }
    #expect(answers.count == (open.isEmpty ? 0 : answers.count) && expected > 0)
  }
}
