import Inference
import ModelStore
import Synchronization
import Testing
import Timing

@Suite struct InferencePortTests {
  @Test func `requests of one tick run as one batch and each gets its own rows`() async throws {
    let harness = try await EngineHarness()
    try harness.submit("a", [[1, 2]])
    try harness.submit("b", [[3, 4], [5, 6]])
    try harness.submit("c", [[7, 8]])
    #expect(harness.outcomes.isEmpty, "an outcome came inside submit")
    harness.executor.runPending()
    #expect(try harness.outcomes["a"]?.get() == [2, 4])
    #expect(try harness.outcomes["b"]?.get() == [6, 8, 10, 12])
    #expect(try harness.outcomes["c"]?.get() == [14, 16])
    #expect(harness.model.runs.withLock { $0 } == [4])
  }

  @Test func `a bad request does not harm those in its batch`() async throws {
    for execution in [EngineOptions.Execution.inline, .threads] {
      let harness = try await EngineHarness(execution: execution)
      try harness.submit("good", [[1, 1]])
      try harness.submit("bad", [[-1, 0]])
      try harness.submit("fine", [[2, 2]])
      harness.run(untilOutcomes: 3)
      #expect(try harness.outcomes["good"]?.get() == [2, 2])
      #expect(try harness.outcomes["fine"]?.get() == [4, 4])
      #expect(harness.outcomes["bad"]?.code == .runFailed)
    }
  }

