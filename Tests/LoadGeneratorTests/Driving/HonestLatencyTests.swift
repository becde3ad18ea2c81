import Testing
import Timing

@testable import LoadGenerator

/// What is reported against what a few lines compute from the schedule and the server's script.
@Suite struct HonestLatencyTests {
  private typealias Harness = WorkerHarness
  private let quantiles = [0.0, 0.1, 0.5, 0.9, 0.95, 0.99, 0.995, 0.999, 1.0]

  /// The intended sends of a process from the start on, before `end`.
  private func intended(_ process: ArrivalProcess, seed: UInt64 = 1, end: Int64) -> [Int64] {
    var schedule = ArrivalSchedule(process, seed: seed)
    var result: [Int64] = []
    while let next = schedule.next(), next < end { result.append(next) }
    return result
  }

  /// Quantiles within 1/2048 of the oracle's, and a microsecond for arrivals that lie closer
  /// together than the loop's ticks.
  private func check(
    _ histogram: LatencyHistogram, _ oracle: [Int64],
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(histogram.count == UInt64(oracle.count), sourceLocation: sourceLocation)
    for quantile in quantiles {
      let exact = Harness.quantile(quantile, of: oracle)
      let found = histogram.quantile(quantile)
      #expect(
        abs(found - exact) <= exact / 2_048 + 1_000, "p\(quantile * 100): \(found), not \(exact)",
        sourceLocation: sourceLocation)
    }
  }

  @Test(arguments: [
    ArrivalProcess.constant(rate: 5_000), .poisson(rate: 5_000),
    .bursts(base: 500, peak: 8_000, onSeconds: 0.1, offSeconds: 0.3),
  ])
  func `one delay for all is reported as it is`(process: ArrivalProcess) throws {
    let harness = Harness(Harness.plan(.open(process))) {
      $0.reply = { _, _ in .answer(.ok, after: 10_000_000) }
    }
    let recording = try #require(harness.run())
    let due = intended(process, end: Harness.second)
    #expect(recording.isConserved)
    #expect(recording.counts.offered == UInt64(due.count))
    check(recording.latency, due.map { _ in 10_000_000 })
    check(recording.service, due.map { _ in 10_000_000 })
    #expect(recording.wait.max == 0)
    #expect(recording.lag.max <= 1_000)
  }

  @Test func `one slow request in a hundred is seen where it belongs`() throws {
    let process = ArrivalProcess.poisson(rate: 5_000)
    let harness = Harness(Harness.plan(.open(process))) {
      $0.reply = { number, _ in .answer(.ok, after: number % 100 == 99 ? 80_000_000 : 4_000_000) }
    }
    let recording = try #require(harness.run())
    let due = intended(process, end: Harness.second)
    check(recording.latency, due.indices.map { $0 % 100 == 99 ? 80_000_000 : 4_000_000 })
  }

  /// Answers 2 ms after the request, but none between 300 and 400 ms after the start.
  private static func stall(_ sent: Int64) -> Int64 {
    let from = Harness.start + 300 * Harness.millisecond
    let to = Harness.start + 400 * Harness.millisecond
    let usual = sent + 2 * Harness.millisecond
    return (usual >= from && usual < to ? to : usual) - sent
  }

  @Test func `a stall is seen in full by an open loop`() throws {
    let process = ArrivalProcess.constant(rate: 2_000)
    let harness = Harness(Harness.plan(.open(process))) {
      $0.reply = { _, now in .answer(.ok, after: Self.stall(now)) }
    }
    let recording = try #require(harness.run())
    let oracle = intended(process, end: Harness.second).map { Self.stall(Harness.start + $0) }
    check(recording.latency, oracle)
    #expect(recording.latency.max >= 100 * Harness.millisecond)
    for limit in [10, 50, 90] as [Int64] {
      let slow = UInt64(oracle.count { $0 > limit * Harness.millisecond })
      let fast = recording.latency.cumulativeCounts(at: [limit * Harness.millisecond])[0]
      #expect(abs(Int64(recording.latency.count - fast) - Int64(slow)) <= 2)
      #expect(slow > 0)
    }
  }

  /// The wait for a connection counts: with one connection, all that was due behind the stall
  /// waits, although each is answered fast once it is sent.
  @Test func `waiting for a connection is part of the latency`() throws {
    var plan = Harness.plan(.open(.constant(rate: 200)), connections: 1)
    plan.connectionsMax = 1
    let harness = Harness(plan) {
      $0.reply = { _, now in .answer(.ok, after: Self.stall(now)) }
    }
    let recording = try #require(harness.run())
    var free = Int64.min
    let oracle = intended(.constant(rate: 200), end: Harness.second).map { offset in
      let intended = Harness.start + offset
      let sent = max(intended, free)
      free = sent + Self.stall(sent)
      return free - intended
    }
    check(recording.latency, oracle)
    #expect(oracle.count { $0 > 50 * Harness.millisecond } >= 10)
    // What a tool that times from the actual send would have said.
    #expect(recording.service.cumulativeCounts(at: [50 * Harness.millisecond])[0]
      == recording.service.count - 1)
    #expect(recording.wait.max > 80 * Harness.millisecond)
  }

  @Test func `a closed loop hardly notices the same stall`() throws {
    let harness = Harness(Harness.plan(.closed(concurrency: 4), connections: 4)) {
      $0.reply = { _, now in .answer(.ok, after: Self.stall(now)) }
    }
    let recording = try #require(harness.run())
    #expect(recording.isConserved)
    let fast = recording.latency.cumulativeCounts(at: [10 * Harness.millisecond])[0]
    #expect(recording.latency.count - fast == 4)
    #expect(recording.latency.count > 1_000)
    #expect(recording.latency.quantile(0.99) < 3 * Harness.millisecond)
    #expect(recording.lag.count == 0)
    #expect(recording.wait.count == 0)
  }
}
