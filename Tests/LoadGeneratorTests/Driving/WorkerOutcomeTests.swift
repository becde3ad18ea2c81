import Testing
import Timing

@testable import LoadGenerator

@Suite struct WorkerOutcomeTests {
  private typealias Harness = WorkerHarness
  private let millisecond = WorkerHarness.millisecond
  private let second = WorkerHarness.second

  private func plan(rate: Double = 100, seconds: Double = 1) -> LoadPlan {
    Harness.plan(.open(.constant(rate: rate)), seconds: seconds, connections: 20)
  }

  @Test func `each kind of answer is counted as what it is`() throws {
    let kinds: [Outcome] = [.ok, .refused, .expired, .failed]
    let harness = Harness(plan()) {
      $0.reply = { number, _ in
        .answer(kinds[number % 4], after: 1_000_000, status: 500, text: "waited \(number) us")
      }
    }
    let recording = try #require(harness.run())
    #expect(recording.isConserved)
    for kind in kinds { #expect(recording.counts[kind] == 25) }
    #expect(recording.bytesSent == 700)
    #expect(recording.bytesReceived == 10_000)
    #expect(recording.elapsedNanoseconds == second)
    let samples = harness.report?.wordings.samples ?? []
    #expect(samples.map(\.count) == [25, 25, 25])
    #expect(samples.map(\.text) == ["waited 1 us", "waited 2 us", "waited 3 us"])
  }

  @Test func `what is never answered ends with its own timeout`() throws {
    var plan = plan()
    plan.timeoutNanoseconds = 300 * millisecond
    let harness = Harness(plan) {
      $0.reply = { number, _ in number % 10 == 0 ? .silence : .answer(.ok, after: 1_000_000) }
    }
    let recording = try #require(harness.run())
    #expect(recording.isConserved)
    #expect(recording.counts[.unanswered] == 10)
    #expect(recording.counts[.ok] == 90)
    #expect(harness.server.abandoned == 10)
    #expect(recording.connectionsLost == 0)
    // The last silent one was sent at 900 ms.
    #expect(harness.server.now <= Harness.start + 1_202 * millisecond)
  }

  @Test func `an answer after the timeout is no answer`() throws {
    var plan = plan()
    plan.timeoutNanoseconds = 10 * millisecond
    let harness = Harness(plan) {
      $0.slots = 8
      $0.reply = { _, _ in .answer(.ok, after: 20_000_000) }
    }
    let recording = try #require(harness.run())
    #expect(recording.counts[.unanswered] == 100)
    #expect(recording.latency.count == 0)
    #expect(recording.isConserved)
  }

  @Test func `what finds no connection ends unsent when its timeout passes`() throws {
    var plan = plan()
    plan.connections = 1
    plan.connectionsMax = 1
    plan.timeoutNanoseconds = 200 * millisecond
    let harness = Harness(plan) { $0.reply = { _, _ in .answer(.ok, after: 150_000_000) } }
    let recording = try #require(harness.run())
    #expect(recording.isConserved)
    #expect(recording.counts[.ok] > 5)
    #expect(recording.counts[.unsent] > 80)
    #expect(recording.counts[.ok] + recording.counts[.unsent] == 100)
    #expect(recording.latency.max <= 350 * millisecond)
  }

  @Test func `more than may wait is unsent at once`() throws {
    var plan = plan()
    plan.connections = 1
    plan.connectionsMax = 1
    plan.waitingMax = 5
    let harness = Harness(plan) { $0.reply = { _, _ in .answer(.ok, after: 900_000_000) } }
    var most = 0
    let recording = try #require(harness.run { most = max(most, $0.waiting.count) })
    #expect(most == 5)
    #expect(recording.isConserved)
    #expect(recording.counts[.unsent] >= 93)
  }

  @Test func `a lost connection ends its requests, and another takes its place`() throws {
    let harness = Harness(plan()) {
      $0.reply = { number, _ in
        number % 20 == 19 ? .hangUp(after: 1_000_000) : .answer(.ok, after: 1_000_000)
      }
    }
    let recording = try #require(harness.run())
    #expect(recording.isConserved)
    #expect(recording.counts[.connection] == 5)
    #expect(recording.connectionsLost == 5)
    // The last loss comes when nothing is due any more.
    #expect(recording.connectionsOpened == 24)
    #expect(harness.report?.wordings.samples.map(\.text) == ["connection reset"])
  }

  @Test func `the warm-up is sent and not counted`() throws {
    var plan = plan()
    plan.warmUpNanoseconds = 500 * millisecond
    let harness = Harness(plan)
    let recording = try #require(harness.run())
    #expect(harness.server.received == 150)
    #expect(recording.counts.offered == 100)
    #expect(recording.isConserved)
    #expect(recording.elapsedNanoseconds == second)
    #expect(recording.windows.map(\.counts.offered) == Array(repeating: 10, count: 10))
  }

  @Test func `a number of requests ends the run`() throws {
    var plan = plan(seconds: 100)
    plan.requestsMax = 42
    plan.warmUpNanoseconds = 100 * millisecond
    for pacing in [LoadPlan.Pacing.open(.constant(rate: 100)), .closed(concurrency: 3)] {
      plan.pacing = pacing
      let recording = try #require(Harness(plan).run())
      #expect(recording.counts.offered == 42)
      #expect(recording.isConserved)
      #expect(recording.elapsedNanoseconds < second)
    }
    plan.requestsMax = 0
    let recording = try #require(Harness(plan).run())
    #expect(recording.counts.offered == 0)
  }

  @Test func `a recorded schedule ends the run where it ends`() throws {
    let offsets = [0, 5, 5, 40].map { $0 * millisecond }
    let process = ArrivalProcess.trace(offsets: offsets, periodNanoseconds: nil, speed: 1)
    let recording = try #require(Harness(Harness.plan(.open(process), seconds: 9)).run())
    #expect(recording.counts[.ok] == 4)
    #expect(recording.elapsedNanoseconds == 41 * millisecond)
  }

  @Test func `a late success is no good one`() throws {
    var plan = plan()
    plan.entries = [Harness.entry("only", deadline: 5 * millisecond)]
    let harness = Harness(plan) {
      $0.reply = { number, _ in .answer(.ok, after: number % 4 == 0 ? 6_000_000 : 5_000_000) }
    }
    let recording = try #require(harness.run())
    #expect(recording.counts.late == 25)
    #expect(recording.counts.good == 75)
    #expect(recording.isConserved)
  }

  @Test func `entries share the requests by their weights`() throws {
    var plan = plan(rate: 10_000)
    plan.entries = [
      Harness.entry("light", weight: 1), Harness.entry("heavy", index: 1, weight: 3),
    ]
    let harness = Harness(plan)
    let recording = try #require(harness.run())
    #expect(recording.isConserved)
    #expect(recording.entries.map(\.name) == ["light", "heavy"])
    #expect(abs(Int(recording.entries[0].counts.offered) - 2_500) < 250)
    #expect(harness.server.entries.count { $0 == 1 } == Int(recording.entries[1].counts.ok))
    #expect(harness.server.numbers.count == harness.server.received)
  }

  @Test func `stages are kept with the client's wait beside them`() throws {
    let harness = Harness(plan()) {
      $0.stages = { names in
        var stages = ServerStages()
        let queue: [UInt8] = Array("queue".utf8)
        if let place = names.index(of: queue.span) { stages.set(place, nanoseconds: 400_000) }
        return stages
      }
    }
    let recording = try #require(harness.run())
    #expect(recording.stages.names == ["queue"])
    let band = try #require(recording.stages.bands([]).first)
    #expect(band.count == 100)
    #expect(band.stages == [400_000])
  }

  @Test func `waiting requests are served in the order in which they were due`() throws {
    var plan = plan(rate: 1_000)
    plan.connections = 1
    plan.connectionsMax = 1
    let harness = Harness(plan) { $0.reply = { _, _ in .answer(.ok, after: 1_500_000) } }
    let recording = try #require(harness.run())
    #expect(recording.counts[.ok] == 1_000)
    // Each waits half a millisecond more than the one before it.
    let last = 999 * millisecond / 2 + 1_500_000
    #expect(abs(recording.latency.max - last) < millisecond)
  }
}

extension OutcomeCounts {
  fileprivate var ok: UInt64 { self[.ok] }
}
