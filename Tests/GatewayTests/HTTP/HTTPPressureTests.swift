import Gateway
import Inference
import NIOCore
import NeedletailTesting
import Tensors
import Testing

/// Large answers, clients that leave early, and bodies that would grow.
@Suite struct HTTPPressureTests {
  private static let length = 16 << 20

  /// A request for one row of ``length`` bytes, answered as it was sent.
  private static var largeRequest: [UInt8] {
    let json = """
      {"inputs":[{"name":"in_b","shape":[1,\(length)],"datatype":"UINT8",\
      "parameters":{"binary_data_size":\(length)}}],"parameters":{"binary_data_output":true}}
      """
    let head =
      "POST /v2/models/echo/infer HTTP/1.1\r\nHost: x\r\n"
      + "Inference-Header-Content-Length: \(json.utf8.count)\r\n"
      + "Content-Length: \(json.utf8.count + length)\r\n\r\n"
    return Array((head + json).utf8) + [UInt8](repeating: 7, count: length)
  }

  private static let models = [ScriptedHost.Entry("echo", model: .echo([("b", .uint8)]))]

  @Test func `a client that ends its side while it reads gets the whole answer`() async throws {
    try await HTTPTestServer.with(Self.models) { server in
      try await RawHTTPClient.with(port: server.port) { client in
        try await client.send(Self.largeRequest)
        while try server.engine.statistics(model: "echo", version: "")[0].success.count == 0 {
          await Task.yield()
        }
        client.finishSending()
        let bytes = try await client.readToEnd()
        #expect(bytes.count > Self.length)
        #expect(bytes.starts(with: Array("HTTP/1.1 200 OK".utf8)))
      }
    }
  }

  @Test func `a large answer is whole although the server drains`() async throws {
    try await HTTPTestServer.with(Self.models) { server in
      try await RawHTTPClient.with(port: server.port) { client in
        try await client.send(Self.largeRequest)
        while try server.engine.statistics(model: "echo", version: "")[0].success.count == 0 {
          await Task.yield()
        }
        async let drained: Void = server.server.shutDown(within: .seconds(20))
        let bytes = try await client.readToEnd()
        #expect(bytes.count > Self.length)
        await drained
      }
    }
  }

  @Test func `requests sent ahead without end are all answered`() async throws {
    try await HTTPTestServer.with { server in
      try await RawHTTPClient.with(port: server.port) { client in
        // Each write ends within a request, so that the server never has all of them.
        let request = Array(
          "GET /v3 HTTP/1.1\r\nHost: x\r\nX: \(String(repeating: "y", count: 2_000))\r\n\r\n".utf8)
        try await client.send(Array(request.prefix(700)))
        for _ in 0..<200 {
          try await client.send(Array(request.dropFirst(700)) + Array(request.prefix(700)))
          #expect(try await client.answer().status == 404)
        }
      }
    }
  }

  private static func post(_ path: String, gzip content: ByteBuffer) throws -> [UInt8] {
    var body = ByteBuffer()
    try Deflater.deflate(content, .gzip, appendingTo: &body)
    return Array(
      "POST \(path) HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: ".utf8)
      + Array("\(body.readableBytes)\r\n\r\n".utf8) + Array(body.readableBytesView)
  }

  @Test func `a compressed control request is read, a bomb is refused`() async throws {
    var limits = GatewayLimits()
    limits.bodyBytesMax = 1 << 20
    try await HTTPTestServer.with(limits: limits) { server in
      try await RawHTTPClient.with(port: server.port) { client in
        let index = "/v2/repository/index"
        try await client.send(
          try Self.post(index, gzip: ByteBuffer(string: #"{"ready":true}"#)))
        #expect(try await client.answer().text == "[]")
        let bomb = ByteBuffer(repeating: 0x20, count: 8 << 20)
        for path in [index, "/v2/repository/models/m/load", "/v2/models/double/infer"] {
          try await client.send(try Self.post(path, gzip: bomb))
          #expect(try await client.answer().status == 413)
        }
        try await client.send(Array(
          ("POST \(index) HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\n"
            + "Content-Length: 3\r\n\r\nabc").utf8))
        #expect(try await client.answer().status == 400)
      }
    }
  }

  @Test func `an output too large for JSON is refused before it is written`() {
    let count = 44_000_000
    let tensor = Tensor(
      elementType: .uint8, shape: [count], bytes: ByteBuffer(repeating: 0, count: count))
    var buffer = ByteBuffer()
    #expect(throws: InferenceError.self) {
      try buffer.writeJSON(elements: tensor, output: "y")
    }
    #expect(buffer.readableBytes == 0)
  }
}

extension HTTPPressureTests {
  @Test func `bodies of all connections together are bounded, and given back`() async throws {
    var limits = GatewayLimits()
    limits.requestBytesMax = 8 << 20
    try await HTTPTestServer.with(Self.models, limits: limits) { server in
      try await RawHTTPClient.with(port: server.port) { client in
        try await client.send(Self.largeRequest)
        let bytes = try await client.readToEnd()
        #expect(bytes.starts(with: Array("HTTP/1.1 503".utf8)))
      }
      try await RawHTTPClient.with(port: server.port) { client in
        try await client.send(
          Array("GET /v2/health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".utf8))
        let bytes = try await client.readToEnd()
        #expect(bytes.starts(with: Array("HTTP/1.1 200".utf8)))
      }
      #expect(server.context.requestBytes.bytes == 0)
    }
  }
}