  @Test func `an unknown model, version and alias are named`() async throws {
    let harness = try await EngineHarness()
    #expect(throws: InferenceError.self) { try harness.port.resolve(model: "no", version: "") }
    #expect(throws: InferenceError.self) {
      try harness.port.resolve(model: "double", version: "9")
    }
    #expect(throws: InferenceError.self) {
      try harness.port.resolve(model: "double", version: "canary")
    }
    #expect(try harness.port.resolve(model: "double", version: "latest").versionText == "1")
    #expect(try harness.port.resolve(model: "double", version: "stable").versionText == "1")
  }

  @Test func `a cancelled request never runs`() async throws {
    let harness = try await EngineHarness()
    let request = try harness.submit("a", [[1, 2]])
    try harness.submit("b", [[3, 4]])
    harness.port.cancel(request)
    harness.executor.runPending()
    #expect(harness.outcomes["a"]?.code == .cancelled)
    #expect(try harness.outcomes["b"]?.get() == [6, 8])
    #expect(harness.model.runs.withLock { $0 } == [1])
  }

  @Test func `a request that waits behind a busy instance can be cancelled and can expire`()
    async throws
  {
    let harness = try await EngineHarness(execution: .threads)
    harness.model.gate.close()
    try harness.submit("busy", [[1, 1]])
    harness.model.gate.waitUntilEntered()
    let waiting = try harness.submit("waiting", [[2, 2]])
    try harness.submit("short", [[3, 3]], timeoutMicroseconds: 20_000)
    harness.port.cancel(waiting)
    harness.run(untilOutcomes: 2)
    #expect(harness.outcomes["waiting"]?.code == .cancelled)
    #expect(harness.outcomes["short"]?.code == .expired)
    harness.model.gate.open()
    harness.run(untilOutcomes: 3)
    #expect(try harness.outcomes["busy"]?.get() == [2, 2])
    #expect(harness.model.runs.withLock { $0 } == [1])
  }

  @Test func `what waited behind a busy instance runs by priority in one batch`() async throws {
    let text = """
      max_batch_size: 2
      dynamic_batching { priority_levels: 2 default_priority_level: 2 }
      """
    let harness = try await EngineHarness(text, execution: .threads)
    harness.model.gate.close()
    try harness.submit("busy", [[1, 1]])
    harness.model.gate.waitUntilEntered()
    for (id, priority) in [("low1", 2), ("low2", 0), ("high1", 1), ("high2", 1)] {
      try harness.submit(id, [[2, 2]], priority: priority)
    }
    harness.model.gate.open()
    harness.run(untilOutcomes: 5)
    #expect(harness.order == ["busy", "high1", "high2", "low1", "low2"])
    #expect(harness.model.runs.withLock { $0 } == [1, 2, 2])
  }

  @Test func `a full queue refuses and says so`() async throws {
    let text = """
      max_batch_size: 2
      dynamic_batching { default_queue_policy { max_queue_size: 1 } }
      """
    let harness = try await EngineHarness(text, execution: .threads)
    harness.model.gate.close()
    try harness.submit("busy", [[1, 1]])
    harness.model.gate.waitUntilEntered()
    try harness.submit("waits", [[1, 1]])
    try harness.submit("refused", [[1, 1]])
    harness.run(untilOutcomes: 1)
    guard case .failure(let error) = harness.outcomes["refused"] else {
      Issue.record("the third request was let in")
      return
    }
    #expect(error.code == .queueFull && error.message.contains("Exceeds maximum queue size"))
    harness.model.gate.open()
    harness.run(untilOutcomes: 3)
  }

  @Test func `a new version takes over and the old one leaves with its last request`()
    async throws
  {
    let harness = try await EngineHarness(execution: .threads)
    harness.model.gate.close()
    let old = try harness.submit("old", [[1, 1]]).version.servable.release
    harness.model.gate.waitUntilEntered()
    let next = try EngineHarness.servable(FakeModel(), version: 2)
    try harness.engine.prepare(next)
    await harness.publish([next])
    #expect(try harness.port.resolve(model: "double", version: "").versionText == "2")
    #expect(!old.hasFired, "the old version left while it still served")
    harness.model.gate.open()
    harness.run(untilOutcomes: 1)
    #expect(try harness.outcomes["old"]?.get() == [2, 2])
    await old.wait()
  }

  @Test func `a version with work in this tick leaves when that work is done`() async throws {
    let harness = try await EngineHarness()
    var request: InferenceRequest? = try harness.submit("old", [[1, 1]])
    let old = try #require(request?.version.servable.release)
    request = nil
    // Not run by the tick yet: the port takes the publication over with work still marked.
    let next = try EngineHarness.servable(FakeModel(), version: 2)
    try harness.engine.prepare(next)
    let engine = harness.engine
    let publication = Task { await engine.publish(EngineHarness.snapshot([next])) }
    while try harness.port.resolve(model: "double", version: "").versionText != "2" {
      await Task.yield()
    }
    harness.run(untilOutcomes: 1)
    harness.executor.runPending()
    await old.wait()
    harness.executor.execute {}
    publication.cancel()
  }

  @Test func `a thread that goes to sleep after an expired request keeps no lease on it`()
    async throws
  {
    let text = """
      max_batch_size: 8
      dynamic_batching { max_queue_delay_microseconds: 500000 }
      """
    let harness = try await EngineHarness(text, execution: .threads)
    harness.model.gate.close()
    try harness.submit("busy", Array(repeating: [1, 1], count: 8))
    harness.model.gate.waitUntilEntered()
    // Nothing here may hold the request: it holds its version.
    let old = try harness.submit("late", [[2, 2]], timeoutMicroseconds: 1_000)
      .version.servable.release
    harness.model.gate.open()
    harness.run(untilOutcomes: 2)
    await harness.publish([])
    await old.wait()
  }

  @Test func `a failed batch of many is cut down to its bad request`() async throws {
    let harness = try await EngineHarness("max_batch_size: 32 dynamic_batching { }")
    for index in 0..<32 { try harness.submit("\(index)", [[index == 7 ? -1 : 1, 1]]) }
    harness.run(untilOutcomes: 32)
    #expect(harness.outcomes["7"]?.code == .runFailed)
    #expect(harness.outcomes.values.filter { $0.code == nil }.count == 31)
    #expect(harness.model.runs.withLock { $0.count } == 11)
  }

  @Test func `a request that arrives just as the last thread gets busy still expires`()
    async throws
  {
    let text = """
      max_batch_size: 2
      dynamic_batching { priority_levels: 2 default_priority_level: 2 }
      """
    let harness = try await EngineHarness(text, execution: .threads)
    harness.model.gate.close()
    // Both before the thread looks, more often than not: the second stays behind unannounced.
    try harness.submit("busy", [[1, 1], [1, 1]], priority: 1)
    try harness.submit("short", [[2, 2], [2, 2]], timeoutMicroseconds: 30_000)
    harness.model.gate.waitUntilEntered()
    harness.run(untilOutcomes: 1)
    #expect(harness.outcomes["short"]?.code == .expired)
    harness.model.gate.open()
    harness.run(untilOutcomes: 2)
  }

  @Test func `time bounds beyond the clock are no bounds`() async throws {
    let text = """
      max_batch_size: 2
      dynamic_batching {
        default_queue_policy { default_timeout_microseconds: 18446744073709551615 }
      }
      """
    let harness = try await EngineHarness(text, execution: .threads)
    try harness.submit("a", [[1, 1]])
    harness.run(untilOutcomes: 1)
    #expect(try harness.outcomes["a"]?.get() == [2, 2])
  }

  @Test func `statistics count requests, rows and runs`() async throws {
    for execution in [EngineOptions.Execution.inline, .threads] {
      let harness = try await EngineHarness(execution: execution)
      try harness.submit("a", [[1, 1], [2, 2], [3, 3]])
      harness.run(untilOutcomes: 1)
      try harness.submit("b", [[-1, 1]])
      harness.run(untilOutcomes: 2)
      let statistics = try harness.engine.statistics(model: "double", version: "1")[0]
      #expect(statistics.inferenceCount == 3 && statistics.executionCount == 1)
      #expect(statistics.success.count == 1 && statistics.fail.count == 1)
      #expect(statistics.queue.count == 1 && statistics.computeInput.count == 1)
      #expect(statistics.computeInfer.count == 1 && statistics.computeOutput.count == 1)
      #expect(statistics.batches.map(\.batchSize) == [3])
      #expect(statistics.failed == 1 && statistics.pending == 0)
      #expect(statistics.lastInferenceMilliseconds > 1_600_000_000_000)
    }
  }
}

extension Result where Failure == InferenceError {
  /// The code of a failure; `nil` for success.
  var code: InferenceError.Code? {
    if case .failure(let error) = self { error.code } else { nil }
  }
}
