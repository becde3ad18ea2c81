import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import LoadGenerator

/// Answers each request in the loop's next turn.
private struct EchoDialer: LoadDialer {
  var failure: String?
  /// Called for each request.
  var whenSent: @Sendable () -> Void = {}

  func dial(
    on eventLoop: any EventLoop, owner: any LoadConnectionOwner, stageNames: StageNames
  ) -> any LoadConnection {
    EchoConnection(eventLoop.assumeIsolated(), owner: owner, dialer: self)
  }
}

private final class EchoConnection: LoadConnection {
  private let loop: NIOIsolatedEventLoop
  private let dialer: EchoDialer
  private var owner: (any LoadConnectionOwner)?
  private(set) var vacancies = 0

  init(_ loop: NIOIsolatedEventLoop, owner: any LoadConnectionOwner, dialer: EchoDialer) {
    self.loop = loop
    self.owner = owner
    self.dialer = dialer
    loop.execute { [self] in
      if let failure = dialer.failure { return end(failure) }
      vacancies = 1
      self.owner?.becameVacant(self)
    }
  }

  func send(_ request: PreparedRequest, ticket: Int, number: UInt64) {
    vacancies = 0
    dialer.whenSent()
    loop.execute { [self] in
      guard let owner else { return }
      vacancies = 1
      owner.answered(ticket, Answer(.ok, status: 200))
      owner.becameVacant(self)
    }
  }

  func flush() {}
  func abandon(ticket: Int) { close() }
  func close() { end(nil) }

  private func end(_ reason: String?) {
    vacancies = 0
    owner?.ended(self, reason: reason)
    owner = nil
  }
}

@Suite struct LoadRunTests {
  private func plan(_ pacing: LoadPlan.Pacing, requests: Int = 200) -> LoadPlan {
    var plan = WorkerHarness.plan(pacing, seconds: 60, connections: 4)
    plan.requestsMax = requests
    plan.threads = 2
    return plan
  }

  @Test func `threads share the requests of a run`() async throws {
    for pacing in [LoadPlan.Pacing.open(.poisson(rate: 20_000)), .closed(concurrency: 5)] {
      let run = LoadRun(plan: plan(pacing), dialer: EchoDialer())
      let measurement = try await run.measure()
      let recording = measurement.recording
      #expect(recording.counts.offered == 200)
      #expect(recording.counts[.ok] == 200)
      #expect(recording.isConserved)
      #expect(recording.connectionsOpened >= 4)
      #expect(recording.interruption == nil)
      #expect(measurement.server == nil)
      #expect(measurement.machine == nil)
    }
  }

  @Test func `a group is used as it is given`() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let run = LoadRun(plan: plan(.closed(concurrency: 2)), dialer: EchoDialer(), group: group)
    #expect(try await run.run().counts[.ok] == 200)
    try await group.shutdownGracefully()
  }

  @Test func `a stop from outside ends the run with what there is`() async throws {
    let stop = StopSignal()
    let counter = SentCounter()
    let dialer = EchoDialer(whenSent: { if counter.count() == 100 { stop.stop() } })
    let run = LoadRun(plan: plan(.closed(concurrency: 2), requests: 100_000_000), dialer: dialer)
    let recording = try await run.run(stop: stop)
    #expect(recording.interruption == "stopped by the user")
    #expect(recording.counts[.ok] >= 90)
    #expect(recording.isConserved)
  }

  @Test func `a stop before the start is a failure`() async {
    let stop = StopSignal()
    stop.stop()
    #expect(stop.isRaised)
    await #expect(throws: LoadFailure.self) {
      try await LoadRun(plan: plan(.closed(concurrency: 2)), dialer: EchoDialer()).run(stop: stop)
    }
  }

  @Test func `a target without connections is a failure that says why`() async {
    let stop = StopSignal()
    let dialer = EchoDialer(failure: "connection refused")
    do throws(LoadFailure) {
      var run = LoadRun(plan: plan(.closed(concurrency: 2)), dialer: dialer)
      run.openingNanosecondsMax = 20_000_000
      _ = try await run.run(stop: stop)
      Issue.record("no connection, and no failure")
    } catch {
      #expect(error.description.contains("connection refused"))
    }
  }

  @Test func `a plan that sends nothing is refused`() async {
    var empty = plan(.closed(concurrency: 2))
    empty.entries = []
    var weightless = plan(.closed(concurrency: 2))
    weightless.entries[0].weight = 0
    var bare = plan(.closed(concurrency: 2))
    bare.entries[0].requests = []
    for plan in [empty, weightless, bare, plan(.closed(concurrency: 0))] {
      await #expect(throws: LoadFailure.self) {
        try await LoadRun(plan: plan, dialer: EchoDialer()).run()
      }
    }
  }

  @Test func `a handler that was removed is not called`() {
    let stop = StopSignal()
    let counter = SentCounter()
    stop.remove(stop.whenStopped { _ = counter.count() })
    _ = stop.whenStopped { _ = counter.count() }
    stop.stop()
    stop.stop()
    _ = stop.whenStopped { _ = counter.count() }
    #expect(counter.count() == 3)
  }
}

private final class SentCounter: Sendable {
  private let value = Atomic<Int>(0)
  func count() -> Int { value.wrappingAdd(1, ordering: .relaxed).newValue }
}
