import Decisions
import Foundation
import Gateway
import NIOCore
import Records
import Synchronization
import Testing

/// Many decisions in one body.
@Suite struct DecisionBatchTests {
  private static let path = "/v1/decisions/payments"

  @Test func `an array is answered in order, and one bad element harms no other`() async throws {
    try await DecisionTestServer.with { server in
      let body = """
        [ {"id":"a","card":"c","amount":900},
          {"id":"b","card":"c"}, 7, {"id":"d",
          "card":"c","amount":0.5}]
        """
      let answer = try await server.send("POST", Self.path, body)
      #expect(answer.status == 200)
      let decisions = try #require(try answer.json["decisions"] as? [[String: Any]])
      #expect(decisions.count == 4)
      #expect(decisions[0]["outcome"] as? String == "decline")
      #expect(decisions[1]["code"] as? String == "INVALID_INPUT")
      #expect((decisions[1]["problems"] as? [[String: String]])?.first?["field"] == "amount")
      #expect(decisions[2]["code"] as? String == "INVALID_ARGUMENT")
      #expect(decisions[3]["request_id"] as? String == "d")
    }
  }

  @Test func `an element that is too large is refused in its place`() async throws {
    try await DecisionTestServer.with { server in
      let one = #"{"card":"c","amount":1}"#
      let large = #"{"card":"\#(String(repeating: "c", count: 2 << 20))","amount":1}"#
      let answer = try await server.send("POST", Self.path, "[\(one),\(large),\(one)]")
      #expect(answer.status == 200)
      let decisions = try #require(try answer.json["decisions"] as? [[String: Any]])
      #expect(decisions.map { $0["outcome"] != nil } == [true, false, true])
      #expect(decisions[1]["code"] as? String == "INVALID_ARGUMENT")
    }
  }

  @Test func `lines are answered with lines`() async throws {
    try await DecisionTestServer.with { server in
      let lines =
        (0..<1_000).map { #"{"id":"l\#($0)","card":"c\#($0 % 7)","amount":\#($0)}"# }
      let answer = try await server.send(
        "POST", Self.path + "?features=true", lines.joined(separator: "\r\n") + "\n\n",
        headers: [DecisionTestServer.lines])
      #expect(answer.headers["content-type"] == "application/x-ndjson")
      let decisions = try answer.jsonLines
      #expect(decisions.count == 1_000)
      for (index, decision) in decisions.enumerated() {
        #expect(decision["request_id"] as? String == "l\(index)", "\(decision)")
        #expect(decision["features"] != nil)
      }
    }
  }

  @Test func `a bad line is answered in its place`() async throws {
    try await DecisionTestServer.with { server in
      let body = "{\"card\":\"c\",\"amount\":1}\nnothing\n\n{\"card\":\"c\",\"amount\":2}"
      let answer = try await server.send(
        "POST", Self.path, body, headers: [DecisionTestServer.lines])
      let lines = try answer.jsonLines
      #expect(lines.count == 3)
      #expect(lines[1]["error"] != nil)
      #expect(lines[2]["outcome"] != nil)
    }
  }

  @Test func `empty bodies of many are answered with none`() async throws {
    try await DecisionTestServer.with { server in
      #expect(try await server.send("POST", Self.path, "[]").text == #"{"decisions":[]}"#)
      let lines = try await server.send(
        "POST", Self.path, "\n \n", headers: [DecisionTestServer.lines])
      #expect(lines.status == 200)
      #expect(lines.text == "")
    }
  }

  @Test func `too many are refused before any is decided`() async throws {
    try await DecisionTestServer.with { server in
      let body = String(repeating: "{\"card\":\"c\",\"amount\":0.1}\n", count: 10_001)
      let answer = try await server.send(
        "POST", Self.path, body, headers: [DecisionTestServer.lines])
      #expect(answer.status == 413)
      #expect(server.host.records?.statistics.recorded == 0)
    }
  }

  @Test func `an array that is none is refused before any is decided`() async throws {
    try await DecisionTestServer.with { server in
      let answer = try await server.send(
        "POST", Self.path, #"[{"card":"c","amount":0.1},{"card":"c""#)
      #expect(answer.status == 400)
      #expect(server.host.records?.statistics.recorded == 0)
    }
  }

  @Test func `time that is over is said by each that had not begun`() async throws {
    try await DecisionTestServer.with { server in
      let lines = (0..<500).map { _ in #"{"card":"c","amount":500}"# }
      let answer = try await server.send(
        "POST", Self.path, lines.joined(separator: "\n"),
        headers: [DecisionTestServer.lines, "Needletail-Timeout-Us: 1"])
      let answers = try answer.jsonLines
      #expect(answers.count == 500)
      #expect(answers.allSatisfy { $0["code"] as? String == "EXPIRED" })
    }
  }

  @Test func `other connections are answered while a large body is decided`() async throws {
    try await DecisionTestServer.with { server in
      let lines = (0..<3_000).map { #"{"card":"c\#($0)","amount":0.5}"# }
      let body = lines.joined(separator: "\n")
      let isAnswered = Atomic<Bool>(false)
      async let large = server.send(
        "POST", Self.path, body, headers: [DecisionTestServer.lines])
      async let others = RawHTTPClient.with(port: server.port) { client in
        var count = 0
        while !isAnswered.load(ordering: .acquiring) {
          let body = #"{"card":"c","amount":1}"#
          try await client.send(
            DecisionTestServer.request("POST", "/v1/features/payment", body))
          let answer = try await client.answer()
          #expect(answer.status == 200)
          count += 1
        }
        return count
      }
      let decided = try await large.jsonLines.count
      isAnswered.store(true, ordering: .releasing)
      let small = try await others
      #expect(decided == 3_000)
      #expect(small > 2, "the small requests had to wait for the large one")
    }
  }

  @Test func `a client that leaves stops what has not begun`() async throws {
    try await DecisionTestServer.with { server in
      let lines = (0..<9_000).map { #"{"card":"c\#($0)","amount":0.5}"# }
      let request = DecisionTestServer.request(
        "POST", Self.path, lines.joined(separator: "\n"), [DecisionTestServer.lines])
      let pipeline = try #require(server.host.engine.pipeline(named: "payments"))
      var decided = UInt64.max
      // That it leaves may be seen only when all is done, if its turn on a thread comes late.
      for _ in 0..<20 where decided >= 9_000 {
        let before = server.host.records?.statistics.recorded ?? 0
        try await RawHTTPClient.with(port: server.port) { client in
          try await client.send(request)
          while pipeline.currentState().underWay == 0 { await Task.yield() }
          try await client.channel.close()
        }
        let answer = try await server.send("POST", Self.path, #"{"card":"c","amount":0.5}"#)
        #expect(answer.status == 200)
        while pipeline.currentState().underWay > 0 { await Task.yield() }
        decided = UInt64((server.host.records?.statistics.recorded ?? 0) - before)
      }
      #expect(decided < 9_000)
    }
  }
}
