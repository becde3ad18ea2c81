import Decisions
import Foundation
import Gateway
import SwiftProtobuf
import Testing

/// Decisions over a real connection.
@Suite struct GRPCDecisionTests {
  static let decide = "/needletail.v1.Decisions/Decide"
  static let decideMany = "/needletail.v1.Decisions/DecideMany"
  static let decideStream = "/needletail.v1.Decisions/DecideStream"

  /// Lets the server send 1 MiB on the connection.
  static let wideWindow = HTTP2Bytes.frame(8, stream: 0, [0, 16, 0, 0])

  static func input(
    _ amount: Double, card: String = "c", id: String? = nil
  ) -> [String: Needletail_V1_Value] {
    var input: [String: Needletail_V1_Value] = [
      "amount": .with { $0.doubleValue = amount }, "card": .with { $0.stringValue = card },
    ]
    if let id { input["id"] = .with { $0.stringValue = id } }
    return input
  }

  static func request(
    _ amount: Double, card: String = "c", id: String? = nil,
    _ change: (inout Needletail_V1_DecideRequest) -> Void = { _ in }
  ) throws -> [UInt8] {
    var request = Needletail_V1_DecideRequest()
    request.pipeline = "sample"
    request.input = input(amount, card: card, id: id)
    change(&request)
    return try request.serializedBytes()
  }

