import Decisions
import Foundation
import Records
import Testing

@testable import Gateway

/// Records, pipelines and the document of what is served.
@Suite struct RecordRouteTests {
  private static func decide(_ server: DecisionTestServer, _ count: Int) async throws -> [String] {
    let lines = (0..<count).map { #"{"id":"r\#($0)","card":"c","amount":\#($0 * 100)}"# }
    let answer = try await server.send(
      "POST", "/v1/decisions/payments", lines.joined(separator: "\n"),
      headers: [DecisionTestServer.lines])
    return try answer.jsonLines.compactMap { $0["id"] as? String }
  }

  @Test func `a record is what was decided, without sensitive values`() async throws {
    try await DecisionTestServer.with { server in
      let id = try #require(try await Self.decide(server, 1).first)
      let answer = try await server.send("GET", "/v1/records/\(id)")
      #expect(answer.status == 200, "\(answer.text)")
      let json = try answer.json
      #expect(json["id"] as? String == id)
      #expect(json["request_id"] as? String == "r0")
      #expect((json["hash"] as? String)?.count == 64)
      let decision = try #require(json["decision"] as? [String: Any])
      #expect((decision["inputs"] as? [String: Any])?["card"] as? String == "[redacted]")
      #expect(try await server.send("GET", "/v1/records/none").status == 404)
    }
  }

  @Test func `pages go on where the last ended`() async throws {
    try await DecisionTestServer.with { server in
      let ids = try await Self.decide(server, 25)
      var seen: [String] = []
      var after = ""
      while true {
        let page = try await server.send("GET", "/v1/records?limit=10\(after)").json
        let records = try #require(page["records"] as? [[String: Any]])
        seen += records.compactMap { $0["id"] as? String }
        guard let next = page["next"] as? String else { break }
        after = "&after=\(next)"
      }
      #expect(Set(seen) == Set(ids))
      #expect(seen.count == ids.count)
    }
  }

  @Test func `records are found by what is known of them`() async throws {
    try await DecisionTestServer.with { server in
      _ = try await Self.decide(server, 12)
      func count(_ query: String) async throws -> Int {
        let answer = try await server.send("GET", "/v1/records?\(query)")
        #expect(answer.status == 200, "\(answer.text)")
        return try (answer.json["records"] as? [Any])?.count ?? -1
      }
      #expect(try await count("pipeline=payments") == 12)
      #expect(try await count("pipeline=other") == 0)
      #expect(try await count("pipeline=payments&request_id=r3") == 1)
      #expect(try await count("pipeline=payments&request_id=none") == 0)
      #expect(try await count("outcome=decline") == 4)
      #expect(try await count("outcome=decline&limit=2") == 2)
      #expect(try await count("from=2026-01-01T00:00:00%2B01:00&to=2200-01-01T00:00:00Z") == 12)
      #expect(try await count("from=0&to=1") == 0)
      let one = "pipeline=payments&request_id=r3"
      #expect(try await count(one + "&outcome=review&from=0&to=2200-01-01T00:00:00Z") == 1)
      #expect(try await count(one + "&outcome=decline") == 0)
      #expect(try await count(one + "&to=1") == 0)
      #expect(try await count(one + "&from=2199-01-01T00:00:00Z") == 0)
    }
  }

  @Test(arguments: [1, 2, 3, 4, 5])
  func `the last page of an outcome has no next`(_ limit: Int) async throws {
    try await DecisionTestServer.with { server in
      // Four are declined, and some come after them.
      _ = try await Self.decide(server, 12)
      _ = try await server.send(
        "POST", "/v1/decisions/payments", #"{"id":"last","card":"c","amount":1}"#)
      var counts: [Int] = []
      var after = ""
      repeat {
        let query = "outcome=decline&limit=\(limit)\(after)"
        let page = try await server.send("GET", "/v1/records?\(query)").json
        counts.append((page["records"] as? [Any])?.count ?? -1)
        after = (page["next"] as? String).map { "&after=\($0)" } ?? ""
      } while !after.isEmpty && counts.count < 10
      #expect(counts.reduce(0, +) == 4 && counts.count == (4 + limit - 1) / limit)
    }
  }

  @Test func `a page of an outcome ends at its bytes`() async throws {
    let folder = NSTemporaryDirectory() + "records-http-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let store = try RecordStore(path: folder + "/records.sqlite")
    let body = Array(#"{"a":"\#(String(repeating: "x", count: 1_000_000))"}"#.utf8)
    let count = 20
    for index in 0..<count {
      try store.append(
        DecisionRecord(
          id: "id\(index)", pipeline: "p", pipelineDigest: "d", decidedAt: Int64(index),
          outcome: "approve", body: body),
        durability: .afterResponse
      ) { _ in }
    }
    while store.statistics.recorded < count { await Task.yield() }
    var pages: [Int] = []
    var after: String? = ""
    while let place = after {
      let page = try ControlPlane.list(
        store, RecordQuery("outcome=approve&limit=1000" + place))
      pages.append(page.records.count)
      after = page.next.map { "&after=\($0)" }
    }
    store.close()
    let most = RecordReader.pageBytesMaximum / body.count + 1
    #expect(pages == [most, count - most])
  }

  @Test(arguments: [
    ("request_id=a", "needs 'pipeline'"), ("limit=0", "use 1 to"), ("limit=x", "use 1 to"),
    ("after=x", "the 'next' of the page before"), ("from=yesterday", "in nanoseconds"),
    ("who=me", "known are pipeline"), ("limit=1&limit=2", "given twice"),
  ])
  func `a query that means nothing is refused`(_ query: String, _ text: String) async throws {
    try await DecisionTestServer.with { server in
      let answer = try await server.send("GET", "/v1/records?\(query)")
      #expect(answer.status == 400)
      #expect(answer.text.contains(text), "\(answer.text)")
    }
  }

  @Test func `without a folder of state there are no records`() async throws {
    try await DecisionTestServer.with(keepsRecords: false) { server in
      let answer = try await server.send(
        "POST", "/v1/decisions/payments", #"{"card":"c","amount":1}"#)
      #expect(answer.status == 200)
      #expect(try await server.send("GET", "/v1/records").status == 404)
      #expect(try await server.send("GET", "/v2/health/ready").status == 200)
    }
  }

  @Test func `pipelines say what they are and how they are`() async throws {
    try await DecisionTestServer.with { server in
      let list = try await server.send("GET", "/v1/pipelines").json
      let one = try await server.send("GET", "/v1/pipelines/payments").json
      #expect((list["pipelines"] as? [[String: Any]])?.count == 1)
      #expect(one["file"] as? String == server.folder + "/pipeline.yaml")
      #expect(one["outcomes"] as? [String] == ["approve", "decline", "review"])
      #expect(one["service"] as? String == "payment")
      let tiers = try #require(one["tiers"] as? [[String: Any]])
      #expect(tiers.first?["breaker"] as? String == "closed")
      #expect(try await server.send("GET", "/v1/pipelines/x").status == 404)
    }
  }

  @Test func `a reload changes all or nothing`() async throws {
    try await DecisionTestServer.with { server in
      let path = server.folder + "/pipeline.yaml"
      let changed = DecisionTestServer.pipeline.replacing("amount < 1.0", with: "amount < 200.0")
      try changed.write(toFile: path, atomically: true, encoding: .utf8)
      let answer = try await server.send("POST", "/v1/pipelines/reload")
      #expect(answer.status == 200, "\(answer.text)")
      let changes = try #require(try answer.json["pipelines"] as? [[String: Any]])
      #expect(changes.first?["change"] as? String == "changed")
      let body = #"{"card":"c","amount":150}"#
      let decided = try await server.send("POST", "/v1/decisions/payments", body)
      #expect(try decided.json["reasons"] as? [String] == ["TINY"])
      try changed.replacing("scorer", with: "nobody").write(
        toFile: path, atomically: true, encoding: .utf8)
      let refused = try await server.send("POST", "/v1/pipelines/reload")
      #expect(refused.status == 422)
      let problems = try refused.json["problems"] as? [String]
      #expect(problems?.isEmpty == false)
      let again = try await server.send("POST", "/v1/decisions/payments", body)
      #expect(try again.json["reasons"] as? [String] == ["TINY"])
    }
  }

  @Test func `every reference of the document leads somewhere`() async throws {
    try await DecisionTestServer.with { server in
      let answer = try await server.send("GET", "/v1/openapi.json")
      let json = try answer.json
      #expect(json["openapi"] as? String == "3.1.0")
      let paths = try #require(json["paths"] as? [String: Any])
      for path in [
        "/v1/decisions/payments", "/v1/events/payments", "/v1/attributes/profile",
        "/v1/features/payment", "/v1/records", "/v1/records/{id}", "/v1/pipelines",
      ] { #expect(paths[path] != nil, "\(path)") }
      let components = try #require(json["components"] as? [String: Any])
      let schemas = try #require(components["schemas"] as? [String: Any])
      for part in answer.text.components(separatedBy: "\"$ref\":\"").dropFirst() {
        let name = String(part.prefix { $0 != "\"" }).replacing("#/components/schemas/", with: "")
        #expect(schemas[name] != nil, "\(name)")
      }
      let input = try #require(schemas["input.payments"] as? [String: Any])
      #expect(input["required"] as? [String] == ["card", "amount"])
      #expect(input["additionalProperties"] as? Bool == false)
      let amount = (input["properties"] as? [String: [String: Any]])?["amount"]
      #expect(amount?["maximum"] as? Double == 10_000)
    }
  }
}
