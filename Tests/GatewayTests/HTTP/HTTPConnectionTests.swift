import Gateway
import Inference
import NeedletailTesting
import Testing

/// How a connection begins, waits, and ends.
@Suite struct HTTPConnectionTests {
  private static func exchange(
    _ text: String, limits: GatewayLimits = GatewayLimits()
  ) async throws -> (answer: RawHTTPClient.Answer, rest: [UInt8]) {
    try await HTTPTestServer.with(limits: limits) { server in
      try await RawHTTPClient.with(port: server.port) { client in
        try await client.send(text)
        let answer = try await client.answer()
        client.finishSending()
        return (answer, try await client.readToEnd())
      }
    }
  }

  @Test func `a rejected request is answered, then the connection ends`() async throws {
    let (answer, rest) = try await Self.exchange("GET / HTTP/1.1\r\n\r\nGET /v2 HTTP/1.1\r\n")
    #expect(answer.status == 400)
    #expect(answer.headers["connection"] == "close")
    #expect(rest.isEmpty)
  }

  @Test func `a body above the limit is refused before it is sent`() async throws {
    var limits = GatewayLimits()
    limits.bodyBytesMax = 1_000
    let (answer, _) = try await Self.exchange(
      "POST /v2/models/double/infer HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
        + "Content-Length: 1001\r\n\r\n", limits: limits)
    #expect(answer.status == 413)
  }

  @Test func `a client that asks first is told to go on`() async throws {
    try await HTTPTestServer.with { server in
      try await RawHTTPClient.with(port: server.port) { client in
        try await client.send(
          "POST /v2/repository/index HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
            + "Content-Length: 2\r\n\r\n")
        #expect(try await client.answer().status == 100)
        try await client.send("{}")
        #expect(try await client.answer().text == "[]")
      }
    }
  }

  @Test func `a client that is too slow with its head is told so`() async throws {
    var limits = GatewayLimits()
    limits.headNanosecondsMax = 1_000_000
    let (answer, _) = try await Self.exchange("GET /v2 HTTP/1.1\r\nHost:", limits: limits)
    #expect(answer.status == 408)
  }

  @Test func `an idle connection is closed`() async throws {
    var limits = GatewayLimits()
    limits.idleNanosecondsMax = 1_000_000
    try await HTTPTestServer.with(limits: limits) { server in
      try await RawHTTPClient.with(port: server.port) { client in
        let rest = try await client.readToEnd()
        #expect(rest.isEmpty)
      }
    }
  }

  @Test func `connections above the limit are closed at once`() async throws {
    var limits = GatewayLimits()
    limits.connectionsMax = 1
    try await HTTPTestServer.with(limits: limits) { server in
      try await RawHTTPClient.with(port: server.port) { first in
        try await first.send("GET /v2/health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try await first.answer().status == 200)
        try await RawHTTPClient.with(port: server.port) { second in
          let rest = try await second.readToEnd()
          #expect(rest.isEmpty)
        }
      }
    }
  }

  @Test func `a draining server is not ready and closes after its answers`() async throws {
    try await HTTPTestServer.with { server in
      try await RawHTTPClient.with(port: server.port) { client in
        try await client.send("GET /v2/health/ready HTTP/1.1\r\nHost: x\r\n\r\n")
        let ready = try await client.answer()
        #expect(ready.status == 200)
        #expect(ready.text == #"{"ready":true,"live":true}"#)
        server.context.markDraining()
        try await client.send("GET /v2/health/ready HTTP/1.1\r\nHost: x\r\n\r\n")
        let draining = try await client.answer()
        #expect(draining.status == 503)
        #expect(draining.text == #"{"ready":false,"live":true}"#)
        #expect(draining.headers["connection"] == "close")
      }
    }
  }

  @Test func `a client that leaves takes its waiting request along`() async throws {
    let gate = ModelGate()
    var options = EngineOptions()
    options.execution = .threads
    options.calibrates = false
    let models = [ScriptedHost.Entry("slow", model: gate.model)]
    try await HTTPTestServer.with(models, options: options) { server in
      let body = #"{"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[1,1,1,1]}]}"#
      let request =
        "POST /v2/models/slow/infer HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.utf8.count)"
        + "\r\n\r\n\(body)"
      try await RawHTTPClient.with(port: server.port) { first in
        try await first.send(request)
        await gate.entered()
        try await RawHTTPClient.with(port: server.port) { second in
          try await second.send(request)
          while try server.engine.statistics(model: "slow", version: "")[0].pending == 0 {
            await Task.yield()
          }
        }
        while try server.engine.statistics(model: "slow", version: "")[0].cancelled == 0 {
          await Task.yield()
        }
        gate.open()
        #expect(try await first.answer().status == 200)
      }
    }
  }

  @Test func `HEAD is GET without the body, other verbs are refused`() async throws {
    try await HTTPTestServer.with { server in
      try await RawHTTPClient.with(port: server.port) { client in
        try await client.send("HEAD /v2 HTTP/1.1\r\nHost: x\r\n\r\n")
        let head = try await client.answer(isHead: true)
        #expect(head.status == 200 && head.headers["content-length"] != "0")
        try await client.send("DELETE /v2 HTTP/1.1\r\nHost: x\r\n\r\n")
        let refused = try await client.answer()
        #expect(refused.status == 405 && refused.text == #"{"error":"Method Not Allowed"}"#)
        #expect(refused.headers["allow"] == "GET, HEAD")
        try await client.send("GET /v3 HTTP/1.1\r\nHost: x\r\n\r\n")
        let unknown = try await client.answer()
        #expect(unknown.status == 404 && unknown.text == #"{"error":"Not Found"}"#)
      }
    }
  }
}
