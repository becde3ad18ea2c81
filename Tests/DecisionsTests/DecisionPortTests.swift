import Features
import Logging
import ModelRuntimes
import NIOCore
import NIOPosix
import NeedletailTesting
import Records
import Synchronization
import Tensors
import Testing
import Timing

@testable import Decisions
@testable import Inference

/// An engine with the scripted models `fast` and `deep`, and a port on a loop of its own.
final class PortHarness: Sendable {
  let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  let models: InferenceEngine
  let engine: DecisionEngine
  private let port: NIOLoopBoundBox<DecisionPort?>

  init(
    _ pipeline: PipelineDefinition, recorder: (any DecisionRecorder)? = nil,
    fast: Double = 0.1, deep: Double = 0.5, serves: Bool = true,
    deepModel: (@Sendable () throws(RuntimeFailure) -> Double)? = nil
  ) async throws {
    var options = EngineOptions()
    if deepModel != nil {
      // What hangs must hang a thread of its own.
      options.execution = .threads
      options.calibrates = false
    }
    models = InferenceEngine(options: options, logger: Logger(label: "test"))
    engine = DecisionEngine(recorder: recorder)
    try engine.serve([pipeline])
    let loop = group.next()
    port = NIOLoopBoundBox.makeEmptyBox(valueType: DecisionPort.self, eventLoop: loop)
    if serves {
      try await ScriptedHost.serve(
        [
          .init("fast", model: Self.model(columns: 1) { [Float(fast)] }),
          .init(
            "deep",
            model: Self.model(columns: 2) { () throws(RuntimeFailure) in
              [0, Float(try deepModel?() ?? deep)]
            }),
        ], on: models)
    }
    let (models, engine, port) = (models, engine, port)
    try await loop.submit {
      let inference = models.makePort(executor: LoopExecutor(loop))
      port.value = engine.makePort(on: loop, inference: inference)
    }.get()
  }

  private static func model(
    columns: Int, _ answer: @escaping @Sendable () throws(RuntimeFailure) -> [Float]
  ) -> ScriptedModel {
    let signature = ModelSignature(
      inputs: [TensorSpec(name: "x", elementType: .fp32, dimensions: [-1, 2])],
      outputs: [TensorSpec(name: "p", elementType: .fp32, dimensions: [-1, columns])])
    return ScriptedModel(signature: signature) { inputs throws(RuntimeFailure) in
      let rows = inputs[0].shape[0]
      var bytes = ByteBufferAllocator().buffer(capacity: rows * columns * 4)
      for _ in 0..<rows {
        for value in try answer() { bytes.writeInteger(value.bitPattern, endianness: .little) }
      }
      return [Tensor(elementType: .fp32, shape: [rows, columns], bytes: bytes)]
    }
  }

  /// The outcome of a request in JSON.
  func decide(
    _ json: String, wantsFeatures: Bool = false, wallTime: Int64 = 1_700_000_000_000_000_000,
    supply: FeatureSupply = .store
  ) async throws -> Result<Decision, DecisionFailure> {
    let pipeline = try #require(engine.pipeline(named: "sample"))
    let port = port
    let promise = group.next().makePromise(of: Result<Decision, DecisionFailure>.self)
    group.next().execute {
      do {
        var request = try DecisionRequest(
          pipeline: pipeline, json: Array(json.utf8), receivedAt: .now(), wallTime: wallTime)
        request.wantsFeatures = wantsFeatures
        request.supply = supply
        port.value?.submit(request, receiver: PromiseReceiver(promise))
      } catch {
        promise.fail(error)
      }
    }
    return try await promise.futureResult.get()
  }

  /// Runs `body` with the port, on its thread.
  func withPort<Result: Sendable>(
    _ body: @escaping @Sendable (DecisionPort) throws -> Result
  ) async throws -> Result {
    let port = port
    return try await group.next().submit {
      guard let port = port.value else { throw CancellationError() }
      return try body(port)
    }.get()
  }

  func stop() async throws {
    let port = port
    try await group.next().submit { port.value = nil }.get()
    models.shutDown()
    try await group.shutdownGracefully()
  }
}

