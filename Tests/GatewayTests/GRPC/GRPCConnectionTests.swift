import Gateway
import Inference
import NIOCore
import NeedletailTesting
import Testing

/// What a connection may cost, and how it ends.
@Suite struct GRPCConnectionTests {
  @Test func `connections above the limit are closed at once`() async throws {
    var limits = GRPCTestServer.quickLimits
    limits.connectionsMax = 1
    try await GRPCTestServer.with(limits: limits) { server in
      try await GRPCTestClient.with(server) { first in
        try await first.call(1, GRPCBytes.infer, GRPCBytes.request("double"))
        #expect(try await first.answer(1).status == 0)
        try await GRPCTestClient.with(server, sendsPreface: false) { try await $0.readToEnd() }
        #expect(server.server.openConnections == 1)
      }
    }
  }

  @Test func `a client that does not begin is closed`() async throws {
    var limits = GRPCTestServer.quickLimits
    limits.prefaceNanosecondsMax = 1_000_000
    try await GRPCTestServer.with(limits: limits) { server in
      try await GRPCTestClient.with(server, sendsPreface: false) { try await $0.readToEnd() }
    }
  }

  @Test func `a connection without requests is told to go`() async throws {
    var limits = GRPCTestServer.quickLimits
    limits.idleNanosecondsMax = 1_000_000
    try await GRPCTestServer.with(limits: limits) { server in
      try await GRPCTestClient.with(server, sendsPreface: false) { client in
        try await client.send(HTTP2Bytes.preface + HTTP2Bytes.settings())
        try await client.readToEnd()
        #expect(client.isGoingAway)
      }
    }
  }

  @Test func `a request that never ends is refused, whatever it lacks`() async throws {
    var limits = GRPCTestServer.quickLimits
    limits.bodyNanosecondsMax = 1_000_000
    try await GRPCTestServer.with(limits: limits) { server in
      try await GRPCTestClient.with(server) { client in
        let whole = GRPCBytes.framed(GRPCBytes.request("double"))
        try await client.send(HTTP2Bytes.headers(stream: 1, path: GRPCBytes.infer))
        try await client.send(
          HTTP2Bytes.headers(stream: 3, path: GRPCBytes.infer)
            + HTTP2Bytes.data(stream: 3, Array(whole.prefix(20))))
        try await client.send(
          HTTP2Bytes.headers(stream: 5, path: GRPCBytes.infer)
            + HTTP2Bytes.data(stream: 5, whole))
        try await client.send(
          HTTP2Bytes.headers(stream: 7, path: GRPCBytes.streamInfer)
            + HTTP2Bytes.data(stream: 7, Array(whole.prefix(20))))
        for id in [1, 3, 5, 7] as [Int32] {
          #expect(try await client.answer(id).status == 4)
          // The client still does not end its side.
          try await client.read { $0.answers[id]?.resetCode == 0 }
        }
      }
    }
  }

  @Test func `a stream between two requests may take its time`() async throws {
    var limits = GRPCTestServer.quickLimits
    limits.bodyNanosecondsMax = 1
    try await GRPCTestServer.with(limits: limits) { server in
      try await GRPCTestClient.with(server) { client in
        try await client.send(HTTP2Bytes.headers(stream: 1, path: GRPCBytes.streamInfer))
        // Ends when the sweep has looked at both.
        try await client.send(HTTP2Bytes.headers(stream: 3, path: GRPCBytes.infer))
        #expect(try await client.answer(3).status == 4)
        try await client.send(
          HTTP2Bytes.data(
            stream: 1, GRPCBytes.framed(GRPCBytes.request("double")), endStream: true))
        let answer = try await client.answer(1)
        #expect(answer.status == 0 && answer.messages.count == 1)
      }
    }
  }

  @Test func `an answer that is never read is thrown away`() async throws {
    var limits = GRPCTestServer.quickLimits
    limits.stallNanosecondsMax = 1_000_000
    try await GRPCTestServer.with(limits: limits) { server in
      try await GRPCTestClient.with(server, window: 0) { client in
        try await client.call(1, GRPCBytes.infer, GRPCBytes.request("double"))
        try await client.read { $0.answers[1]?.resetCode == 8 }
      }
    }
  }

