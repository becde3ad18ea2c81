import Gateway
import Inference
import NIOCore
import NeedletailTesting
import Testing

/// Calls over a real connection.
@Suite struct GRPCCallTests {
  private static let reset = [0, 0, 0, 8] as [UInt8]

  /// The bytes of the only output of a `ModelInferResponse`.
  private static func output(_ message: [UInt8]?) -> [UInt8]? {
    message.flatMap { GRPCBytes.values(6, in: $0).first }
  }

  private static let twos: [UInt8] = [0, 0, 0, 64, 0, 0, 0, 64, 0, 0, 0, 64, 0, 0, 0, 64]

  @Test func `an inference is answered`() async throws {
    try await GRPCTestServer.with { server in
      try await GRPCTestClient.with(server) { client in
        try await client.call(1, GRPCBytes.infer, GRPCBytes.request("double", id: "a"))
        let answer = try await client.answer(1)
        #expect(answer.fields[":status"] == "200" && answer.status == 0)
        #expect(Self.output(answer.messages.first) == Self.twos)
        try await client.call(3, GRPCBytes.infer, GRPCBytes.request("none"))
        #expect(try await client.answer(3).status == 5)
        try await client.call(5, GRPCBytes.infer, [255, 255])
        #expect(try await client.answer(5).status == 3)
        try await client.call(7, "/inference.GRPCInferenceService/None", [])
        #expect(try await client.answer(7).status == 12)
        try await client.send(
          HTTP2Bytes.headers(stream: 9, path: GRPCBytes.infer, endStream: true))
        #expect(try await client.answer(9).status == 3)
      }
    }
  }

  @Test func `a socket and TLS carry the same calls`() async throws {
    try await GRPCTestServer.with(unixPath: "/tmp/nt-\(UInt32.random(in: 0 ... .max)).sock") {
      server in
      try await GRPCTestClient.with(server) { client in
        try await client.call(1, GRPCBytes.infer, GRPCBytes.request("double"))
        #expect(Self.output(try await client.answer(1).messages.first) == Self.twos)
      }
    }
    try await GRPCTestServer.with(tls: TestCertificate.serverContext()) { server in
      try await GRPCTestClient.with(server, tls: TestCertificate.clientContext()) { client in
        try await client.call(1, GRPCBytes.infer, GRPCBytes.request("double"))
        #expect(Self.output(try await client.answer(1).messages.first) == Self.twos)
      }
    }
  }

  @Test func `a reset takes the waiting request along`() async throws {
    let gate = ModelGate()
    try await GRPCTestServer.gated(gate) { server in
      try await GRPCTestClient.with(server) { client in
        try await client.call(1, GRPCBytes.infer, GRPCBytes.request("slow"))
        await gate.entered()
        try await client.call(3, GRPCBytes.infer, GRPCBytes.request("slow"))
        while try server.statistics("slow").pending == 0 { await Task.yield() }
        try await client.send(HTTP2Bytes.frame(3, stream: 3, Self.reset))
        while try server.statistics("slow").cancelled == 0 { await Task.yield() }
        #expect(try server.statistics("slow").pending == 0)
        gate.open()
        #expect(try await client.answer(1).status == 0)
        #expect(try server.statistics("slow").success.count == 1)
      }
    }
  }

  @Test func `a call whose time is over is told so while it waits`() async throws {
    let gate = ModelGate()
    try await GRPCTestServer.gated(gate) { server in
      try await GRPCTestClient.with(server) { client in
        try await client.call(1, GRPCBytes.infer, GRPCBytes.request("slow"))
        await gate.entered()
        try await client.call(
          3, GRPCBytes.infer, GRPCBytes.request("slow"), more: [("grpc-timeout", "5m")])
        #expect(try await client.answer(3).status == 4)
        gate.open()
        #expect(try await client.answer(1).status == 0)
        try await client.call(
          5, GRPCBytes.infer, GRPCBytes.request("slow"), more: [("grpc-timeout", "5x")])
        #expect(try await client.answer(5).status == 3)
      }
    }
  }

  @Test func `a stream is answered in order, errors in their place`() async throws {
    try await GRPCTestServer.with { server in
      try await GRPCTestClient.with(server, window: 1 << 20) { client in
        try await client.send(HTTP2Bytes.headers(stream: 1, path: GRPCBytes.streamInfer))
        var bytes: [UInt8] = []
        for index in 0..<100 {
          let model = index % 10 == 3 ? "none" : "double"
          bytes += GRPCBytes.framed(GRPCBytes.request(model, id: "\(index)"))
        }
        // Cut anywhere: messages do not keep to frames.
        while !bytes.isEmpty {
          let part = Array(bytes.prefix(97))
          bytes.removeFirst(part.count)
          try await client.send(HTTP2Bytes.data(stream: 1, part, endStream: bytes.isEmpty))
        }
        let answer = try await client.answer(1)
        #expect(answer.status == 0)
        let ids = answer.messages.map { message in
          GRPCBytes.values(2, in: message).first.flatMap {
            GRPCBytes.values(3, in: $0).first.map { String(decoding: $0, as: UTF8.self) }
          }
        }
        #expect(ids == (0..<100).map { "\($0)" })
        let errors = answer.messages.indices.filter {
          !GRPCBytes.values(1, in: answer.messages[$0]).isEmpty
        }
        #expect(errors == Array(stride(from: 3, to: 100, by: 10)))
      }
    }
  }

