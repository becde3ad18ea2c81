import Decisions
import Features
import Foundation
import Gateway
import NIOCore
import Testing

/// Events, attributes and features over HTTP.
@Suite struct IntakeTests {
  private static let path = "/v1/events/payments"

  private static func event(
    _ id: Int, card: String = "c", amount: Double = 1, second: Int = 0
  ) -> String {
    let time = String(format: "2026-05-01T12:%02d:%02dZ", second / 60, second % 60)
    return #"{"id":"e\#(id)","time":"\#(time)","card":"\#(card)","amount":\#(amount)}"#
  }

  private static func counts(_ answer: RawHTTPClient.Answer) throws -> [Int] {
    let json = try answer.json
    return ["accepted", "duplicate", "late", "future", "refused_count"].map {
      json[$0] as? Int ?? -1
    }
  }

  @Test func `one event is taken in once`() async throws {
    try await DecisionTestServer.with { server in
      let body = Self.event(1).replacing(",", with: ",\n  ")
      let first = try await server.send("POST", Self.path, body)
      #expect(first.status == 200, "\(first.text)")
      #expect(try Self.counts(first) == [1, 0, 0, 0, 0])
      let second = try await server.send("POST", Self.path, Self.event(1))
      #expect(try Self.counts(second) == [0, 1, 0, 0, 0])
    }
  }

  @Test func `late events are counted and do not count`() async throws {
    try await DecisionTestServer.with { server in
      _ = try await server.send("POST", Self.path, Self.event(1, second: 600))
      let late = try await server.send("POST", Self.path, Self.event(2, second: 0))
      #expect(try Self.counts(late) == [0, 0, 1, 0, 0])
    }
  }

  @Test(arguments: [
    (path, "{", 400, "failed to parse"), (path, "", 400, "failed to parse"),
    (path, "7", 422, "expected an object"),
    (path, "{}", 422, "is missing"),
    (path, event(1, amount: 1).replacing("\"c\"", with: "7"), 422, "'card' is '7'"),
    (path, event(1) + event(2), 400, "application/x-ndjson"),
    (path, "[" + event(1), 400, "failed to parse"),
    (path + "?a=b", event(1), 400, "takes no parameters"),
    ("/v1/events/none", "{}", 404, "served: payments"),
    ("/v1/attributes/activity", "{}", 404, "served: profile"),
    ("/v1/features/none", "{}", 404, "served: payment"),
  ])
  func `what is wrong is said`(
    _ path: String, _ body: String, _ status: Int, _ text: String
  ) async throws {
    try await DecisionTestServer.with { server in
      let answer = try await server.send("POST", path, body)
      #expect(answer.status == status, "\(answer.text)")
      #expect(answer.error.contains(text), "\(answer.text)")
    }
  }

  @Test func `lines are taken in, and each bad one is named`() async throws {
    try await DecisionTestServer.with { server in
      var lines = (0..<1_000).map { Self.event($0, card: "c\($0 % 3)", amount: 2) }
      lines[3] = ""
      lines[10] = "{"
      lines[500] = Self.event(1)
      lines[999] = lines[999].replacing(":2.0}", with: ":\"x\"}")
      let answer = try await server.send(
        "POST", Self.path, lines.joined(separator: "\n"), headers: [DecisionTestServer.lines])
      #expect(answer.status == 200, "\(answer.text)")
      #expect(try Self.counts(answer) == [996, 1, 0, 0, 2])
      let refused = try #require(try answer.json["refused"] as? [[String: Any]])
      #expect(refused.compactMap { $0["line"] as? Int } == [11, 1_000])
      #expect((refused[1]["error"] as? String)?.contains("'amount' is 'x'") == true)
      let features = try await server.send(
        "POST", "/v1/features/payment",
        #"{"time":"2026-05-01T12:00:01Z","card":"c0","amount":5}"#)
      let values = try #require(try features.json["features"] as? [[String: Any]])
      #expect(values[1]["value"] as? Double == 332)
      #expect(values[2]["value"] as? Double == 664)
      #expect(values[2]["status"] as? String == "fresh")
      #expect(values[2]["age_ns"] as? Int == 1_000_000_000)
    }
  }

  @Test func `an array is taken in`() async throws {
    try await DecisionTestServer.with { server in
      let body = "[\(Self.event(1)),\n\(Self.event(2).replacing(",", with: ",\n")),{}]"
      let answer = try await server.send("POST", Self.path, body)
      #expect(try Self.counts(answer) == [2, 0, 0, 0, 1])
      let refused = try #require(try answer.json["refused"] as? [[String: Any]])
      #expect(refused.first?["line"] as? Int == 3)
    }
  }

  @Test func `no more than a hundred refusals are told`() async throws {
    try await DecisionTestServer.with { server in
      let answer = try await server.send(
        "POST", Self.path, String(repeating: "{}\n", count: 250),
        headers: [DecisionTestServer.lines])
      #expect(try Self.counts(answer) == [0, 0, 0, 0, 250])
      let refused = try answer.json["refused"] as? [Any]
      #expect(refused?.count == 100)
    }
  }

  @Test func `many events are durable once they are answered`() async throws {
    try await DecisionTestServer.with { server in
      let lines = (0..<30_000).map { Self.event($0, card: "c\($0 % 100)") }
      let answer = try await server.send(
        "POST", Self.path, lines.joined(separator: "\n"), headers: [DecisionTestServer.lines])
      #expect(try Self.counts(answer) == [30_000, 0, 0, 0, 0])
      let store = try #require(server.host.feed(named: "payments")).store
      #expect(store.counts(source: 0).accepted == 30_000)
    }
  }

  @Test func `attributes count in features`() async throws {
    try await DecisionTestServer.with { server in
      let path = "/v1/attributes/profile"
      let answer = try await server.send(
        "POST", path, #"{"card":"new","time":"2026-02-01T00:00:00Z","limit":700}"#)
      #expect(try Self.counts(answer) == [1, 0, 0, 0, 0], "\(answer.text)")
      let many = try await server.send(
        "POST", path, #"[{"card":"x","time":"2026-02-01T00:00:00Z","limit":1},{"card":"y"}]"#)
      #expect(try Self.counts(many) == [1, 0, 0, 0, 1])
      for (card, limit) in [("new", 700.0), ("x", 1), ("rich", 5_000), ("unknown", 100)] {
        // Without a time the present counts.
        let features = try await server.send(
          "POST", "/v1/features/payment", #"{"card":"\#(card)","amount":5}"#)
        let values = try #require(
          try features.json["features"] as? [[String: Any]], "\(features.text)")
        #expect(values[3]["value"] as? Double == limit)
        #expect(values[3]["status"] as? String == (card == "unknown" ? "default" : "fresh"))
      }
    }
  }

  @Test func `a service says what its request lacks`() async throws {
    try await DecisionTestServer.with { server in
      let answer = try await server.send("POST", "/v1/features/payment", "{}")
      #expect(answer.status == 422)
      #expect(answer.text.contains("'card' is missing"))
    }
  }

  @Test func `nothing is acknowledged once the store is closed`() async throws {
    try await DecisionTestServer.with { server in
      await server.closeHost()
      let one = try await server.send("POST", Self.path, Self.event(1))
      #expect([404, 503].contains(one.status), "\(one.text)")
      let many = try await server.send(
        "POST", Self.path, Self.event(2) + "\n" + Self.event(3),
        headers: [DecisionTestServer.lines])
      #expect([404, 503].contains(many.status), "\(many.text)")
    }
  }
}
