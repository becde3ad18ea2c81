import Foundation
import Gateway
import NIOCore
import SwiftProtobuf
import Testing

/// Clients that send nonsense, and clients that do not read.
@Suite struct GRPCDecisionPressureTests {
  private static let methods = GRPCMethod.allCases.map { "\($0.path)" }
    .filter { $0.hasPrefix("/needletail.v1.") }

  @Test func `no message brings the server down, and each call has an end`() async throws {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    var generator = SeededGenerator(seed: seed)
    try await DecisionTestHost.with { server, _ in
      try await GRPCTestClient.with(server) { client in
        try await client.send(GRPCDecisionTests.wideWindow)
        var id: Int32 = 1
        #expect(Self.methods.count == 11)
        for round in 0..<440 {
          var message = try Self.message(round, &generator)
          for _ in 0..<Int.random(in: 0...3, using: &generator) where !message.isEmpty {
            let place = Int.random(in: 0..<message.count, using: &generator)
            message[place] = UInt8.random(in: 0...255, using: &generator)
          }
          try await client.call(id, Self.methods[round % 11], message)
          let answer = try await client.answer(id)
          #expect(answer.status != nil && answer.status != 2 && answer.status != 13, "\(answer)")
          id += 2
        }
        try await client.call(id, GRPCDecisionTests.decide, GRPCDecisionTests.request(0.1))
        #expect(try await client.answer(id).status == 0)
      }
    }
  }

  /// A message that one of the methods takes.
  private static func message(
    _ round: Int, _ generator: inout SeededGenerator
  ) throws -> [UInt8] {
    let values = GRPCDecisionTests.input(0.1, id: "f\(round)")
    switch Int.random(in: 0..<4, using: &generator) {
    case 0: return try GRPCDecisionTests.request(0.1, id: "f\(round)")
    case 1:
      let request = Needletail_V1_DecideManyRequest.with {
        $0.pipeline = "sample"
        $0.inputs = [.with { $0.values = values }, .with { $0.values = values }]
      }
      return try request.serializedBytes()
    case 2:
      let request = Needletail_V1_AppendRequest.with {
        $0.source = "payments"
        $0.events = [.with { $0.values = values }]
      }
      return try request.serializedBytes()
    default:
      return (0..<Int.random(in: 0..<40, using: &generator)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
    }
  }

  @Test func `a message is not decompressed beyond what its call takes`() async throws {
    var limits = GRPCTestServer.quickLimits
    limits.controlMessageBytesMax = 10_000
    var bomb = ByteBuffer()
    try Deflater.deflate(ByteBuffer(repeating: 0, count: 1 << 20), .gzip, appendingTo: &bomb)
    let message = [1] + GRPCBytes.framed([UInt8](buffer: bomb)).dropFirst()
    try await DecisionTestHost.with(limits: limits) { server, _ in
      try await GRPCTestClient.with(server) { client in
        let paths = [
          GRPCDecisionTests.decide, GRPCDecisionTests.decideStream,
          "/needletail.v1.Records/List",
        ]
        for (index, path) in paths.enumerated() {
          let id = Int32(2 * index + 1)
          try await client.send(
            HTTP2Bytes.headers(stream: id, path: path, more: [("grpc-encoding", "gzip")])
              + HTTP2Bytes.data(stream: id, message, endStream: true))
          let answer = try await client.answer(id)
          #expect(answer.status == 8, "\(path)")
          let text = answer.fields["grpc-message"] ?? ""
          #expect(text.contains("10000 bytes") && !text.contains("1048576"), "\(text)")
        }
      }
    }
  }

  @Test func `a message is refused by its length where its call takes less`() async throws {
    try await DecisionTestHost.with { server, _ in
      try await GRPCTestClient.with(server) { client in
        for (index, path) in Self.methods.enumerated() {
          let id = Int32(2 * index + 1)
          // 65 MiB and a byte are announced, and do not come.
          try await client.send(
            HTTP2Bytes.headers(stream: id, path: path)
              + HTTP2Bytes.data(stream: id, [0, 4, 0x10, 0, 1, 9], endStream: true))
          #expect(try await client.answer(id).status == 8, "\(path)")
        }
      }
    }
  }

  @Test func `a client that does not read is not read, and gets all answers once it does`()
    async throws
  {
    var limits = GRPCTestServer.quickLimits
    limits.streamAnswerBytesMax = 10_000
    try await DecisionTestHost.with(limits: limits) { server, _ in
      try await GRPCTestClient.with(server, window: 2_000) { client in
        try await client.send(
          HTTP2Bytes.headers(stream: 1, path: GRPCDecisionTests.decideStream))
        var sent: [UInt8] = []
        let count = 1_500
        for index in 0..<count {
          let message = try GRPCDecisionTests.request(0.1, card: "c\(index)", id: "s\(index)")
          sent += HTTP2Bytes.data(
            stream: 1, GRPCBytes.framed(message), endStream: index == count - 1)
        }
        try await client.send(sent)
        var size = 0
        while client.answers[1]?.hasEnded != true {
          try await client.read { client in
            let answer = client.answers[1]
            return answer?.hasEnded == true || (answer?.body.count ?? 0) >= size + 2_000
          }
          size = client.answers[1]?.body.count ?? 0
          // 8,000 bytes more, on the stream and on the connection.
          try await client.send(
            HTTP2Bytes.frame(8, stream: 0, [0, 0, 0x1F, 0x40])
              + HTTP2Bytes.frame(8, stream: 1, [0, 0, 0x1F, 0x40]))
        }
        let answer = try await client.answer(1)
        #expect(answer.status == 0)
        let ids = try answer.messages.map {
          try Needletail_V1_DecisionResult(serializedBytes: $0).decision.requestID
        }
        #expect(ids == (0..<count).map { "s\($0)" })
      }
    }
  }

  @Test func `a stream of appends is answered wholly though nothing is read meanwhile`()
    async throws
  {
    var limits = GRPCTestServer.quickLimits
    limits.streamAnswerBytesMax = 50
    try await DecisionTestHost.with(limits: limits) { server, _ in
      try await GRPCTestClient.with(server, window: 100) { client in
        var sent = HTTP2Bytes.headers(stream: 1, path: "/needletail.v1.Events/AppendStream")
        for index in 0..<200 {
          let request = Needletail_V1_AppendRequest.with {
            $0.source = "payments"
            $0.events = [
              .with {
                $0.values = GRPCDecisionTests.input(1, id: "e\(index)")
                $0.values["at"] = .with { $0.timestampNs = 1_700_000_000_000_000_000 }
              }
            ]
          }
          sent += HTTP2Bytes.data(
            stream: 1, GRPCBytes.framed(try request.serializedBytes()), endStream: index == 199)
        }
        try await client.send(sent)
        var size = 0
        while client.answers[1]?.hasEnded != true {
          try await client.read { client in
            let answer = client.answers[1]
            return answer?.hasEnded == true || (answer?.body.count ?? 0) >= size + 50
          }
          size = client.answers[1]?.body.count ?? 0
          try await client.send(HTTP2Bytes.frame(8, stream: 1, [0, 0, 0, 200]))
        }
        let answer = try await client.answer(1)
        #expect(answer.status == 0 && answer.messages.count == 200)
        #expect(answer.messages.allSatisfy { $0 == [8, 1] })
      }
    }
  }
}
