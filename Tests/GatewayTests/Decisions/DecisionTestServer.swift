import Decisions
import Foundation
import Gateway
import Inference
import Logging
import ModelRuntimes
import ModelStore
import Monitoring
import NIOCore
import NIOPosix
import NeedletailTesting
import Synchronization
import Tensors

/// A whole HTTP server with one pipeline, its features and its records, in a folder of its own.
struct DecisionTestServer {
  static let views = """
    sources:
      payments:
        time: time
        id: id
        lateness: 60s
        fields: {card: string, amount: double}
    entities:
      card: {key: card}
    views:
      activity:
        entity: card
        source: payments
        windows: [1h]
        features:
          - {name: count, aggregate: count}
          - {name: spent, aggregate: sum, of: amount, default: 0}
      profile:
        entity: card
        attributes:
          file: profiles.csv
          time: time
          fields: {limit: {type: double, default: 100}}
    services:
      payment: [amount, activity.count_1h, activity.spent_1h, profile.limit]
    """

  static let pipeline = """
    name: payments
    outcomes: [approve, decline, review]
    input:
      id: id
      time: time
      fields:
        id: string?
        time: timestamp?
        card: {type: string, sensitive: true}
        amount: {type: double, min: 0, max: 10000}
    features: {views: views.yaml, service: payment}
    event: {source: payments}
    budget: {total: 600s, reserve: 1ms, features: 10s}
    gate:
      - {name: tiny, when: amount < 1.0, decide: approve, reason: TINY}
    tiers:
      - name: scorer
        model: scorer
        inputs: {x: features}
        score: p
        approve_below: 0.2
        decline_from: 0.8
        otherwise: review
        timeout: 40s
    fallback:
      - {decide: review, reason: FALLBACK}
    durability: group
    """

  /// `p = x[0] / 1000`, at most 1.
  static func scorer(columns: Int = 4) -> ScriptedModel {
    ScriptedModel(
      signature: ModelSignature(
        inputs: [TensorSpec(name: "x", elementType: .fp32, dimensions: [-1, columns])],
        outputs: [TensorSpec(name: "p", elementType: .fp32, dimensions: [-1, 1])])
    ) { inputs throws(RuntimeFailure) in
      let rows = inputs[0].shape[0]
      var bytes = ByteBuffer()
      for row in 0..<rows {
        let start = inputs[0].bytes.readerIndex + row * columns * 4
        let bits = inputs[0].bytes.getInteger(at: start, endianness: .little, as: UInt32.self)
        let amount = Float(bitPattern: bits ?? 0)
        bytes.writeInteger(min(1, amount / 1_000).bitPattern, endianness: .little)
      }
      return [Tensor(elementType: .fp32, shape: [rows, 1], bytes: bytes)]
    }
  }

  let folder: String
  let context: ServerContext
  let host: DecisionHost
  let port: Int
  private let engine: InferenceEngine
  private let server: HTTPServer
  private let group: MultiThreadedEventLoopGroup
  private let isClosed = FlagBox()

  /// Starts a server, runs `body`, and stops it.
  ///
  /// - Parameters:
  ///   - pipeline: the text of its file.
  ///   - keepsRecords: whether it has a folder of state.
  static func with<Result>(
    pipeline: String = pipeline, model: ScriptedModel = scorer(), keepsRecords: Bool = true,
    limits: GatewayLimits = GatewayLimits(),
    _ body: (DecisionTestServer) async throws -> Result
  ) async throws -> Result {
    let test = try await DecisionTestServer(pipeline, model, keepsRecords, limits)
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
    _ pipeline: String, _ model: ScriptedModel, _ keepsRecords: Bool, _ limits: GatewayLimits
  ) async throws {
    folder = NSTemporaryDirectory() + "decisions-http-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try Self.views.write(toFile: folder + "/views.yaml", atomically: true, encoding: .utf8)
    try "card,time,limit\nrich,2026-01-01T00:00:00Z,5000\n".write(
      toFile: folder + "/profiles.csv", atomically: true, encoding: .utf8)
    try pipeline.write(toFile: folder + "/pipeline.yaml", atomically: true, encoding: .utf8)
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    engine = InferenceEngine(options: EngineOptions(), logger: logger)
    let store = ModelStore(
      options: StoreOptions(repositories: [], mode: .explicit(load: [])), runtimes: [],
      host: engine, logger: logger)
    try await store.start()
    try await ScriptedHost.serve([ScriptedHost.Entry("scorer", model: model)], on: engine)
    var choices = ServerContext.Options(identity: ServerIdentity(version: "0.0.1"))
    choices.limits = limits
    context = ServerContext(
      engine: engine, store: store, logs: try LogControl(settings: LogSettings()),
      traces: try TraceControl(settings: TraceSettings(), logger: logger), options: choices,
      logger: logger)
    group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    server = HTTPServer(context: context, group: group, address: .tcp(host: "127.0.0.1", port: 0))
    port = try await server.start()?.port ?? 0
    var options = DecisionHostOptions()
    options.pipelines = [folder + "/pipeline.yaml"]
    options.stateFolder = keepsRecords ? folder + "/state" : nil
    host = try await DecisionHost.open(options, models: engine) { _ in }
    context.serve(host)
    context.markServing()
  }

  private func stop() async {
    await server.shutDown(within: .seconds(5))
    await closeHost()
    try? await group.shutdownGracefully()
    engine.shutDown()
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// Closes the stores, once.
  func closeHost() async {
    if isClosed.set() { return }
    await host.close()
  }

  /// One request on a connection of its own.
  func send(
    _ method: String, _ path: String, _ body: String = "", headers: [String] = []
  ) async throws -> RawHTTPClient.Answer {
    try await RawHTTPClient.with(port: port) { client in
      try await client.send(Self.request(method, path, body, headers))
      return try await client.answer()
    }
  }

  /// The bytes of a request.
  static func request(
    _ method: String, _ path: String, _ body: String, _ headers: [String] = []
  ) -> String {
    var lines = ["\(method) \(path) HTTP/1.1", "Host: x"] + headers
    lines.append("Content-Length: \(body.utf8.count)")
    return lines.joined(separator: "\r\n") + "\r\n\r\n" + body
  }

  static let lines = "Content-Type: application/x-ndjson"
}

/// Set once.
private final class FlagBox: Sendable {
  private let isSet = Atomic<Bool>(false)

  /// Whether it was set before.
  func set() -> Bool { isSet.exchange(true, ordering: .acquiringAndReleasing) }
}

extension RawHTTPClient.Answer {
  /// The members of the body.
  var json: [String: Any] {
    get throws {
      try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any] ?? [:]
    }
  }

  /// The text of an error; empty without one.
  var error: String { (try? json)?["error"] as? String ?? "" }

  /// The members of each line of the body.
  var jsonLines: [[String: Any]] {
    get throws {
      try body.split(separator: 0x0A).map {
        try JSONSerialization.jsonObject(with: Data($0)) as? [String: Any] ?? [:]
      }
    }
  }
}
