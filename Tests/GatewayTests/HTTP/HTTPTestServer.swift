import Gateway
import Inference
import Logging
import ModelStore
import Monitoring
import NIOCore
import NIOPosix
import NeedletailTesting

/// A whole HTTP server on a free port of the loopback, with scripted models.
struct HTTPTestServer {
  let context: ServerContext
  let engine: InferenceEngine
  let server: HTTPServer
  let group: MultiThreadedEventLoopGroup
  let port: Int

  /// Starts a server, runs `body`, and stops it.
  static func with<Result>(
    _ models: [ScriptedHost.Entry] = [ScriptedHost.Entry("double", model: .doubling())],
    limits: GatewayLimits = GatewayLimits(),
    options: EngineOptions = EngineOptions(),
    _ body: (HTTPTestServer) async throws -> Result
  ) async throws -> Result {
    let test = try await HTTPTestServer(models, limits: limits, options: options)
    do {
      let result = try await body(test)
      await test.stop()
      return result
    } catch {
      await test.stop()
      throw error
    }
  }

  private init(
    _ models: [ScriptedHost.Entry], limits: GatewayLimits, options: EngineOptions
  ) async throws {
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    engine = InferenceEngine(options: options, logger: logger)
    let store = ModelStore(
      options: StoreOptions(repositories: [], mode: .explicit(load: [])), runtimes: [],
      host: engine, logger: logger)
    try await store.start()
    try await ScriptedHost.serve(models, on: engine)
    var choices = ServerContext.Options(identity: ServerIdentity(version: "0.0.1"))
    choices.limits = limits
    context = ServerContext(
      engine: engine, store: store, logs: try LogControl(settings: LogSettings()),
      traces: try TraceControl(settings: TraceSettings(), logger: logger), options: choices,
      logger: logger)
    context.markServing()
    group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    server = HTTPServer(context: context, group: group, address: .tcp(host: "127.0.0.1", port: 0))
    port = try await server.start()?.port ?? 0
  }

  private func stop() async {
    await server.shutDown(within: .seconds(5))
    try? await group.shutdownGracefully()
    engine.shutDown()
  }
}