  static func decision(_ answer: GRPCTestClient.Answer) throws -> Needletail_V1_Decision {
    try #require(answer.status == 0, "\(answer.fields)")
    return try Needletail_V1_Decision(serializedBytes: try #require(answer.messages.first))
  }

  @Test func `a request is decided, and a repeated one gets the decision it had`() async throws {
    try await DecisionTestHost.with { server, _ in
      try await GRPCTestClient.with(server) { client in
        try await client.call(1, Self.decide, Self.request(0.1, id: "a") { $0.features = true })
        let decision = try Self.decision(try await client.answer(1))
        #expect(decision.outcome == "approve" && decision.decidedBy == "doubled")
        #expect(decision.requestID == "a" && decision.pipeline == "sample")
        #expect(abs(decision.score - 0.2) < 1e-6 && decision.tiers.map(\.model) == ["double"])
        #expect(decision.features.map(\.name) == ["spend.count_1h", "spend.sum_1h"])
        #expect(decision.stages.map(\.name).contains("total") && !decision.degraded)
        try await client.call(3, Self.decide, Self.request(0.1, id: "a"))
        #expect(try Self.decision(try await client.answer(3)).id == decision.id)
        try await client.call(5, Self.decide, Self.request(0.4, id: "b"))
        let other = try Self.decision(try await client.answer(5))
        #expect(other.outcome == "review" && other.features.isEmpty)
      }
    }
  }

  @Test func `what is wrong with a request is said as a status with details`() async throws {
    var limits = GRPCTestServer.quickLimits
    limits.controlMessageBytesMax = 10_000
    try await DecisionTestHost.with(limits: limits) { server, _ in
      try await GRPCTestClient.with(server) { client in
        try await client.call(
          1, Self.decide,
          Self.request(5_000, card: "far too long") {
            $0.input["ok"] = .with { $0.intValue = 1 }
            $0.input["amout"] = .with { $0.intValue = 1 }
          })
        let wrong = try await client.answer(1)
        #expect(wrong.status == 3 && wrong.messages.isEmpty)
        let text = wrong.fields["grpc-message"] ?? ""
        for part in ["amount: ", "card: ", "ok: is an int_value", "amout: is no field"] {
          #expect(text.contains(part), "\(text)")
        }
        #expect(!text.contains("far too long"))
        #expect(wrong.fields["grpc-status-details-bin"] != nil)
        try await client.call(3, Self.decide, Self.request(1) { $0.pipeline = "smaple" })
        let unknown = try await client.answer(3)
        #expect(unknown.status == 5 && unknown.fields["grpc-message"]?.contains("sample") == true)
        try await client.call(5, Self.decide, [0x0A, 0xFF])
        #expect(try await client.answer(5).status == 3)
        try await client.call(7, Self.decide, Self.request(1) { $0.timeoutUs = -1 })
        #expect(try await client.answer(7).status == 3)
        try await client.call(9, Self.decide, [UInt8](repeating: 0, count: 10_001))
        #expect(try await client.answer(9).status == 8)
        try await client.call(11, Self.decide, Self.request(.nan))
        #expect(try await client.answer(11).status == 3)
        try await client.call(13, Self.decide, Self.request(.infinity))
        #expect(try await client.answer(13).status == 3)
        try await client.call(15, Self.decide, Self.request(1, id: ""))
        let noID = try await client.answer(15)
        #expect(noID.status == 3 && noID.fields["grpc-message"]?.contains("id: is empty") == true)
      }
    }
  }

  @Test func `without pipelines every method says so`() async throws {
    try await GRPCTestServer.with { server in
      try await GRPCTestClient.with(server) { client in
        try await client.call(1, Self.decide, Self.request(1))
        let answer = try await client.answer(1)
        #expect(answer.status == 5 && answer.fields["grpc-message"]?.contains("--pipeline") == true)
        try await client.call(3, "/needletail.v1.Records/Get", [])
        #expect(try await client.answer(3).status == 9)
        try await client.call(5, "/needletail.v1.Pipelines/List", [])
        #expect(try await client.answer(5).status == 0)
        try await client.call(7, "/needletail.v1.Pipelines/Reload", [])
        #expect(try await client.answer(7).status == 9)
        try await client.call(9, "/needletail.v1.Events/Append", [])
        #expect(try await client.answer(9).status == 5)
        try await client.call(11, "/needletail.v1.Features/Get", [])
        #expect(try await client.answer(11).status == 5)
      }
    }
  }

  @Test func `many requests are answered in their order, and a bad one harms no other`()
    async throws
  {
    try await DecisionTestHost.with { server, _ in
      try await GRPCTestClient.with(server, window: 8 << 20) { client in
        var request = Needletail_V1_DecideManyRequest()
        try await client.send(Self.wideWindow)
        request.pipeline = "sample"
        request.inputs = (0..<700).map { index in
          .with {
            $0.values = Self.input(index % 7 == 3 ? -1 : 0.1, card: "c\(index)", id: "m\(index)")
          }
        }
        try await client.call(1, Self.decideMany, request.serializedBytes())
        let answer = try await client.answer(1)
        try #require(answer.status == 0, "\(answer.fields)")
        let response = try Needletail_V1_DecideManyResponse(
          serializedBytes: try #require(answer.messages.first))
        #expect(response.results.count == 700)
        for (index, result) in response.results.enumerated() {
          if index % 7 == 3 {
            #expect(result.error.status == 3 && result.error.problems.first?.field == "amount")
          } else {
            #expect(result.decision.requestID == "m\(index)", "\(result)")
          }
        }
        try await client.call(3, Self.decideMany, [0x0A, 6] + Array("sample".utf8))
        #expect(try await client.answer(3).messages == [[]])
      }
    }
  }

  @Test func `a stream is answered in order, goes on after a bad request, and ends well`()
    async throws
  {
    try await DecisionTestHost.with { server, _ in
      try await GRPCTestClient.with(server, window: 8 << 20) { client in
        try await client.send(HTTP2Bytes.headers(stream: 1, path: Self.decideStream))
        var sent = Self.wideWindow
        for index in 0..<500 {
          let message =
            index % 5 == 2
            ? [0xFF] : try Self.request(0.1, card: "c\(index)", id: "s\(index)")
          sent += HTTP2Bytes.data(
            stream: 1, GRPCBytes.framed(message), endStream: index == 499)
        }
        try await client.send(sent)
        let answer = try await client.answer(1)
        #expect(answer.status == 0)
        let results = try answer.messages.map {
          try Needletail_V1_DecisionResult(serializedBytes: $0)
        }
        #expect(results.count == 500)
        for (index, result) in results.enumerated() {
          if index % 5 == 2 {
            #expect(result.error.status == 3)
          } else {
            #expect(result.decision.requestID == "s\(index)", "\(result)")
          }
        }
      }
    }
  }

  @Test func `a deadline that is over ends the call, and the server goes on`() async throws {
    try await DecisionTestHost.with { server, _ in
      try await GRPCTestClient.with(server) { client in
        try await client.send(
          HTTP2Bytes.headers(
            stream: 1, path: Self.decideStream, more: [("grpc-timeout", "20m")]))
        #expect(try await client.answer(1).status == 4)
        try await client.call(
          3, Self.decide, Self.request(0.1), more: [("grpc-timeout", "1n")])
        // Whether it was decided in time or not: there is one answer.
        #expect(try await client.answer(3).hasEnded)
        try await client.call(5, Self.decide, Self.request(0.1))
        #expect(try await client.answer(5).status == 0)
      }
    }
  }

  @Test func `a client that leaves takes nothing along`() async throws {
    try await DecisionTestHost.with { server, _ in
      try await GRPCTestClient.with(server) { client in
        try await client.call(1, Self.decide, Self.request(0.1, id: "left"))
        try await client.send(HTTP2Bytes.frame(3, stream: 1, [0, 0, 0, 8]))
        try await client.call(3, Self.decide, Self.request(0.1, id: "left"))
        #expect(try Self.decision(try await client.answer(3)).requestID == "left")
      }
    }
  }
}
