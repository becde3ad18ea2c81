import Dispatch
import Features
import ModelRuntimes
import NIOCore
import Records
import Synchronization
import Testing
import Timing

@testable import Decisions

/// Models that fail, loads that are too much, clocks that step, and values that poison.
@Suite struct DecisionFaultTests {
  /// A pipeline whose breakers open soon and try again soon, with time enough on a busy machine.
  private static func pipeline(
    _ changes: [(String, String)] = [], timeout: String = "8s"
  ) throws -> PipelineDefinition {
    let breaker = "breaker: {calls: 5, open: 50ms, open_max: 50ms, probes: 2}\n    timeout: "
    return try SamplePipeline.make(
      [
        ("timeout: 10ms", breaker + timeout), ("timeout: 4ms", "timeout: 8s"),
        ("total: 20ms", "total: 20s"),
      ] + changes)
  }

  @Test func `a failing heavy tier is left alone, and taken back when it is well`() async throws {
    let isWell = Mutex(false)
    let harness = try await PortHarness(
      try Self.pipeline(), fast: 0.5,
      deepModel: { () throws(RuntimeFailure) in
        guard isWell.withLock({ $0 }) else { throw RuntimeFailure(.runFailed, "broken") }
        return 0.9
      })
    var causes: [String] = []
    // On a busy machine the breaker may be about to try again whenever it is asked.
    while !causes.contains("deep:open") {
      let decision = try await harness.decide(#"{"amount": 500}"#).get()
      #expect(decision.isDegraded && decision.decidedBy == "fallback")
      #expect(decision.outcome == "review" && !decision.isLate)
      causes += decision.degradedReasons
    }
    #expect(causes.prefix(5).allSatisfy { $0 == "deep:failed" }, "\(causes)")
    isWell.withLock { $0 = true }
    var decision = try await harness.decide(#"{"amount": 500}"#).get()
    while decision.isDegraded { decision = try await harness.decide(#"{"amount": 500}"#).get() }
    #expect(decision.decidedBy == "deep" && decision.outcome == "decline")
    try await harness.stop()
  }

  @Test func `a hanging heavy tier costs its timeout, and its bulkhead holds`() async throws {
    let release = DispatchSemaphore(value: 0)
    let isHanging = Mutex(true)
    let harness = try await PortHarness(
      try Self.pipeline([("concurrency: 2", "concurrency: 1")], timeout: "100ms"), fast: 0.5,
      deepModel: {
        if isHanging.withLock({ $0 }) { release.wait() }
        return 0.9
      })
    let first = try await harness.decide(#"{"amount": 500}"#).get()
    #expect(first.degradedReasons.first == "deep:timeout" && first.decidedBy == "fallback")
    let second = try await harness.decide(#"{"amount": 500}"#).get()
    #expect(second.degradedReasons.first == "deep:full", "the call still hangs")
    isHanging.withLock { $0 = false }
    release.signal()
    var decision = second
    while decision.isDegraded { decision = try await harness.decide(#"{"amount": 500}"#).get() }
    #expect(decision.decidedBy == "deep")
    let state = harness.engine.pipeline(named: "sample")?.currentState()
    #expect(state?.underWay == 0 && state?.tiers[1].inFlight == 0)
    try await harness.stop()
  }

  @Test(arguments: [Double.nan, .infinity, -0.5, 1.5])
  func `a score that is no probability is a failure of its tier`(_ score: Double) async throws {
    let harness = try await PortHarness(try Self.pipeline(), fast: score)
    let decision = try await harness.decide(#"{"amount": 500}"#).get()
    #expect(decision.degradedReasons == ["fast:failed"] && decision.score == nil)
    #expect(decision.outcome == "review")
    let again = Decision(json: decision.json())
    #expect(again == decision)
    try await harness.stop()
  }

  @Test func `what cannot be decided in time is refused at once, with the wait`() async throws {
    let release = DispatchSemaphore(value: 0)
    let harness = try await PortHarness(
      try Self.pipeline(timeout: "100ms"), fast: 0.5,
      deepModel: {
        release.wait()
        return 0.9
      })
    let pipeline = try #require(harness.engine.pipeline(named: "sample"))
    let outcomes = try await harness.withPort { port in
      // As if decisions had cost 6 s each lately.
      var account = port.load.admit(now: 0, deadline: .max) ?? .init()
      port.load.spend(6_000_000_000, on: &account)
      port.load.close(&account)
      let list = OutcomeList()
      for _ in 0..<8 {
        let request = try DecisionRequest(
          pipeline: pipeline, json: Array(#"{"amount": 500}"#.utf8), receivedAt: .now(),
          wallTime: 0)
        port.submit(request, receiver: list)
      }
      return list.refusals
    }
    #expect(!outcomes.isEmpty && outcomes.count < 8)
    for failure in outcomes {
      #expect(failure.code == .overloaded && failure.retryAfter ?? 0 > 0, "\(failure)")
      #expect(failure.message.contains("decisions come first here"), "\(failure)")
    }
    release.signal()
    var isIdle = false
    while !isIdle {
      isIdle = try await harness.withPort { $0.load.count == 0 }
      release.signal()
    }
    #expect(try await harness.withPort { $0.load.owed } == 0)
    #expect(pipeline.currentState().underWay == 0)
    for _ in 0..<16 { release.signal() }
    try await harness.stop()
  }

  @Test func `what was recorded in time and is said late is marked as late`() async throws {
    let recorder = SlowRecorder()
    let harness = try await PortHarness(try SamplePipeline.make(), recorder: recorder)
    let decision = try await harness.decide(#"{"amount": 0.5}"#).get()
    #expect(decision.decidedBy == "gate" && decision.isLate && decision.isDegraded)
    #expect(decision.degradedReasons == ["late"])
    try await harness.stop()
  }

  @Test func `a clock that steps moves neither ids back nor features wrongly`() async throws {
    let sections = "features: {views: v.yaml, service: all}\nevent: {source: payments}\nbudget:"
    let definition = try SamplePipeline.make(
      [("budget:", sections), ("total: 20ms", "total: 20s")],
      files: ["v.yaml": DecisionFeatureTests.views])
    let harness = try await PortHarness(definition)
    let now: Int64 = 1_700_000_000_000_000_000
    let day: Int64 = 86_400_000_000_000
    var ids: [String] = []
    for step in [0, -day, 1_000_000_000, 3_650 * day, 2_000_000_000, -36_500 * day] {
      let decision = try await harness.decide(
        #"{"id": "\#(ids.count)", "amount": 20, "card": "x"}"#, wallTime: now + step
      ).get()
      #expect(decision.outcome == "approve" && !decision.isLate)
      ids.append(decision.id)
    }
    #expect(ids == ids.sorted())
    let store = try #require(harness.engine.pipeline(named: "sample")?.features)
    let counts = store.counts(source: 0)
    // Whatever the clock says is the present; what is behind the newest event by a day is late.
    #expect(counts.total == 6 && counts.accepted >= 1 && counts.late >= 1)
    try await harness.stop()
  }

  @Test func `huge and deep inputs are refused without harm`() throws {
    let schema = try SamplePipeline.make().inputs
    let megabytes = [UInt8](repeating: UInt8(ascii: "a"), count: 10 << 20)
    let inputs: [[UInt8]] = [
      Array(#"{"amount": 1, "id": ""#.utf8) + megabytes + Array(#""}"#.utf8),
      [UInt8](repeating: UInt8(ascii: "["), count: 10 << 20),
      Array(#"{"amount": 1, "u": "#.utf8) + [UInt8](repeating: UInt8(ascii: "["), count: 1 << 20),
      Array(#"{"amount": "#.utf8) + [UInt8](repeating: UInt8(ascii: "9"), count: 1 << 20)
        + Array("}".utf8),
      Array(#"{"amount": 1e-"#.utf8) + [UInt8](repeating: UInt8(ascii: "9"), count: 1 << 16)
        + Array("}".utf8),
      [0xEF, 0xBB, 0xBF] + Array(#"{"amount": 1}"#.utf8),
      Array(#"{"amount": 1, "id": "a\u0000b"}"#.utf8) + [0],
      Array((#"{"amount": 1"# + String(repeating: #", "amount": 1"#, count: 10_000) + "}").utf8),
    ]
    for input in inputs {
      do {
        let read = try InputReader.read(input, schema)
        // Only the tiny number is one.
        #expect(read.double(1) == 0)
      } catch {
        #expect(!error.problems.isEmpty && error.problems.count <= 64)
        #expect(error.description.utf8.count < 20_000)
      }
    }
  }
}

/// Keeps the thread until the budget of the sample pipeline is over.
final class SlowRecorder: DecisionRecorder {
  func record(
    _ entry: DecisionRecord, durability: DecisionDurability,
    completion: @escaping @Sendable (Result<RecorderOutcome, RecorderFailure>) -> Void
  ) throws(RecorderFailure) {
    let start = MonotonicInstant.now()
    while MonotonicInstant.now().since(start) <= 20_000_000 {}
    completion(.success(.recorded))
  }
}

/// Collects what was refused at once.
final class OutcomeList: DecisionReceiver, Sendable {
  private let list = Mutex<[DecisionFailure]>([])
  var refusals: [DecisionFailure] { list.withLock { $0 } }

  func receive(_ outcome: Result<Decision, DecisionFailure>) {
    if case .failure(let failure) = outcome { list.withLock { $0.append(failure) } }
  }
}
