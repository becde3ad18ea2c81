import Foundation
import Inference
import Logging
import ModelStore
import NIOCore
import Synchronization
import Tensors
import Testing
import Timing

/// Two ports on two threads submit, cancel and run at random while a third thread of control keeps
/// replacing, adding and unloading versions. Whatever happens, each request gets one outcome, and
/// every version that was taken out of service is given back.
@Suite struct EngineSoakTests {
  private static let operations = 6_000

  @Test(arguments: [EngineOptions.Execution.inline, .threads])
  func `each request gets one outcome and every lease ends`(
    _ execution: EngineOptions.Execution
  ) async throws {
    let seed = UInt64.random(in: 1...UInt64.max)
    var options = EngineOptions()
    options.execution = execution
    options.calibrates = false
    options.queueRowsMax = 64
    let engine = InferenceEngine(options: options, logger: Logger(label: "soak"))
    let published = Flag()
    let drivers = (0..<2).map { index in
      SoakDriver(engine: engine, seed: seed &+ UInt64(index), published: published)
    }
    let releases = Task {
      try await Self.publishVersions(engine, seed: seed, count: 60) {
        drivers.allSatisfy(\.hasSubmittedAll)
      }
    }
    let waker = Task {
      let result = await releases.result
      published.raise()
      for driver in drivers { driver.executor.execute {} }
      return result
    }
    await withTaskGroup(of: Void.self) { group in
      for driver in drivers {
        group.addTask { await driver.drive(operations: Self.operations) }
      }
    }
    for release in try await waker.value.get() { await release.wait() }
    for driver in drivers {
      #expect(driver.outcomes.count == driver.submitted, "seed \(seed)")
      #expect(driver.outcomes.values.allSatisfy { $0 == 1 }, "seed \(seed)")
      #expect(driver.submitted > 1_000, "seed \(seed)")
    }
    engine.shutDown()
  }

  /// Publishes at random until `count` times and until `isDone`; serves nothing in the end.
  private static func publishVersions(
    _ engine: InferenceEngine, seed: UInt64, count: Int, until isDone: @Sendable () -> Bool
  ) async throws -> [ReleaseSignal] {
    var generator = SoakGenerator(state: seed)
    var releases: [ReleaseSignal] = []
    var serving: [ServableVersion] = []
    var number: Int64 = 0
    var round = 0
    while round < count || !isDone() {
      round += 1
      if serving.isEmpty || (number < 200 && Bool.random(using: &generator)) {
        number += 1
        let text =
          "max_batch_size: 8 dynamic_batching { priority_levels: 2 default_priority_level: 2 }"
        let model = FakeModel()
        let version = try EngineHarness.servable(model, version: number, text)
        try engine.prepare(version)
        releases.append(version.release)
        serving.append(version)
      }
      // A version just prepared is published before it leaves, as the store does it.
      if serving.count > 2
        || (serving.count > 1 && Int.random(in: 0..<4, using: &generator) == 0)
      {
        serving.removeFirst()
      }
      await engine.publish(EngineHarness.snapshot(serving))
      // Without ports yet, publishing never waits, and would keep the drivers from starting.
      await Task.yield()
      if number < 200, Int.random(in: 0..<8, using: &generator) == 0 {
        serving = []
        await engine.publish(EngineHarness.snapshot([]))
      }
    }
    serving = []
    await engine.publish(EngineHarness.snapshot([]))
    return releases
  }
}

/// One port and the thread that owns it.
///
/// Everything but the executor and the flag belongs to the driver's thread until it has ended.
private final class SoakDriver: InferenceReceiver, @unchecked Sendable {
  let executor = ManualExecutor()
  private(set) var outcomes: [String: Int] = [:]
  private(set) var submitted = 0
  private let engine: InferenceEngine
  private let published: Flag
  private let finished = Flag()
  private var generator: SoakGenerator
  private var recent: [InferenceRequest] = []

  init(engine: InferenceEngine, seed: UInt64, published: Flag) {
    self.engine = engine
    self.published = published
    generator = SoakGenerator(state: seed)
  }

  /// Whether the driver only waits for outcomes. Any thread.
  var hasSubmittedAll: Bool { finished.isRaised }

  func receive(_ outcome: Result<InferenceOutputs, InferenceError>, of request: InferenceRequest) {
    outcomes[request.id, default: 0] += 1
  }

  func drive(operations: Int) async {
    await withCheckedContinuation { continuation in
      Thread.detachNewThread { [self] in
        let port = engine.makePort(executor: executor)
        var held: ServedVersion?
        while submitted < operations {
          switch Int.random(in: 0..<10, using: &generator) {
          case 0..<6: submit(port, &held)
          case 6:
            if let request = recent.randomElement(using: &generator) { port.cancel(request) }
          case 7:
            recent.removeAll()
            held = nil
          default: executor.runPending()
          }
        }
        held = nil
        recent = []
        finished.raise()
        executor.run { published.isRaised && outcomes.count == submitted }
        // A tick that ran out of time goes on in the next, and holds its lanes until then.
        while executor.runPending() {}
        continuation.resume()
      }
    }
  }

  /// Submits to the version resolved now, or to one resolved some publications ago.
  private func submit(_ port: InferencePort, _ held: inout ServedVersion?) {
    if held == nil || Bool.random(using: &generator) {
      held = try? port.resolve(model: "double", version: "")
    }
    guard let version = held else {
      executor.runPending()
      return
    }
    var draft = RequestDraft(version: version, receivedAt: .now())
    draft.id = String(submitted)
    draft.priority = Int.random(in: 0...2, using: &generator)
    if Int.random(in: 0..<4, using: &generator) == 0 {
      draft.timeoutMicroseconds = Int64.random(in: 1...200, using: &generator)
    }
    let rows = Int.random(in: 1...4, using: &generator)
    var bytes = ByteBuffer()
    for _ in 0..<(rows * 2) {
      let value: Float = Int.random(in: 0..<40, using: &generator) == 0 ? -1 : 1
      bytes.writeInteger(value.bitPattern, endianness: .little)
    }
    do throws(InferenceError) {
      try draft.add(input: 0, Tensor(elementType: .fp32, shape: [rows, 2], bytes: bytes))
      let request = try draft.makeRequest(receiver: self)
      submitted += 1
      port.submit(request)
      recent.append(request)
      if recent.count > 8 { recent.removeFirst() }
    } catch {
      Issue.record("\(error)")
    }
  }
}

/// SplitMix64.
private struct SoakGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