  @Test func `a stream that is not read takes a bounded number of requests`() async throws {
    var limits = GRPCTestServer.quickLimits
    limits.streamRequestsMax = 4
    limits.streamAnswerBytesMax = 1_000
    limits.http2.streamWindowBytes = 8_192
    try await GRPCTestServer.with(limits: limits) { server in
      try await GRPCTestClient.with(server, window: 100) { client in
        try await client.send(HTTP2Bytes.headers(stream: 1, path: GRPCBytes.streamInfer))
        let message = GRPCBytes.framed(GRPCBytes.request("double"))
        let count = 8_000 / message.count
        for _ in 0..<count { try await client.send(HTTP2Bytes.data(stream: 1, message)) }
        // An answer to another stream says that everything before it was read.
        try await client.call(3, GRPCBytes.infer, GRPCBytes.request("none"))
        #expect(try await client.answer(3).status == 5)
        #expect(try server.statistics("double").success.count < 30)
        try await client.send(HTTP2Bytes.windowUpdate(stream: 1, 1 << 20))
        try await client.send(HTTP2Bytes.data(stream: 1, [], endStream: true))
        let answer = try await client.answer(1)
        #expect(answer.status == 0 && answer.messages.count == count)
      }
    }
  }

  @Test func `answers are compressed for clients that accept it`() async throws {
    var limits = GRPCTestServer.quickLimits
    limits.compressesAnswers = true
    try await GRPCTestServer.with(limits: limits) { server in
      try await GRPCTestClient.with(server) { client in
        let path = "/inference.GRPCInferenceService/ServerMetadata"
        try await client.call(1, path, [], more: [("grpc-accept-encoding", "identity, gzip")])
        let packed = try await client.answer(1)
        #expect(packed.fields["grpc-encoding"] == "gzip" && packed.status == 0)
        #expect(packed.body.first == 1)
        #expect(packed.messages.first?.prefix(2) == [0x1F, 0x8B])
        try await client.call(3, path, [])
        let plain = try await client.answer(3)
        #expect(plain.fields["grpc-encoding"] == nil && plain.body.first == 0)
        try await client.send(
          HTTP2Bytes.headers(stream: 5, path: path)
            + HTTP2Bytes.data(stream: 5, [1, 0, 0, 0, 1, 9], endStream: true))
        #expect(try await client.answer(5).status == 13)
      }
    }
  }

  @Test func `health is checked by service and by model`() async throws {
    try await GRPCTestServer.with { server in
      try await GRPCTestClient.with(server) { client in
        let names = ["", "inference.GRPCInferenceService", "grpc.health.v1.Health", "double"]
        for (index, name) in names.enumerated() {
          let id = Int32(2 * index + 1)
          try await client.call(id, "/grpc.health.v1.Health/Check", GRPCBytes.text(1, name))
          #expect(try await client.answer(id).messages == [[8, 1]], "'\(name)'")
        }
        try await client.call(99, "/grpc.health.v1.Health/Check", GRPCBytes.text(1, "other"))
        #expect(try await client.answer(99).status == 5)
      }
    }
  }

  @Test func `a watch sees the state change, and ends when the server stops`() async throws {
    try await GRPCTestServer.with { server in
      try await GRPCTestClient.with(server) { client in
        try await client.call(1, "/grpc.health.v1.Health/Watch", GRPCBytes.text(1, ""))
        try await client.read { $0.answers[1]?.messages.count == 1 }
        server.context.markDraining()
        server.server.readinessChanged()
        try await client.read { $0.answers[1]?.messages.count == 2 }
        #expect(client.answers[1]?.messages == [[8, 1], [8, 2]])
        async let stopped: Void = server.server.shutdown(withinNanoseconds: 60_000_000_000)
        #expect(try await client.answer(1).status == 14)
        #expect(client.isGoingAway)
        try await client.readToEnd()
        await stopped
      }
    }
  }

  @Test func `reflection lists the services and describes their methods`() async throws {
    try await GRPCTestServer.with { server in
      try await GRPCTestClient.with(server, window: 1 << 20) { client in
        let path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
        try await client.call(1, path, GRPCBytes.text(7, "*"))
        let services = String(
          decoding: try await client.answer(1).messages.first ?? [], as: UTF8.self)
        #expect(services.contains("inference.GRPCInferenceService"))
        #expect(services.contains("grpc.health.v1.Health"))
        let symbol = "inference.GRPCInferenceService.ModelInfer"
        try await client.call(3, path, GRPCBytes.text(4, symbol))
        let file = String(
          decoding: try await client.answer(3).messages.first ?? [], as: UTF8.self)
        #expect(file.contains("ModelInferRequest"))
      }
    }
  }
}