final class LoopExecutor: PortExecutor {
  private let loop: any EventLoop
  init(_ loop: any EventLoop) { self.loop = loop }
  func execute(_ work: @escaping @Sendable () -> Void) { loop.execute(work) }
}

final class PromiseReceiver: DecisionReceiver {
  private let promise: EventLoopPromise<Result<Decision, DecisionFailure>>
  init(_ promise: EventLoopPromise<Result<Decision, DecisionFailure>>) { self.promise = promise }
  func receive(_ outcome: Result<Decision, DecisionFailure>) { promise.succeed(outcome) }
}

/// Keeps entries in memory; can be told to fail or to hold its answers.
final class MemoryRecorder: DecisionRecorder {
  enum Behaviour: Sendable {
    case keeps
    case refuses
    case fails
    case holds
  }

  let entries = Mutex<[DecisionRecord]>([])
  let behaviour: Behaviour
  init(_ behaviour: Behaviour = .keeps) { self.behaviour = behaviour }

  func record(
    _ entry: DecisionRecord, durability: DecisionDurability,
    completion: @escaping @Sendable (Result<RecorderOutcome, RecorderFailure>) -> Void
  ) throws(RecorderFailure) {
    switch behaviour {
    case .refuses: throw RecorderFailure("the queue is full")
    case .fails: completion(.failure(RecorderFailure("the disk is full")))
    case .holds: break
    case .keeps:
      let known = entries.withLock { entries -> DecisionRecord? in
        if let id = entry.requestID, let known = entries.first(where: { $0.requestID == id }) {
          return known
        }
        entries.append(entry)
        return nil
      }
      completion(.success(known.map { .duplicate($0) } ?? .recorded))
    }
  }
}

@Suite struct DecisionPortTests {
  @Test func `a decision goes through both tiers and says so`() async throws {
    let recorder = MemoryRecorder()
    let harness = try await PortHarness(
      try SamplePipeline.make(), recorder: recorder, fast: 0.5, deep: 0.9)
    let json = #"{"id": "a", "amount": 20, "card": "4711"}"#
    let decision = try await harness.decide(json).get()
    #expect(decision.outcome == "decline" && decision.decidedBy == "deep")
    #expect(decision.tiers.map(\.result) == ["escalate", "decline"])
    #expect(decision.tiers.map(\.version) == ["1", "1"])
    #expect(abs((decision.score ?? 0) - 0.9) < 1e-6)
    #expect(!decision.isDegraded && !decision.isLate && decision.requestID == "a")
    #expect(decision.stages.last?.name == "total" && decision.id.count == 26)
    let body = String(decoding: recorder.entries.withLock { $0[0].body }, as: UTF8.self)
    #expect(body.contains(#""card":"[redacted]""#) && !body.contains("4711"))
    #expect(body.contains(#""amount":20"#))
    #expect(Decision(json: decision.json()) == decision)
    try await harness.stop()
  }

