import Decisions
import Foundation
import Gateway
import SwiftProtobuf
import Testing

/// Events, features, records and pipelines over a real connection.
@Suite struct GRPCIntakeTests {
  private static let append = "/needletail.v1.Events/Append"
  private static let appendStream = "/needletail.v1.Events/AppendStream"
  private static let start: Int64 = 1_700_000_000_000_000_000

  private static func event(
    _ id: Int, card: String = "c", amount: Double = 1, at: Int64? = nil
  ) -> Needletail_V1_Event {
    .with {
      $0.values["id"] = .with { $0.stringValue = "e\(id)" }
      $0.values["at"] = .with { $0.timestampNs = at ?? start + Int64(id) }
      $0.values["card"] = .with { $0.stringValue = card }
      $0.values["amount"] = .with { $0.doubleValue = amount }
    }
  }

  private static func request(_ events: [Needletail_V1_Event]) throws -> [UInt8] {
    let request = Needletail_V1_AppendRequest.with {
      $0.source = "payments"
      $0.events = events
    }
    return try request.serializedBytes()
  }

  private static func counts(
    _ message: [UInt8]?
  ) throws -> Needletail_V1_AppendResponse {
    try Needletail_V1_AppendResponse(serializedBytes: try #require(message))
  }

  private static func features(
    _ client: GRPCTestClient.Connection, _ id: Int32, at: Int64
  ) async throws -> [Needletail_V1_Feature] {
    let request = Needletail_V1_GetFeaturesRequest.with {
      $0.service = "all"
      $0.request["card"] = .with { $0.stringValue = "c" }
      $0.atNs = at
    }
    try await client.call(id, "/needletail.v1.Features/Get", request.serializedBytes())
    let answer = try await client.answer(id)
    try #require(answer.status == 0, "\(answer.fields)")
    return try Needletail_V1_GetFeaturesResponse(
      serializedBytes: try #require(answer.messages.first)
    ).features
  }

  @Test func `events count in features, each once, and the bad ones are named`() async throws {
    try await DecisionTestHost.with { server, _ in
      try await GRPCTestClient.with(server) { client in
        var events = (0..<200).map { Self.event($0) }
        events[3].values["amount"] = nil
        events[70].values["amount"] = .with { $0.stringValue = "x" }
        events[71].values["at"] = .with { $0.timestampNs = .max }
        events[72].values["id"] = .with { $0.stringValue = "" }
        events[73].values["amount"] = .with { $0.doubleValue = .nan }
        events[74].values["nobody reads this"] = .with { $0.boolValue = true }
        events[75].values["amount"] = .with { $0.intValue = 1 }
        events[76].values["ok"] = .with { $0.intValue = 1 }
        events[77].values["card"] = Needletail_V1_Value()
        events[78] = Needletail_V1_Event()
        try await client.call(1, Self.append, Self.request(events))
        let answer = try await client.answer(1)
        try #require(answer.status == 0, "\(answer.fields)")
        let counts = try Self.counts(answer.messages.first)
        #expect(counts.accepted == 192 && counts.refused == 8 && counts.duplicate == 0)
        #expect(counts.refusals.map(\.index) == [3, 70, 71, 72, 73, 76, 77, 78])
        #expect(counts.refusals.first?.error == "'amount' is missing")
        try await client.call(3, Self.append, Self.request(events))
        #expect(try Self.counts(try await client.answer(3).messages.first).duplicate == 192)
        let features = try await Self.features(client, 5, at: Self.start + 1_000)
        #expect(features.map(\.name) == ["spend.count_1h", "spend.sum_1h"])
        #expect(features.map(\.value) == [192, 192] && features[0].status == "fresh")
        #expect(features[0].ageNs == 1_000 - 199)
      }
    }
  }

  @Test func `each message of a stream is answered in order`() async throws {
    try await DecisionTestHost.with { server, _ in
      try await GRPCTestClient.with(server, window: 8 << 20) { client in
        try await client.send(HTTP2Bytes.headers(stream: 1, path: Self.appendStream))
        var sent: [UInt8] = []
        let sizes = (0..<60).map { [1, 0, 3, 150, 64, 65][$0 % 6] }
        var id = 0
        for size in sizes {
          let events = (0..<size).map { Self.event(id + $0) }
          id += size
          sent += HTTP2Bytes.data(stream: 1, GRPCBytes.framed(try Self.request(events)))
        }
        sent += HTTP2Bytes.data(stream: 1, [], endStream: true)
        try await client.send(sent)
        let answer = try await client.answer(1)
        #expect(answer.status == 0, "\(answer.fields)")
        let accepted = try answer.messages.map { Int(try Self.counts($0).accepted) }
        #expect(accepted == sizes)
        let features = try await Self.features(client, 3, at: Self.start + Int64(id))
        #expect(features.first?.value == Double(id))
      }
    }
  }

  @Test func `a source that is not served ends the stream`() async throws {
    try await DecisionTestHost.with { server, _ in
      try await GRPCTestClient.with(server) { client in
        try await client.send(
          HTTP2Bytes.headers(stream: 1, path: Self.appendStream)
            + HTTP2Bytes.data(stream: 1, GRPCBytes.framed([0x0A, 1, 0x78])))
        let answer = try await client.answer(1)
        #expect(answer.status == 5 && answer.fields["grpc-message"]?.contains("payments") == true)
      }
    }
  }

  @Test func `decisions are found as records, by id, by request and by time`() async throws {
    try await DecisionTestHost.with { server, _ in
      try await GRPCTestClient.with(server) { client in
        var decisions: [Needletail_V1_Decision] = []
        for index in 0..<6 {
          let id = Int32(2 * index + 1)
          let amount = index % 2 == 0 ? 0.1 : 0.4
          try await client.call(
            id, GRPCDecisionTests.decide,
            GRPCDecisionTests.request(amount, card: "c\(index)", id: "r\(index)"))
          decisions.append(try GRPCDecisionTests.decision(try await client.answer(id)))
        }
        func list(
          _ id: Int32, _ change: (inout Needletail_V1_ListRecordsRequest) -> Void
        ) async throws -> Needletail_V1_ListRecordsResponse {
          var request = Needletail_V1_ListRecordsRequest()
          change(&request)
          try await client.call(id, "/needletail.v1.Records/List", request.serializedBytes())
          let answer = try await client.answer(id)
          try #require(answer.status == 0, "\(answer.fields)")
          return try .init(serializedBytes: try #require(answer.messages.first))
        }
        let all = try await list(21) { _ in }
        #expect(all.records.map(\.id) == decisions.map(\.id) && all.next.isEmpty)
        #expect(all.records.allSatisfy { $0.hash.count == 32 && $0.body.hasPrefix("{") })
        #expect(!all.records.contains { $0.body.contains("\"c0\"") })
        let first = try await list(23) { $0.limit = 4 }
        let rest = try await list(25) { $0.after = first.next }
        #expect((first.records + rest.records).map(\.id) == decisions.map(\.id))
        let some = try await list(27) {
          $0.outcome = "review"
          $0.limit = 2
        }
        #expect(some.records.map(\.requestID) == ["r1", "r3"] && !some.next.isEmpty)
        let later = try await list(29) {
          $0.outcome = "review"
          $0.after = some.next
        }
        #expect(later.records.map(\.requestID) == ["r5"])
        let one = try await list(31) {
          $0.pipeline = "sample"
          $0.requestID = "r2"
        }
        #expect(one.records.map(\.id) == [decisions[2].id])
        let none = try await list(33) { $0.toNs = decisions[0].decidedAtNs }
        #expect(none.records.isEmpty)
        let get = Needletail_V1_GetRecordRequest.with { $0.id = decisions[3].id }
        try await client.call(35, "/needletail.v1.Records/Get", get.serializedBytes())
        let found = try Needletail_V1_Record(
          serializedBytes: try #require(try await client.answer(35).messages.first))
        #expect(found.requestID == "r3" && found.outcome == "review" && found.sequence == 4)
        let missing = Needletail_V1_GetRecordRequest.with { $0.id = "none" }
        try await client.call(37, "/needletail.v1.Records/Get", missing.serializedBytes())
        #expect(try await client.answer(37).status == 5)
        try await client.call(39, "/needletail.v1.Records/Get", [])
        #expect(try await client.answer(39).status == 3)
      }
    }
  }

  @Test func `pipelines are listed, and a reload swaps them or is refused whole`() async throws {
    try await DecisionTestHost.with { server, folder in
      try await GRPCTestClient.with(server) { client in
        func list(_ id: Int32) async throws -> Needletail_V1_Pipeline {
          try await client.call(id, "/needletail.v1.Pipelines/List", [])
          let message = try #require(try await client.answer(id).messages.first)
          let response = try Needletail_V1_ListPipelinesResponse(serializedBytes: message)
          return try #require(response.pipelines.first)
        }
        let before = try await list(1)
        #expect(before.name == "sample" && before.tiers.map(\.breaker) == ["closed"])
        #expect(before.outcomes == ["approve", "decline", "review"])
        #expect(before.durability == "group" && before.budgetNs == 600_000_000_000)
        let file = folder.appending(path: "pipeline.yaml")
        let text = try String(contentsOf: file, encoding: .utf8)
        try Data(text.replacing("decline_from: 0.9", with: "decline_from: 0.4").utf8).write(
          to: file)
        try await client.call(3, "/needletail.v1.Pipelines/Reload", [])
        let refused = try await client.answer(3)
        #expect(refused.status == 9 && refused.fields["grpc-message"]?.contains(".yaml:") == true)
        #expect(try await list(5).digest == before.digest)
        try Data(text.replacing("decline_from: 0.9", with: "decline_from: 0.8").utf8).write(
          to: file)
        try await client.call(7, "/needletail.v1.Pipelines/Reload", [])
        let answer = try await client.answer(7)
        try #require(answer.status == 0, "\(answer.fields)")
        let changes = try Needletail_V1_ReloadPipelinesResponse(
          serializedBytes: try #require(answer.messages.first)
        ).changes
        #expect(changes.map(\.change) == ["changed"])
        #expect(try await list(9).digest == changes.first?.digest)
      }
    }
  }
}
