import Foundation
import Gateway
import NeedletailTesting
import Testing

/// The endpoints around inference, over a real socket.
@Suite struct HTTPControlTests {
  private static func ask(
    _ requests: [String],
    models: [ScriptedHost.Entry] = [ScriptedHost.Entry("double", model: .doubling())]
  ) async throws -> [RawHTTPClient.Answer] {
    try await HTTPTestServer.with(models) { server in
      try await RawHTTPClient.with(port: server.port) { client in
        var answers: [RawHTTPClient.Answer] = []
        for request in requests {
          try await client.send(Self.request(request))
          answers.append(try await client.answer())
        }
        return answers
      }
    }
  }

  /// `GET /path` or `POST /path body` as a whole request.
  private static func request(_ text: String) -> String {
    let parts = text.split(separator: " ", maxSplits: 2)
    let body = parts.count > 2 ? String(parts[2]) : ""
    return "\(parts[0]) \(parts[1]) HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.utf8.count)"
      + "\r\n\r\n\(body)"
  }

  @Test func `metadata names what works`() async throws {
    let answers = try await Self.ask([
      "GET /v2", "GET /v2/models", "GET /v2/models/double", "GET /v2/models/double/versions/1",
      "GET /v2/models/double/versions/7", "GET /v2/models/double/ready", "GET /v2/models/no/ready",
    ])
    #expect(
      answers[0].text == #"{"name":"needletail","version":"0.0.1","extensions":["classification","#
        + #""model_repository","model_repository(unload_dependents)","schedule_policy","#
        + #""model_configuration","system_shared_memory","binary_tensor_data","parameters","#
        + #""statistics","trace","logging"]}"#)
    #expect(answers[1].text == #"{"models":["double"]}"#)
    #expect(answers[2].text.contains(#""versions":["1"]"#))
    #expect(answers[2].text.contains(#""inputs":[{"name":"x","datatype":"FP32","shape":[-1,4]}]"#))
    #expect(answers[3].status == 200)
    #expect(answers[4].status == 404 || answers[4].status == 503)
    #expect(answers[5].text == #"{"name":"double","ready":true}"#)
    #expect(answers[6].status == 404)
  }

  @Test func `statistics have every member that clients read without checking`() async throws {
    let body =
      #"{"inputs":[{"name":"x","shape":[2,4],"datatype":"FP32","data":[1,1,1,1,1,1,1,1]}]}"#
    let answers = try await Self.ask([
      "POST /v2/models/double/infer \(body)", "GET /v2/models/double/stats", "GET /v2/models/stats",
    ])
    #expect(answers[1].body == answers[2].body)
    let document = try #require(
      try JSONSerialization.jsonObject(with: Data(answers[1].body)) as? [String: Any])
    let model = try #require((document["model_stats"] as? [[String: Any]])?.first)
    #expect(model["version"] as? String == "1")
    #expect(model["inference_count"] as? Int == 2 && model["execution_count"] as? Int == 1)
    let stats = try #require(model["inference_stats"] as? [String: [String: Int]])
    #expect(
      Set(stats.keys) == [
        "success", "fail", "queue", "compute_input", "compute_infer", "compute_output", "cache_hit",
        "cache_miss",
      ])
    for name in ["success", "compute_input", "compute_infer", "compute_output"] {
      #expect(stats[name]?["count"] == 1 && stats[name]?["ns"] != nil)
    }
    let batches = try #require(model["batch_stats"] as? [[String: Any]])
    #expect(batches.first?["batch_size"] as? Int == 2)
  }

  @Test func `a model may be called stats, or have odd characters in its name`() async throws {
    let body = #"{"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[1,1,1,1]}]}"#
    let answers = try await Self.ask(
      [
        "POST /v2/models/stats/infer \(body)", "GET /v2/models/stats/stats",
        "GET /v2/models/stats/versions/1", "POST /v2/models/a%20b%2Fc%25/infer \(body)",
        "GET /v2/models/stats",
      ],
      models: [
        ScriptedHost.Entry("stats", model: .doubling()),
        ScriptedHost.Entry("a b/c%", model: .doubling()),
      ])
    #expect(answers.map(\.status) == [200, 200, 200, 200, 200])
    #expect(answers[3].text.contains(#""model_name":"a b/c%""#))
    #expect(answers[4].text.contains(#""name":"a b/c%""#))
  }

  @Test func `settings are read and changed`() async throws {
    let answers = try await Self.ask([
      "GET /v2/logging", #"POST /v2/logging {"log_verbose_level":1,"log_info":false}"#,
      #"POST /v2/logging {"log_file":"x"}"#, "GET /v2/trace/setting",
      #"POST /v2/models/double/trace/setting {"trace_rate":"5","trace_level":["OFF"]}"#,
      #"POST /v2/trace/setting {"trace_rate":null}"#, "GET /v2/models/none/trace/setting",
    ])
    #expect(answers[0].text.contains(#""log_info":true"#))
    #expect(answers[1].text.contains(#""log_info":false,"#))
    #expect(answers[1].text.contains(#""log_verbose_level":1"#))
    #expect(answers[2].status == 400)
    #expect(answers[3].text.contains(#""trace_level":["OFF"]"#))
    #expect(answers[4].text.contains(#""trace_rate":"5""#))
    #expect(answers[5].status == 200 && answers[6].status == 404)
  }

  @Test func `no device memory is listed, and a wrong region is refused`() async throws {
    let answers = try await Self.ask([
      "GET /v2/cudasharedmemory/status", "POST /v2/cudasharedmemory/unregister",
      #"POST /v2/cudasharedmemory/region/r/register {"raw_handle":{"b64":""},"device_id":0}"#,
      "GET /v2/systemsharedmemory/status", "POST /v2/systemsharedmemory/unregister",
      #"POST /v2/systemsharedmemory/region/r/register {"key":"/none-such","byte_size":4}"#,
      #"POST /v2/systemsharedmemory/region/r/register {"key":"../x/y","byte_size":4}"#,
      "GET /v2/systemsharedmemory/region/r/status",
    ])
    #expect(answers.map(\.status) == [200, 200, 501, 200, 200, 400, 400, 404])
    #expect(answers[0].text == "[]" && answers[3].text == "[]")
  }

  @Test func `bad control bodies are refused with their place`() async throws {
    let answers = try await Self.ask([
      "POST /v2/repository/index {\"ready\":1}", "POST /v2/repository/index {",
      "POST /v2/repository/models/m/load {\"parameters\":{\"file:1/m\":\"*\"}}",
      "POST /v2/repository/models/m/load {\"parameters\":[]}",
      "POST /v2/repository/models/m/load {}", "POST /v2/models/m/generate {}",
    ])
    #expect(answers.map(\.status) == [400, 400, 400, 400, 404, 404])
    #expect(answers[1].text.contains("at byte 1"))
  }

  @Test func `the metrics page is there`() async throws {
    let answers = try await Self.ask(["GET /metrics"])
    #expect(answers[0].status == 200)
    #expect(answers[0].text.contains("nv_inference_request_success"))
  }
}