  @Test func `a whole message counts until its call is answered`() async throws {
    var limits = GRPCTestServer.quickLimits
    limits.messageBytesMax = 2_000
    limits.connectionBufferBytesMax = 3_000
    try await GRPCTestServer.with(limits: limits) { server in
      try await GRPCTestClient.with(server) { client in
        let whole = GRPCBytes.framed(Array(repeating: 0, count: 1_800))
        for id in [1, 3] as [Int32] {
          try await client.send(
            HTTP2Bytes.headers(stream: id, path: GRPCBytes.infer)
              + HTTP2Bytes.data(stream: id, whole))
        }
        #expect(try await client.answer(3).status == 8)
        try await client.send(HTTP2Bytes.data(stream: 1, [], endStream: true))
        #expect(try await client.answer(1).status == 3)
        try await client.call(5, GRPCBytes.infer, GRPCBytes.request("double"))
        #expect(try await client.answer(5).status == 0)
      }
    }
  }

  @Test func `a control message is small, and has few fields`() async throws {
    try await GRPCTestServer.with { server in
      try await GRPCTestClient.with(server) { client in
        let path = "/inference.GRPCInferenceService/"
        let name = Array(repeating: UInt8(ascii: "x"), count: 2_000)
        var many: [UInt8] = []
        for _ in 0..<70_000 { many += [0x1A, 0] }
        for (index, method) in ["RepositoryModelLoad", "TraceSetting"].enumerated() {
          let id = Int32(4 * index + 1)
          try await client.send(HTTP2Bytes.headers(stream: id, path: path + method))
          var rest = GRPCBytes.framed(many)[...]
          while !rest.isEmpty {
            let part = Array(rest.prefix(16_000))
            rest = rest.dropFirst(part.count)
            try await client.send(HTTP2Bytes.data(stream: id, part, endStream: rest.isEmpty))
          }
          #expect(try await client.answer(id).status == 8)
          try await client.call(id + 2, path + "ModelReady", GRPCBytes.field(1, name))
          #expect(try await client.answer(id + 2).messages.count == 1)
        }
      }
    }
  }

  @Test func `a client that leaves takes its waiting requests along`() async throws {
    let gate = ModelGate()
    try await GRPCTestServer.gated(gate) { server in
      try await GRPCTestClient.with(server) { first in
        try await first.call(1, GRPCBytes.infer, GRPCBytes.request("slow"))
        await gate.entered()
        try await GRPCTestClient.with(server) { second in
          try await second.call(1, GRPCBytes.infer, GRPCBytes.request("slow"))
          try await second.send(
            HTTP2Bytes.headers(stream: 3, path: GRPCBytes.streamInfer)
              + HTTP2Bytes.data(stream: 3, GRPCBytes.framed(GRPCBytes.request("slow"))))
          while try server.statistics("slow").pending < 2 { await Task.yield() }
        }
        while try server.statistics("slow").cancelled < 2 { await Task.yield() }
        gate.open()
        #expect(try await first.answer(1).status == 0)
      }
    }
  }

  @Test func `a call that waits for something else ends with its time`() async throws {
    try await GRPCTestServer.with { server in
      try await GRPCTestClient.with(server) { client in
        let timeout = [("grpc-timeout", "2m")]
        try await client.call(
          1, "/grpc.health.v1.Health/Watch", GRPCBytes.text(1, "double"), more: timeout)
        try await client.send(
          HTTP2Bytes.headers(stream: 3, path: GRPCBytes.infer, more: timeout))
        try await client.send(
          HTTP2Bytes.headers(stream: 5, path: GRPCBytes.streamInfer, more: timeout))
        for id in [1, 3, 5] as [Int32] { #expect(try await client.answer(id).status == 4) }
      }
    }
  }

  @Test func `an open stream ends when the server stops`() async throws {
    let gate = ModelGate()
    try await GRPCTestServer.gated(gate) { server in
      try await GRPCTestClient.with(server) { client in
        try await client.send(
          HTTP2Bytes.headers(stream: 1, path: GRPCBytes.streamInfer)
            + HTTP2Bytes.data(stream: 1, GRPCBytes.framed(GRPCBytes.request("slow"))))
        await gate.entered()
        async let stopped: Void = server.server.shutdown(withinNanoseconds: 60_000_000_000)
        try await client.read { $0.isGoingAway }
        gate.open()
        let answer = try await client.answer(1)
        #expect(answer.messages.count == 1 && answer.status == 14)
        try await client.send(HTTP2Bytes.data(stream: 1, [], endStream: true))
        try await client.readToEnd()
        await stopped
      }
    }
  }
}
