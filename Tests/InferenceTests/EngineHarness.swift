import Inference
import Logging
import ModelRuntimes
import ModelStore
import NIOCore
import Tensors
import Timing

/// An engine that serves one fake model, with one port that the test drives by hand.
final class EngineHarness {
  let engine: InferenceEngine
  let executor = ManualExecutor()
  let model = FakeModel()
  let port: InferencePort
  private(set) var outcomes: [String: Result<[Float], InferenceError>] = [:]
  private(set) var order: [String] = []
  private var receivers: [Receiver] = []

  init(_ configuration: String = "", execution: EngineOptions.Execution = .inline) async throws {
    var options = EngineOptions()
    options.execution = execution
    options.calibrates = false
    engine = InferenceEngine(options: options, logger: Logger(label: "test"))
    let servable = try Self.servable(model, version: 1, configuration)
    try engine.prepare(servable)
    await engine.publish(Self.snapshot([servable]))
    port = engine.makePort(executor: executor)
  }

  static func servable(_ model: FakeModel, version: Int64, _ configuration: String = "") throws
    -> ServableVersion
  {
    let completed = try ModelConfiguration(
      modelName: "double", signature: model.signature, text: configuration)
    return ServableVersion(
      modelName: "double", version: version, configuration: completed, model: model)
  }

  static func snapshot(_ versions: [ServableVersion]) -> StoreSnapshot {
    var numbered: [Int64: ServableVersion] = [:]
    for version in versions { numbered[version.version] = version }
    let model = ServableModel(
      name: "double", versions: numbered,
      aliases: ["latest": versions.map(\.version).max() ?? 0, "stable": 1])
    return StoreSnapshot(models: ["double": model])
  }

  /// Publishes while driving the port, which must see the snapshot for the publication to end.
  func publish(_ versions: [ServableVersion]) async {
    let engine = engine
    let finished = Flag()
    let snapshot = Self.snapshot(versions)
    let task = Task {
      await engine.publish(snapshot)
      finished.raise()
    }
    // Not a wait on the executor: that would hold a thread that the publication may need.
    while !finished.isRaised {
      executor.runPending()
      await Task.yield()
    }
    await task.value
  }

  /// Submits one request of the given rows.
  @discardableResult
  func submit(
    _ id: String, _ rows: [[Float]], version: String = "", priority: Int = 0,
    timeoutMicroseconds: Int64 = 0
  ) throws -> InferenceRequest {
    let served = try port.resolve(model: "double", version: version)
    var draft = RequestDraft(version: served, receivedAt: .now())
    draft.id = id
    draft.priority = priority
    draft.timeoutMicroseconds = timeoutMicroseconds
    var bytes = ByteBuffer()
    for value in rows.joined() { bytes.writeInteger(value.bitPattern, endianness: .little) }
    guard let shape = TensorShape([rows.count, rows.first?.count ?? 2]) else { return try never() }
    try draft.add(input: 0, Tensor(elementType: .fp32, shape: shape, bytes: bytes))
    let receiver = Receiver { [unowned self] id, outcome in
      outcomes[id] = outcome
      order.append(id)
    }
    receivers.append(receiver)
    let request = try draft.makeRequest(receiver: receiver)
    port.submit(request)
    return request
  }

  /// Drives the port until `count` outcomes have arrived.
  func run(untilOutcomes count: Int) { executor.run { self.outcomes.count >= count } }

  private func never() throws -> InferenceRequest {
    throw InferenceError(.invalidArgument, "not a shape")
  }
}

/// Something that happens once.
final class Flag: Sendable {
  private let signal = ReleaseSignal()
  var isRaised: Bool { signal.hasFired }
  func raise() { signal.fire() }
}

private final class Receiver: InferenceReceiver {
  private let body: (String, Result<[Float], InferenceError>) -> Void

  init(_ body: @escaping (String, Result<[Float], InferenceError>) -> Void) { self.body = body }

  func receive(_ outcome: Result<InferenceOutputs, InferenceError>, of request: InferenceRequest) {
    body(
      request.id,
      outcome.map { outputs in
        var bytes = outputs.tensors[0].bytes
        var values: [Float] = []
        while let bits = bytes.readInteger(endianness: .little, as: UInt32.self) {
          values.append(Float(bitPattern: bits))
        }
        return values
      })
  }
}