  @Test func `rules decide before and after the models`() async throws {
    let harness = try await PortHarness(try SamplePipeline.make(), fast: 0.1)
    let tiny = try await harness.decide(#"{"amount": 0.5}"#).get()
    #expect(tiny.outcome == "approve" && tiny.decidedBy == "gate" && tiny.reasons == ["TINY"])
    let big = try await harness.decide(#"{"amount": 950}"#).get()
    #expect(big.outcome == "review" && big.decidedBy == "rules" && big.reasons == ["BIG"])
    let plain = try await harness.decide(#"{"amount": 50}"#).get()
    #expect(plain.outcome == "approve" && plain.decidedBy == "fast" && plain.reasons.isEmpty)
    try await harness.stop()
  }

  @Test func `without its models a pipeline still decides and says why`() async throws {
    let harness = try await PortHarness(try SamplePipeline.make(), serves: false)
    let cheap = try await harness.decide(#"{"amount": 5}"#).get()
    #expect(cheap.outcome == "approve" && cheap.reasons == ["CHEAP"] && cheap.isDegraded)
    let dear = try await harness.decide(#"{"amount": 500}"#).get()
    #expect(dear.outcome == "review" && dear.degradedReasons == ["fast:absent"])
    #expect(dear.decidedBy == "fallback" && dear.reasons == ["FALLBACK"])
    // Nothing was asked, so there is nothing for a breaker to guard against.
    for _ in 0..<100 { _ = try await harness.decide(#"{"amount": 500}"#) }
    let later = try await harness.decide(#"{"amount": 500}"#).get()
    #expect(later.degradedReasons == ["fast:absent"])
    try await harness.stop()
  }

  @Test func `the same id gets the same decision and leaves one record`() async throws {
    let recorder = MemoryRecorder()
    let harness = try await PortHarness(
      try SamplePipeline.make(), recorder: recorder, fast: 0.5, deep: 0.1)
    let ids = try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<32 {
        group.addTask { try await harness.decide(#"{"id": "same", "amount": 20}"#).get().id }
      }
      return try await group.reduce(into: Set<String>()) { $0.insert($1) }
    }
    #expect(ids.count == 1 && recorder.entries.withLock { $0.count } == 1)
    let later = try await harness.decide(#"{"id": "same", "amount": 999}"#).get()
    #expect(ids == [later.id])
    try await harness.stop()
  }

  @Test func `a repetition waits for the decision no longer than its own deadline`() async throws {
    let pipeline = try SamplePipeline.make([
      ("total: 20ms", "total: 500s"), ("name: sample", "name: sample\nconcurrency: 2"),
    ])
    let recorder = MemoryRecorder(.holds)
    let harness = try await PortHarness(pipeline, recorder: recorder)
    let outcomes = OutcomeList()
    try await harness.withPort { port in
      let pipeline = try #require(port.engine.pipeline(named: "sample"))
      for index in 0..<4 {
        var request = try DecisionRequest(
          pipeline: pipeline, json: Array(#"{"id": "same", "amount": 20}"#.utf8),
          receivedAt: .now(), wallTime: 0)
        // The first may take its whole budget.
        if index > 0 { request.deadline = MonotonicInstant.now().advanced(byNanoseconds: 1_000) }
        port.submit(request, receiver: outcomes)
      }
    }
    while outcomes.refusals.count < 3 { await Task.yield() }
    let refusals = outcomes.refusals
    #expect(refusals.map(\.code) == [.overloaded, .durability, .durability])
    #expect(refusals[0].message.contains("2 repetitions of this request wait"))
    #expect(refusals[1].message.contains("still being decided"))
    try await harness.stop()
  }

  @Test func `what cannot be recorded counts once, however late it is repeated`() async throws {
    let recorder = MemoryRecorder(.fails)
    let harness = try await PortHarness(
      try DecisionFeatureTests.pipeline(), recorder: recorder)
    let start: Int64 = 1_700_000_000_000_000_000
    for minute in 0..<6 as Range<Int64> {
      let outcome = try await harness.decide(
        #"{"id": "x", "amount": 20, "card": "c"}"#, wallTime: start + minute * 180_000_000_000)
      guard case .failure(let failure) = outcome else {
        Issue.record("decided: \(outcome)")
        continue
      }
      #expect(failure.code == .durability)
    }
    let store = try #require(harness.engine.pipeline(named: "sample")?.features)
    let use = try #require(harness.engine.pipeline(named: "sample")?.definition.features)
    var record = EventRecord(try #require(use.definitions.request))
    record.set(try #require(use.definitions.request?.index(of: "card")), string: "c")
    var vector = FeatureVector()
    store.vector(use.service, record, at: start + 1_000_000_000_000, into: &vector)
    #expect(vector.values.first == 1)
    try await harness.stop()
  }

  @Test func `an id that only the record knows gets the recorded decision`() async throws {
    let recorder = MemoryRecorder()
    let first = try await PortHarness(try SamplePipeline.make(), recorder: recorder)
    let one = try await first.decide(#"{"id": "x", "amount": 20}"#).get()
    try await first.stop()
    let second = try await PortHarness(try SamplePipeline.make(), recorder: recorder, fast: 0.9)
    let again = try await second.decide(#"{"id": "x", "amount": 20}"#).get()
    #expect(again.id == one.id && again.outcome == one.outcome && again.score == one.score)
    try await second.stop()
  }

  @Test(arguments: [
    (MemoryRecorder.Behaviour.refuses, "the queue is full"), (.fails, "the disk is full"),
    (.holds, "was not on disk by its deadline"),
  ])
  func `what cannot be recorded is not answered with a decision`(
    _ behaviour: MemoryRecorder.Behaviour, _ expected: String
  ) async throws {
    let recorder = MemoryRecorder(behaviour)
    let harness = try await PortHarness(try SamplePipeline.make(), recorder: recorder)
    let outcome = try await harness.decide(#"{"id": "x", "amount": 20}"#)
    guard case .failure(let failure) = outcome else {
      Issue.record("decided: \(outcome)")
      return
    }
    #expect(failure.code == .durability && failure.message.contains(expected))
    #expect(harness.engine.pipeline(named: "sample")?.currentState().underWay == 0)
    try await harness.stop()
  }

  @Test func `as many as may be under way are, and no more`() async throws {
    let pipeline = try SamplePipeline.make([("name: sample", "name: sample\nconcurrency: 1")])
    let harness = try await PortHarness(pipeline, recorder: MemoryRecorder(.holds))
    async let first = harness.decide(#"{"amount": 20}"#)
    async let second = harness.decide(#"{"amount": 20}"#)
    let codes = [try await first, try await second].map { outcome -> String in
      if case .failure(let failure) = outcome { return failure.code.rawValue }
      return ""
    }
    #expect(codes.sorted() == ["DURABILITY", "OVERLOADED"])
    try await harness.stop()
  }

  @Test func `a wrong request is told all that is wrong with it`() async throws {
    let harness = try await PortHarness(try SamplePipeline.make())
    await #expect(throws: InputProblems.self) { try await harness.decide(#"{"amount": "x"}"#) }
    try await harness.stop()
  }

  @Test(arguments: [
    ([4, 2], [-1, 1], "a tier fills [1,2]"), ([-1, 1, 2], [-1, 1], "a tier fills [1,2]"),
    ([-1, 2], [0], "has 0 numbers a row"),
  ])
  func `models whose every call would fail are named`(
    _ input: [Int], _ output: [Int], _ expected: String
  ) async throws {
    let harness = try await PortHarness(try SamplePipeline.make(), serves: false)
    let signature = ModelSignature(
      inputs: [TensorSpec(name: "x", elementType: .fp32, dimensions: input)],
      outputs: [TensorSpec(name: "p", elementType: .fp32, dimensions: output)])
    let model = ScriptedModel(signature: signature) { _ throws(RuntimeFailure) in [] }
    try await ScriptedHost.serve(
      [.init("fast", model: model, configuration: "")], on: harness.models)
    let models = harness.models
    let definition = try #require(harness.engine.pipeline(named: "sample")).definition
    let loop = harness.group.next()
    let problems = try await loop.submit {
      definition.modelProblems(models.makePort(executor: LoopExecutor(loop)))
    }.get()
    #expect(problems.contains { $0.contains(expected) }, "\(problems)")
    try await harness.stop()
  }

  @Test func `models that do not fit a pipeline are named`() async throws {
    let harness = try await PortHarness(
      try SamplePipeline.make([
        ("score: p[1]", "score: q[1]"),
        ("{x: [amount, weight]}\n    score: p\n", "{x: [amount]}\n    score: p[1]\n"),
      ]))
    let models = harness.models
    let definition = try #require(harness.engine.pipeline(named: "sample")).definition
    let loop = harness.group.next()
    let problems = try await loop.submit {
      definition.modelProblems(models.makePort(executor: LoopExecutor(loop)))
    }.get()
    #expect(problems.contains { $0.contains("takes 2 columns; the tier lists 1") }, "\(problems)")
    #expect(problems.contains { $0.contains("there is no index 1") }, "\(problems)")
    #expect(problems.contains { $0.contains("no output 'q'") }, "\(problems)")
    try await harness.stop()
  }
}
