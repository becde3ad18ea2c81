import Testing
import Timing

@testable import LoadGenerator

@Suite struct ClosedLoopTests {
  private typealias Harness = WorkerHarness
  private let millisecond = WorkerHarness.millisecond
  private let second = WorkerHarness.second

  /// Little's law: as many are under way as throughput times latency, or something is not counted.
  private func underWay(_ recording: LoadRecording) -> Double {
    Double(recording.latency.sum) / Double(recording.elapsedNanoseconds)
  }

  @Test func `clients that share few connections wait for them, and the wait counts`() throws {
    var plan = Harness.plan(.closed(concurrency: 8), connections: 2)
    plan.connectionsMax = 2
    let recording = try #require(Harness(plan).run())
    #expect(recording.isConserved)
    // Two at a time, 1 ms each: eight clients get their turn every 4 ms.
    #expect(abs(recording.latency.quantile(0.5) - 4 * millisecond) < millisecond / 10)
    #expect(abs(recording.service.quantile(0.5) - millisecond) < millisecond / 10)
    #expect(abs(underWay(recording) - 8) < 0.2)
    #expect(recording.lag.count == 0 && recording.wait.count == 0)
  }

  @Test func `dialling anew after each answer is part of the latency`() throws {
    let harness = Harness(Harness.plan(.closed(concurrency: 1), connections: 1)) {
      // The connection is there 9 ms after it was asked for, and ends after one answer.
      $0.dial = { number, _ in (number == 0 ? 0 : 9_000_000, nil) }
      $0.answersMax = 1
    }
    let recording = try #require(harness.run())
    #expect(recording.isConserved)
    #expect(abs(recording.latency.quantile(0.5) - 10 * millisecond) < millisecond / 10)
    #expect(abs(recording.service.quantile(0.5) - millisecond) < millisecond / 10)
    #expect(abs(underWay(recording) - 1) < 0.05)
  }

  @Test func `clients of a dead target fail, hold back, and do not spin`() throws {
    let died = Harness.start + 200 * Harness.millisecond
    let harness = Harness(Harness.plan(.closed(concurrency: 5), seconds: 60, connections: 5)) {
      $0.reply = { _, now in now < died ? .answer(.ok, after: 1_000_000) : .hangUp(after: 1) }
      $0.dial = { _, now in now < died ? (0, nil) : (1_000, "refused") }
    }
    let recording = try #require(harness.run(limit: 30 * second))
    #expect(recording.isConserved)
    #expect(recording.counts[.ok] == 1_000)
    #expect((5...50).contains(recording.counts[.connection]))
    #expect(recording.interruption != nil)
  }

  @Test func `requests are of the time that the answers took`() throws {
    var plan = Harness.plan(.closed(concurrency: 4), seconds: 100, connections: 4)
    plan.requestsMax = 40
    let recording = try #require(Harness(plan).run())
    let summary = BenchSummary(recording, durationNanoseconds: plan.durationNanoseconds)
    #expect(abs(summary.offeredRate - 4_000) < 100)
    #expect(abs(summary.throughput - 4_000) < 100)
  }
}
