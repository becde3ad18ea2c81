import NIOCore
import NIOEmbedded
import Testing
import Timing

@testable import LoadGenerator

@Suite struct WorkerTargetTests {
  private typealias Harness = WorkerHarness
  private let millisecond = WorkerHarness.millisecond
  private let second = WorkerHarness.second

  private func plan(seconds: Double = 1) -> LoadPlan {
    Harness.plan(.open(.constant(rate: 100)), seconds: seconds, connections: 4)
  }

  @Test func `a target that never answers a dial is reported with its reason`() {
    let waited = Harness(plan()) { $0.dial = { _, _ in (1_000_000, "connection refused") } }
    var opened: (Int, String)?
    waited.worker.open(within: 5 * second) { opened = ($0, $1) }
    waited.loop.advanceTime(by: .milliseconds(4_999))
    #expect(opened == nil)
    waited.loop.advanceTime(by: .milliseconds(2))
    #expect(opened?.0 == 0)
    #expect(opened?.1 == "connection refused")
    // Backed off: not one dial a millisecond.
    #expect(waited.server.dials < 40)
    waited.worker.shutDown()
  }

  @Test func `requests that no connection can be made for end with its reason`() throws {
    let harness = Harness(plan()) { server in
      server.dial = { number, _ in number < 4 ? (0, nil) : (1_000_000, "connection refused") }
      server.reply = { number, _ in
        number >= 50 ? .hangUp(after: 100_000) : .answer(.ok, after: 1_000_000)
      }
    }
    let recording = try #require(harness.run())
    #expect(recording.isConserved)
    #expect(recording.counts[.ok] == 50)
    #expect(recording.counts[.connection] == 50)
    #expect(recording.interruption == nil)
    let texts = harness.report?.wordings.samples.map(\.text) ?? []
    #expect(texts == ["connection reset", "connection refused"])
  }

  @Test func `a target that stays away ends the run early, with what it had`() throws {
    let harness = Harness(plan(seconds: 60)) { server in
      server.dial = { number, _ in number < 4 ? (0, nil) : (1_000_000, "connection refused") }
      server.reply = { number, _ in
        number >= 50 ? .hangUp(after: 100_000) : .answer(.ok, after: 1_000_000)
      }
    }
    let recording = try #require(harness.run())
    #expect(recording.isConserved)
    let text = try #require(recording.interruption)
    #expect(text.contains("connection refused"))
    #expect(recording.elapsedNanoseconds > 10 * second)
    #expect(recording.elapsedNanoseconds < 12 * second)
    #expect(recording.counts[.ok] == 50)
  }

  @Test func `a target that comes back is used again`() throws {
    let harness = Harness(plan(seconds: 5)) { server in
      server.dial = { number, now in
        number < 4 || now > 3 * Harness.second ? (0, nil) : (1_000_000, "connection refused")
      }
      server.reply = { number, _ in
        number >= 50 && number < 54 ? .hangUp(after: 100_000) : .answer(.ok, after: 1_000_000)
      }
    }
    let recording = try #require(harness.run())
    #expect(recording.isConserved)
    #expect(recording.interruption == nil)
    #expect(recording.counts[.ok] > 50 + 4)
    #expect(recording.counts[.connection] > 100)
  }

  @Test func `a target that accepts and hangs up is not dialled in a tight loop`() throws {
    let harness = Harness(plan(seconds: 5)) { $0.reply = { _, _ in .hangUp(after: 10_000) } }
    let recording = try #require(harness.run())
    #expect(recording.isConserved)
    #expect(recording.counts[.ok] == 0)
    #expect(harness.server.dials < 250)
  }

  @Test func `arrivals that wait bring more connections, up to the bound`() throws {
    var plan = plan()
    plan.connections = 1
    plan.connectionsMax = 30
    let harness = Harness(plan) {
      $0.reply = { _, _ in .answer(.ok, after: 200_000_000) }
      $0.dial = { _, _ in (1_000_000, nil) }
    }
    var most = 0
    let recording = try #require(harness.run { most = max(most, $0.connections.alive) })
    #expect(recording.counts[.ok] == 100)
    #expect(most >= 20)
    #expect(most <= 30)
    #expect(recording.latency.quantile(0.5) < 205 * millisecond)
  }

  @Test func `dials under way are bounded`() {
    var plan = plan()
    plan.connections = 500
    let harness = Harness(plan) { $0.dial = { _, _ in (1_000_000, nil) } }
    var most = 0
    harness.run { most = max(most, $0.connections.connecting) }
    #expect(most <= LoadWorker.dialsMax)
    #expect(harness.server.dials >= 500)
  }

  @Test func `a stop keeps what was measured`() throws {
    let harness = Harness(plan(seconds: 60)) {
      $0.reply = { number, _ in number == 20 ? .silence : .answer(.ok, after: 30_000_000) }
    }
    harness.begin()
    harness.loop.advanceTime(by: .milliseconds(525))
    #expect(harness.report == nil)
    harness.worker.stop("stopped by the user")
    harness.loop.advanceTime(by: .milliseconds(40))
    #expect(harness.report == nil)
    harness.loop.advanceTime(by: .milliseconds(1_000))
    let recording = try #require(harness.recording)
    #expect(recording.isConserved)
    #expect(recording.interruption == "stopped by the user")
    #expect(recording.counts[.unanswered] == 1)
    #expect(recording.counts[.ok] == 50)
    #expect(recording.elapsedNanoseconds < second)
  }

  @Test func `a stop before the start ends with nothing`() {
    let harness = Harness(plan())
    harness.worker.stop("stopped by the user")
    harness.begin()
    #expect(harness.recording?.counts.offered == 0)
    #expect(harness.recording?.interruption == "stopped by the user")
  }

  @Test func `vacant connections are used in turn, and each tick flushes each once`() {
    let harness = Harness(plan())
    harness.run()
    let server = harness.server
    #expect(server.dials == 4)
    #expect(server.flushes == 100)
  }

  @Test func `progress counts what ended since it was last asked for`() {
    let harness = Harness(plan())
    harness.begin()
    harness.loop.advanceTime(by: .milliseconds(523))
    let first = harness.worker.takeProgress()
    #expect(first.counts.offered == 50)
    #expect(first.recent.latency.count == 50)
    #expect(first.underWay == 0)
    #expect(harness.worker.takeProgress().recent.latency.count == 0)
    harness.loop.advanceTime(by: .seconds(2))
  }
}
