import Testing

@testable import LoadGenerator

/// Random servers against random plans: whatever happens, nothing is lost and nothing counted
/// twice. The scripted connection itself traps if a ticket comes twice or room is ignored.
@Suite struct WorkerWalkTests {
  private typealias Harness = WorkerHarness

  private static func plan(_ random: inout RandomSource) -> LoadPlan {
    let processes: [ArrivalProcess] = [
      .constant(rate: 2_000), .poisson(rate: 3_000),
      .bursts(base: 100, peak: 10_000, onSeconds: 0.02, offSeconds: 0.05),
    ]
    let isClosed = random.below(4) == 0
    let pacing =
      isClosed
      ? LoadPlan.Pacing.closed(concurrency: 1 + random.below(40))
      : .open(processes[random.below(processes.count)])
    var plan = Harness.plan(pacing, seconds: 0.15, connections: 1 + random.below(20))
    plan.connectionsMax = plan.connections + random.below(40)
    plan.waitingMax = 1 + random.below(300)
    plan.timeoutNanoseconds = Int64(5 + random.below(200)) * Harness.millisecond
    plan.warmUpNanoseconds = Int64(random.below(2)) * 30 * Harness.millisecond
    plan.requestsMax = random.below(3) == 0 ? random.below(400) : nil
    plan.windowNanoseconds = 10 * Harness.millisecond
    plan.entries = [Harness.entry("a"), Harness.entry("b", index: 1, weight: 2)]
    plan.seed = random.next()
    return plan
  }

  private static func prepare(_ server: ScriptedServer, _ random: inout RandomSource) {
    var script = RandomSource(seed: random.next())
    server.slots = random.below(2) == 0 ? 1 : 1 + random.below(30)
    let trouble = random.below(20)
    server.reply = { _, _ in
      let delay = Int64(script.below(8_000_000))
      switch script.below(100) {
      case 0..<trouble: return .hangUp(after: delay)
      case 20..<22: return .silence
      case 22..<30: return .answer(.refused, after: delay, status: 503, text: "wait \(delay)")
      case 30..<33: return .answer(.expired, after: delay, status: 504, text: "late")
      case 33..<35: return .answer(.failed, after: delay, status: 500, text: "no \(delay)")
      default: return .answer(.ok, after: delay)
      }
    }
    var dials = RandomSource(seed: random.next())
    let refused = random.below(60)
    server.dial = { _, _ in
      let delay = Int64(dials.below(3)) * 500_000
      return (delay, dials.below(100) < refused && delay > 0 ? "refused" : nil)
    }
  }

  @Test func `nothing that was due is lost or counted twice`() throws {
    let seed = UInt64.random(in: 0..<UInt64(UInt32.max))
    print("seed of the walks: \(seed)")
    for walk in 0..<150 {
      var random = RandomSource(seed: seed, stream: walk)
      let plan = Self.plan(&random)
      let harness = Harness(plan) { Self.prepare($0, &random) }
      let stopsAt = random.below(6) == 0 ? Int64(60 + random.below(100)) * 1_000_000 : .max
      let recording = try #require(
        harness.run(limit: 30 * Harness.second) { worker in
          #expect(worker.waiting.count <= plan.waitingMax)
          #expect(worker.connections.alive <= max(plan.connectionsMax, plan.connections))
          let counts = worker.recorder.recording.counts
          #expect(counts.ended.reduce(0, +) <= counts.offered)
          if worker.now >= stopsAt { worker.stop("stopped") }
        }, "walk \(walk) of seed \(seed) does not end")
      #expect(recording.isConserved, "walk \(walk) of seed \(seed): \(recording.counts)")
      #expect(harness.worker.inFlight.count == 0)
      #expect(harness.server.connections.allSatisfy { $0.tickets.isEmpty })
      #expect(harness.server.numbers.count == harness.server.received)
    }
  }
}
