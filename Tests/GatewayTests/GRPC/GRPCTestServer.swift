import Foundation
import Gateway
import Inference
import Logging
import ModelStore
import Monitoring
import NIOCore
import NIOPosix
import NIOSSL
import NeedletailTesting

/// A whole gRPC server on a free port of the loopback or a socket, with scripted models.
struct GRPCTestServer {
  let context: ServerContext
  let engine: InferenceEngine
  let server: GRPCServer
  let group: MultiThreadedEventLoopGroup
  let address: SocketAddress

  /// Bounds whose times are looked at often.
  static var quickLimits: GRPCLimits {
    var limits = GRPCLimits()
    limits.sweepNanoseconds = 1_000_000
    return limits
  }

  /// Starts a server, runs `body`, and stops it.
  static func with<Result>(
    _ models: [ScriptedHost.Entry] = [ScriptedHost.Entry("double", model: .doubling())],
    limits: GRPCLimits = quickLimits, options: EngineOptions = EngineOptions(),
    tls: NIOSSLContext? = nil, unixPath: String? = nil,
    _ body: (GRPCTestServer) async throws -> Result
  ) async throws -> Result {
    let address =
      unixPath.map { GRPCServer.Address.unix(path: $0) } ?? .tcp(host: "127.0.0.1", port: 0)
    let test = try await GRPCTestServer(
      models, limits: limits, options: options, tls: tls, address: address)
    do {
      let result = try await body(test)
      await test.stop()
      return result
    } catch {
      await test.stop()
      throw error
    }
  }

  /// A server with one model that waits for `gate`, one run at a time.
  static func gated<Result>(
    _ gate: ModelGate, limits: GRPCLimits = quickLimits,
    _ body: (GRPCTestServer) async throws -> Result
  ) async throws -> Result {
    var options = EngineOptions()
    options.execution = .threads
    options.calibrates = false
    let models = [ScriptedHost.Entry("slow", model: gate.model)]
    return try await with(models, limits: limits, options: options, body)
  }

  private init(
    _ models: [ScriptedHost.Entry], limits: GRPCLimits, options: EngineOptions,
    tls: NIOSSLContext?, address: GRPCServer.Address
  ) async throws {
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    engine = InferenceEngine(options: options, logger: logger)
    let store = ModelStore(
      options: StoreOptions(repositories: [], mode: .explicit(load: [])), runtimes: [],
      host: engine, logger: logger)
    try await store.start()
    try await ScriptedHost.serve(models, on: engine)
    context = ServerContext(
      engine: engine, store: store, logs: try LogControl(settings: LogSettings()),
      traces: try TraceControl(settings: TraceSettings(), logger: logger),
      options: ServerContext.Options(identity: ServerIdentity(version: "0.0.1")), logger: logger)
    context.markServing()
    group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    server = GRPCServer(context: context, limits: limits, group: group, tls: tls)
    guard let bound = try await server.start(address) else { throw GRPCTestClient.Closed() }
    self.address = bound
  }

  private func stop() async {
    await server.shutdown(withinNanoseconds: 0)
    try? await group.shutdownGracefully()
    engine.shutDown()
  }

  /// The statistics of the only version of a model.
  func statistics(_ model: String) throws -> ModelStatistics {
    try engine.statistics(model: model, version: "")[0]
  }
}

/// A certificate for `localhost` that names itself its issuer, until the year 2126.
enum TestCertificate {
  private static let key = """
    -----BEGIN PRIVATE KEY-----
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgybfKtqVR8uSqv1dS
    41adEjkBb8DcjXrBbTcB7BqbURuhRANCAASQ7iNkRhQAAgHbNRU9vDKbm9KkpKxs
    wWk7VgN0fWoAlCHrbFx7Sp1h/bUpefaO9WbNqru2IljYiSAev0hNHGw4
    -----END PRIVATE KEY-----
    """
  private static let certificate = """
    -----BEGIN CERTIFICATE-----
    MIIBmzCCAUGgAwIBAgIUMfBK7uwnFMIIWZkhINHRo+zZKtgwCgYIKoZIzj0EAwIw
    FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTA2MDMxOVoYDzIxMjYxMDI4
    MDYwMzE5WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
    PQMBBwNCAASQ7iNkRhQAAgHbNRU9vDKbm9KkpKxswWk7VgN0fWoAlCHrbFx7Sp1h
    /bUpefaO9WbNqru2IljYiSAev0hNHGw4o28wbTAdBgNVHQ4EFgQUtJZRU8Y1AB56
    PkmW7lVvzQg39gYwHwYDVR0jBBgwFoAUtJZRU8Y1AB56PkmW7lVvzQg39gYwDwYD
    VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
    zj0EAwIDSAAwRQIhAIHvPfKu+7kkJY/k19/qSW7nkV2wuyEsC2FuC8B7r7njAiA7
    cQAQU1km3/H+HNMHgE8m07zNRHXnxfUORIkWf89OnA==
    -----END CERTIFICATE-----
    """

  static func serverContext() throws -> NIOSSLContext {
    let chain = try NIOSSLCertificate.fromPEMBytes(Array(certificate.utf8))
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) },
      privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem)))
    configuration.applicationProtocols = ["h2"]
    return try NIOSSLContext(configuration: configuration)
  }

  static func clientContext() throws -> NIOSSLContext {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.trustRoots = .certificates(
      try NIOSSLCertificate.fromPEMBytes(Array(certificate.utf8)))
    configuration.applicationProtocols = ["h2"]
    return try NIOSSLContext(configuration: configuration)
  }
}
