import Foundation
import Gateway
import Inference
import LoadGenerator
import Logging
import ModelStore
import Monitoring
import NIOCore
import NIOPosix
import NIOSSL
import NeedletailTesting
import SwiftProtobuf

/// The project's own gRPC server with scripted models, on a real socket.
struct GRPCGatewayPeer {
  let server: GRPCServer
  let endpoint: TargetEndpoint
  private let engine: InferenceEngine
  private let group: MultiThreadedEventLoopGroup

  enum Socket {
    case tcp
    case unix
    case tls
  }

  /// Starts a server, runs `body`, and stops it.
  static func with<Result>(
    _ socket: Socket = .tcp,
    models: [ScriptedHost.Entry] = [ScriptedHost.Entry("double", model: .doubling())],
    _ body: (GRPCGatewayPeer) async throws -> Result
  ) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "nt-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let peer = try await GRPCGatewayPeer(socket, models: models, folder: folder)
    do {
      let result = try await body(peer)
      await peer.stop()
      return result
    } catch {
      await peer.stop()
      throw error
    }
  }

  private init(
    _ socket: Socket, models: [ScriptedHost.Entry], folder: URL
  ) async throws {
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    var options = EngineOptions()
    options.calibrates = false
    engine = InferenceEngine(options: options, logger: logger)
    let store = ModelStore(
      options: StoreOptions(repositories: [], mode: .explicit(load: [])), runtimes: [],
      host: engine, logger: logger)
    try await store.start()
    try await ScriptedHost.serve(models, on: engine)
    let context = ServerContext(
      engine: engine, store: store, logs: try LogControl(settings: LogSettings()),
      traces: try TraceControl(settings: TraceSettings(), logger: logger),
      options: ServerContext.Options(identity: ServerIdentity(version: "0.0.1")), logger: logger)
    context.markServing()
    group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    server = GRPCServer(
      context: context, limits: GRPCLimits(), group: group,
      tls: socket == .tls ? try Self.serverTLS() : nil)
    if socket == .unix {
      let path = folder.appendingPathComponent("s").path
      try await server.start(.unix(path: path))
      endpoint = TargetEndpoint(wire: .grpc, place: .unix(path: path))
    } else {
      let address = try await server.start(.tcp(host: "127.0.0.1", port: 0))
      let place = TargetEndpoint.Place.tcp(host: "127.0.0.1", port: address?.port ?? 0)
      var tls: TargetEndpoint.TLS?
      if socket == .tls {
        let roots = folder.appendingPathComponent("roots.pem")
        try HTTPTestCertificates.root.write(to: roots, atomically: true, encoding: .utf8)
        tls = TargetEndpoint.TLS()
        tls?.rootsFile = roots.path
      }
      endpoint = TargetEndpoint(wire: .grpc, place: place, tls: tls)
    }
  }

  /// Ends every connection at once.
  func stop() async {
    await server.shutdown(withinNanoseconds: 0)
    try? await group.shutdownGracefully()
    engine.shutDown()
  }

  private static func serverTLS() throws -> NIOSSLContext {
    let chain = try NIOSSLCertificate.fromPEMBytes(Array(HTTPTestCertificates.server.utf8))
    let key = try NIOSSLPrivateKey(bytes: Array(HTTPTestCertificates.serverKey.utf8), format: .pem)
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
    configuration.applicationProtocols = ["h2"]
    return try NIOSSLContext(configuration: configuration)
  }

  /// A `ModelInfer` of one row of `columns` zeros.
  static func request(
    _ model: String = "double", input name: String = "x", columns: Int = 4
  ) throws -> PreparedRequest {
    var request = Inference_ModelInferRequest()
    request.modelName = model
    var input = Inference_ModelInferRequest.InferInputTensor()
    input.name = name
    input.datatype = "FP32"
    input.shape = [1, Int64(columns)]
    request.inputs = [input]
    request.rawInputContents = [Data(count: 4 * columns)]
    let bytes: [UInt8] = try request.serializedBytes()
    return PreparedRequest(
      entry: 0,
      payload: .grpc(
        GRPCRequestBytes(
          path: "/inference.GRPCInferenceService/ModelInfer",
          message: ByteBuffer(bytes: GRPCFrames.message(bytes)))))
  }
}

/// A dialed connection, driven and heard from a test's task.
final class GRPCDialedConnection {
  /// What an owner hears.
  enum Event: Sendable, Equatable {
    case vacant(Int)
    case answered(ticket: Int, Outcome, status: Int, stages: Int, bytes: Int, text: String)
    case ended(String?)
  }

  /// The owner, confined to the event loop.
  final class Owner: LoadConnectionOwner {
    let events: AsyncStream<Event>.Continuation
    let stageNames = StageNames()
    var connection: (any LoadConnection)?
    /// Sent while there is room, each under the next number.
    var remaining = 0
    var request: PreparedRequest?
    private var ticket = 0

    init(_ events: AsyncStream<Event>.Continuation) { self.events = events }

    func fill() {
      guard let request, let connection else { return }
      while remaining > 0, connection.vacancies > 0 {
        remaining -= 1
        ticket += 1
        connection.send(request, ticket: ticket, number: 0)
      }
      connection.flush()
    }

    func becameVacant(_ connection: any LoadConnection) {
      events.yield(.vacant(connection.vacancies))
      fill()
    }

    func answered(_ ticket: Int, _ answer: Answer) {
      events.yield(
        .answered(
          ticket: ticket, answer.outcome, status: answer.status,
          stages: answer.stages.named.nonzeroBitCount, bytes: answer.byteCount,
          text: String(buffer: answer.explanation)))
      fill()
    }

    func ended(_ connection: any LoadConnection, reason: String?) {
      events.yield(.ended(reason))
      events.finish()
      self.connection = nil
    }
  }

  private let eventLoop: any EventLoop
  private let owner: NIOLoopBound<Owner>
  private var iterator: AsyncStream<Event>.Iterator

  /// Dials, and keeps `count` requests going.
  init(
    _ endpoint: TargetEndpoint, streams: Int = 4, count: Int = 0,
    request: PreparedRequest? = nil
  ) async throws {
    let dialer = try GRPCDialer(endpoint: endpoint, streamsPerConnection: streams)
    let (events, continuation) = AsyncStream.makeStream(of: Event.self)
    let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
    owner = try await eventLoop.submit {
      let owner = Owner(continuation)
      owner.remaining = count
      owner.request = request
      owner.connection = dialer.dial(
        on: eventLoop, owner: owner, stageNames: owner.stageNames)
      return NIOLoopBound(owner, eventLoop: eventLoop)
    }.get()
    self.eventLoop = eventLoop
    iterator = events.makeAsyncIterator()
  }

  func next() async -> Event? { await iterator.next() }

  func close() async throws {
    let owner = owner
    try await eventLoop.submit { owner.value.connection?.close() }.get()
  }

  /// Closes, and returns all that was heard and not read yet.
  func finish() async throws -> [Event] {
    try await close()
    return await rest()
  }

  /// All that is heard until the end.
  func rest() async -> [Event] {
    var events: [Event] = []
    while let event = await next() { events.append(event) }
    return events
  }
}
