import Gateway
import Testing

@Suite struct HTTPRouterTests {
  private static func route(_ path: String, _ scope: HTTPRouter.Scope = .everything) -> HTTPRoute? {
    HTTPRouter(scope: scope).route(Array(path.utf8).span)
  }

  @Test func `every path of the protocol is found`() {
    #expect(Self.route("/v2") == .serverMetadata)
    #expect(Self.route("/v2/") == .serverMetadata)
    #expect(Self.route("/v2/health/live") == .live)
    #expect(Self.route("/v2/models/m/infer") == .infer(model: "m", version: ""))
    #expect(Self.route("/v2/models/m/versions/2/infer") == .infer(model: "m", version: "2"))
    #expect(
      Self.route("/v2/models/m/versions/latest") == .modelMetadata(model: "m", version: "latest"))
    #expect(Self.route("/v2/models/stats") == .statistics(model: "", version: ""))
    #expect(Self.route("/v2/models/stats/stats") == .statistics(model: "stats", version: ""))
    #expect(Self.route("/v2/repository/index") == .repositoryIndex)
    #expect(Self.route("/v2/repository/r/index") == .repositoryIndex)
    #expect(Self.route("/v2/repository/models/m/load") == .repositoryLoad(model: "m"))
    #expect(Self.route("/v2/repository/r/models/m/unload") == .repositoryUnload(model: "m"))
    #expect(Self.route("/v2/models/m/trace/setting") == .traceSettings(model: "m"))
    #expect(
      Self.route("/v2/systemsharedmemory/region/a/register")
        == .sharedMemoryRegister(.system, region: "a"))
    #expect(Self.route("/metrics") == .metrics)
  }

  @Test(arguments: [
    "", "/", "/v1", "/v2/model", "/v2/models/", "/v2/models//infer", "/v2/models/m/infer/x",
    "/v2/models/m/versions//infer", "/v2/models/m%/infer", "/v2/models/m%2/infer",
    "/v2/models/%ff/infer", "/v2/repository/models//load", "/v2/systemsharedmemory/register", "*",
  ]) func `other paths are not`(_ path: String) {
    let route = Self.route(path)
    #expect(route == nil || route == .models)
  }

  @Test func `names are decoded after the path is split`() {
    #expect(Self.route("/v2/models/a%2Fb%20c/infer") == .infer(model: "a/b c", version: ""))
  }

  @Test func `the metrics listener answers metrics and probes only`() {
    #expect(Self.route("/metrics", .metrics) == .metrics)
    #expect(Self.route("/v2/health/ready", .metrics) == .ready)
    #expect(Self.route("/v2/models/m/infer", .metrics) == nil)
  }
}
