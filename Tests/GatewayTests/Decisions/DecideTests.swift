import Decisions
import Foundation
import Gateway
import Inference
import ModelRuntimes
import NIOCore
import NeedletailTesting
import Testing

/// One decision over HTTP.
@Suite struct DecideTests {
  private static let path = "/v1/decisions/payments"

  @Test func `a decision says what was decided and why`() async throws {
    try await DecisionTestServer.with { server in
      let answer = try await server.send(
        "POST", Self.path, #"{"id":"a","card":"c1","amount":900}"#)
      #expect(answer.status == 200)
      #expect(answer.headers["content-type"] == "application/json")
      let timing = try #require(answer.headers["server-timing"])
      #expect(timing.contains("features;dur="))
      #expect(timing.contains("total;dur="))
      let json = try answer.json
      #expect(json["outcome"] as? String == "decline")
      #expect(json["decided_by"] as? String == "scorer")
      #expect(json["request_id"] as? String == "a")
      #expect(json["degraded"] as? Bool == false)
      #expect(json["features"] == nil)
      #expect((json["tiers"] as? [[String: Any]])?.first?["model"] as? String == "scorer")
      let tiny = try await server.send("POST", Self.path, #"{"card":"c1","amount":0.5}"#)
      #expect(try tiny.json["reasons"] as? [String] == ["TINY"])
    }
  }

  @Test func `features are told where they are asked for`() async throws {
    try await DecisionTestServer.with { server in
      let answer = try await server.send(
        "POST", Self.path + "?features=true", #"{"id":"a","card":"rich","amount":10}"#)
      let features = try #require(try answer.json["features"] as? [[String: Any]])
      #expect(
        features.compactMap { $0["name"] as? String } == [
          "amount", "activity.count_1h", "activity.spent_1h", "profile.limit",
        ])
      #expect(features[3]["value"] as? Double == 5_000)
    }
  }

  @Test func `the decided request counts in the features of the next`() async throws {
    try await DecisionTestServer.with { server in
      for (id, count) in [("a", 0.0), ("b", 1), ("c", 2)] {
        let answer = try await server.send(
          "POST", Self.path + "?features=true", #"{"id":"\#(id)","card":"c9","amount":10}"#)
        let features = try #require(try answer.json["features"] as? [[String: Any]])
        #expect(features[1]["value"] as? Double ?? 0 == count)
      }
    }
  }

  @Test func `the same id gets the same decision`() async throws {
    try await DecisionTestServer.with { server in
      let body = #"{"id":"same","card":"c1","amount":100}"#
      let first = try await server.send("POST", Self.path, body)
      let second = try await server.send("POST", Self.path, body)
      #expect(try first.json["id"] as? String == second.json["id"] as? String)
    }
  }

  @Test(arguments: [
    ("/v1/decisions/other", "{}", 404, "there is no pipeline 'other'; served: payments"),
    (path, "{", 400, "not a JSON object"),
    (path, "", 400, "not a JSON object"),
    (path, "[1", 400, "failed to parse the request JSON"),
    (path + "?x=1", "{}", 400, "known are features"),
    (path + "?features=maybe", "{}", 400, "use true or false"),
    (path + "?features=%f", "{}", 400, "not percent-encoded"),
    (path, #"{"card":"c","amount":-1}"#, 422, "amount"),
    (path, #"{"card":"c","amount":1,"x":2}"#, 422, "is no field"),
    (path, "{}", 422, "card: is missing"),
    (path, #"{"id":"","card":"c","amount":1}"#, 422, "id: is empty"),
    (path, #"{"id":"a\u0000b","card":"c","amount":1}"#, 422, "id: holds a zero byte"),
  ])
  func `what is wrong with a request is said`(
    _ path: String, _ body: String, _ status: Int, _ text: String
  ) async throws {
    try await DecisionTestServer.with { server in
      let answer = try await server.send("POST", path, body)
      #expect(answer.status == status, "\(answer.text)")
      #expect(answer.error.contains(text), "\(answer.text)")
    }
  }

  @Test func `each wrong field is named`() async throws {
    try await DecisionTestServer.with { server in
      let answer = try await server.send(
        "POST", Self.path, #"{"card":1,"amount":"x","id":""}"#)
      #expect(answer.status == 422)
      let problems = try #require(try answer.json["problems"] as? [[String: String]])
      #expect(Set(problems.compactMap { $0["field"] }).isSuperset(of: ["card", "amount"]))
      #expect(problems.allSatisfy { $0["message"]?.isEmpty == false })
    }
  }

  @Test func `other verbs and paths are refused`() async throws {
    try await DecisionTestServer.with { server in
      for (method, path, status) in [
        ("GET", Self.path, 405), ("POST", "/v1/pipelines", 405),
        ("GET", "/v1/pipelines/reload", 405), ("POST", "/v1/decisions", 404),
        ("POST", "/v1/decisions/a/b", 404), ("GET", "/v1", 404),
      ] {
        let answer = try await server.send(method, path)
        #expect(answer.status == status, "\(method) \(path)")
      }
    }
  }

  @Test func `one value may not be as large as many`() async throws {
    try await DecisionTestServer.with { server in
      let text = String(repeating: "x", count: 2 << 20)
      let answer = try await server.send("POST", Self.path, #"{"card":"\#(text)","amount":1}"#)
      #expect(answer.status == 413)
    }
  }

  @Test func `requests sent ahead are decided in order`() async throws {
    try await DecisionTestServer.with { server in
      try await RawHTTPClient.with(port: server.port) { client in
        for index in 0..<50 {
          let body = #"{"id":"p\#(index)","card":"c","amount":\#(index * 20)}"#
          try await client.send(DecisionTestServer.request("POST", Self.path, body))
        }
        for index in 0..<50 {
          #expect(try await client.answer().json["request_id"] as? String == "p\(index)")
        }
      }
    }
  }

  @Test func `a failing model gives a decision that says so`() async throws {
    let failing = ScriptedModel(signature: DecisionTestServer.scorer().signature) {
      _ throws(RuntimeFailure) in throw RuntimeFailure(.runFailed, "no")
    }
    try await DecisionTestServer.with(model: failing) { server in
      let answer = try await server.send("POST", Self.path, #"{"card":"c","amount":500}"#)
      #expect(answer.status == 200)
      #expect(try answer.json["decided_by"] as? String == "fallback")
      #expect(try answer.json["degraded_reasons"] as? [String] == ["scorer:failed"])
    }
  }

  @Test func `compressed requests are read`() async throws {
    let body = Array("{\"card\":\"c\",\"amount\":0.5}".utf8)
    let compressed = try Self.gzip(body)
    try await DecisionTestServer.with { server in
      try await RawHTTPClient.with(port: server.port) { client in
        try await client.send(
          "POST \(Self.path) HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\n"
            + "Content-Length: \(compressed.count)\r\n\r\n")
        try await client.send(compressed)
        let answer = try await client.answer()
        #expect(try answer.json["outcome"] as? String == "approve", "\(answer.text)")
      }
    }
  }

  private static func gzip(_ bytes: [UInt8]) throws -> [UInt8] {
    var result = ByteBuffer()
    try Deflater.deflate(ByteBuffer(bytes: bytes), .gzip, appendingTo: &result)
    return Array(result.readableBytesView)
  }

  @Test func `what decisions come to is counted`() async throws {
    try await DecisionTestServer.with { server in
      for amount in [0.5, 100, 900, 900] {
        _ = try await server.send("POST", Self.path, #"{"card":"c","amount":\#(amount)}"#)
      }
      _ = try await server.send("POST", Self.path, "{}")
      let page = try await server.send("GET", "/metrics").text
      let labels = #"pipeline="payments",outcome="decline",decided_by="scorer""#
      #expect(page.contains("needletail_decisions_total{\(labels)} 2"))
      #expect(
        page.contains(
          #"needletail_decision_failures_total{pipeline="payments",code="INVALID_INPUT"} 1"#))
      #expect(page.contains(#"needletail_records_total{outcome="recorded"} 4"#))
      let views = server.folder + "/views.yaml"
      #expect(page.contains(#"needletail_feature_keys{views="\#(views)",entity="card"}"#))
      #expect(page.contains(#"needletail_feature_keys_limit{views="\#(views)",entity="card"}"#))
      #expect(page.contains(#"needletail_tier_breaker{pipeline="payments",tier="scorer","#))
    }
  }
}
