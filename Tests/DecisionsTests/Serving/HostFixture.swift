import Features
import Foundation
import Inference
import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing
import Timing

@testable import Decisions

/// A folder with pipelines in it, gone at the end.
final class HostFolder: Sendable {
  let path: String

  init() throws {
    path =
      FileManager.default.temporaryDirectory
      .appending(path: "needletail-host-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ name: String, _ text: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/" + name))
  }

  /// The path of a file in it.
  func file(_ name: String) -> String { path + "/" + name }

  static let views = """
    sources:
      payments:
        time: at
        id: id
        fields: {card: string?, amount: double}
    entities: {card: {key: card}}
    views:
      spend:
        entity: card
        source: payments
        windows: [1h]
        features: [{name: count, aggregate: count}, {name: sum, aggregate: sum, of: amount}]
      home:
        entity: card
        attributes: {file: cards.csv, time: since, fields: {limit: double}}
    services: {all: [spend.*, home.limit]}
    """

  /// A pipeline of rules alone, over `views.yaml`.
  static let pipeline = """
    name: cards
    outcomes: [approve, decline]
    input:
      id: id
      fields: {id: string?, card: string?, amount: double}
    features: {views: views.yaml, service: all}
    event: {source: payments}
    tiers:
      - name: policy
        rules:
          - name: often
            when: has(spend.count_1h) && spend.count_1h >= 2
            decide: decline
            reason: OFTEN
          - name: dear
            when: has(home.limit) && amount > home.limit
            decide: decline
            reason: LIMIT
        otherwise: approve
    fallback: [{decide: decline, reason: FALLBACK}]
    """

  static let cards = """
    card,since,limit
    x,2020-01-01T00:00:00Z,100
    z,2020-01-01T00:00:00Z,5

    """

  /// Writes the two files and the attributes of card x.
  func fill() throws {
    try write("views.yaml", Self.views)
    try write("cards.yaml", Self.pipeline)
    try write("cards.csv", Self.cards)
  }

  /// Options for `cards.yaml`.
  func options(state: Bool = true) -> DecisionHostOptions {
    var options = DecisionHostOptions()
    options.pipelines = [file("cards.yaml")]
    options.stateFolder = state ? file("state") : nil
    return options
  }
}

/// A host that serves, and a port on a loop of its own.
final class HostHarness: Sendable {
  let host: DecisionHost
  let models: InferenceEngine
  let notices: NoticeList
  private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  private let port: NIOLoopBoundBox<DecisionPort?>

  init(_ options: DecisionHostOptions) async throws {
    models = InferenceEngine(options: EngineOptions(), logger: Logger(label: "test"))
    notices = NoticeList()
    let (models, notices) = (models, notices)
    let loop = group.next()
    port = NIOLoopBoundBox.makeEmptyBox(valueType: DecisionPort.self, eventLoop: loop)
    do {
      host = try await DecisionHost.open(options, models: models) { notices.add($0) }
    } catch {
      models.shutDown()
      try await group.shutdownGracefully()
      throw error
    }
    let (host, port) = (host, port)
    try await loop.submit {
      let inference = models.makePort(executor: LoopExecutor(loop))
      port.value = host.engine.makePort(on: loop, inference: inference)
    }.get()
  }

  func decide(
    _ json: String, pipeline name: String = "cards",
    wallTime: Int64 = 1_700_000_000_000_000_000
  ) async throws -> Decision {
    let pipeline = try #require(host.engine.pipeline(named: name))
    let port = port
    let promise = group.next().makePromise(of: Result<Decision, DecisionFailure>.self)
    group.next().execute {
      do {
        var request = try DecisionRequest(
          pipeline: pipeline, json: Array(json.utf8), receivedAt: .now(), wallTime: wallTime)
        request.waitsForRecord = true
        port.value?.submit(request, receiver: PromiseReceiver(promise))
      } catch {
        promise.fail(error)
      }
    }
    return try await promise.futureResult.get().get()
  }

  func stop() async throws {
    let port = port
    try await group.next().submit { port.value = nil }.get()
    await host.close()
    models.shutDown()
    try await group.shutdownGracefully()
  }
}

/// What a host reported.
final class NoticeList: Sendable {
  private let list = Mutex<[HostNotice]>([])
  func add(_ notice: HostNotice) { list.withLock { $0.append(notice) } }
  var all: [HostNotice] { list.withLock { $0 } }
}
