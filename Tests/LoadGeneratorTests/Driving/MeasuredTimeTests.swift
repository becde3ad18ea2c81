import Testing
import Timing

@testable import LoadGenerator

/// Of which time the rates, the time line and the generator's share are.
@Suite struct MeasuredTimeTests {
  private typealias Harness = WorkerHarness
  private let millisecond = WorkerHarness.millisecond
  private let second = WorkerHarness.second

  private func summary(_ recording: LoadRecording, _ plan: LoadPlan) -> BenchSummary {
    BenchSummary(recording, durationNanoseconds: plan.durationNanoseconds)
  }

  @Test func `a number of requests is offered at its rate, however late the last ends`() throws {
    var plan = Harness.plan(.open(.constant(rate: 100)), seconds: 60, connections: 20)
    plan.requestsMax = 50
    let harness = Harness(plan) {
      $0.reply = { number, _ in .answer(.ok, after: number == 49 ? 4_510_000_000 : 1_000_000) }
    }
    let recording = try #require(harness.run())
    #expect(recording.dueNanoseconds == 500 * millisecond)
    #expect(abs(recording.elapsedNanoseconds - 5 * second) < millisecond)
    let summary = summary(recording, plan)
    #expect(abs(summary.offeredRate - 100) < 1e-6)
    #expect(abs(summary.throughput - 10) < 0.1)
    let rate = ObjectiveFigures(recording: recording, durationNanoseconds: 60 * second)
      .value(.perSecond(.rate))
    #expect(rate.map { abs($0 - summary.offeredRate) < 1e-6 } == true)
  }

  @Test func `a run that the user stops was offered its rate until then`() throws {
    let plan = Harness.plan(.open(.constant(rate: 100)), seconds: 60, connections: 20)
    let harness = Harness(plan) {
      $0.reply = { _, _ in .answer(.ok, after: 800_000_000) }
    }
    let recording = try #require(
      harness.run { worker in
        if worker.now >= Harness.start + 2 * Harness.second { worker.stop("stopped") }
      })
    #expect(recording.isConserved)
    #expect(recording.dueNanoseconds == 2 * second)
    #expect(recording.elapsedNanoseconds > 2_500 * millisecond)
    #expect(abs(summary(recording, plan).offeredRate - 100) < 1)
  }

  @Test func `a time in which nothing was due is on the time line`() throws {
    let process = ArrivalProcess.bursts(base: 0, peak: 200, onSeconds: 0.05, offSeconds: 10)
    let recording = try #require(Harness(Harness.plan(.open(process))).run())
    #expect(recording.windows.count == 10)
    #expect(recording.windows.dropFirst().allSatisfy { $0.counts.offered == 0 })
    // A closed loop whose server stands still offers nothing, and that shows too.
    let harness = Harness(Harness.plan(.closed(concurrency: 2), connections: 2)) {
      $0.reply = { _, now in
        .answer(.ok, after: now < Harness.start + 300_000_000 ? 1_000_000 : 2_000_000_000)
      }
    }
    let stalled = try #require(harness.run())
    #expect(stalled.windows.count == 10)
    let samples = ComparisonSample.windows(stalled, windowNanoseconds: 100 * millisecond)
    #expect(samples.reduce(0) { $0 + $1.elapsedNanoseconds } == second)
  }

  @Test func `the last window is as long as something was due in it`() {
    #expect(ComparisonSample.windowLength(0, of: 250, in: 1_010) == 250)
    #expect(ComparisonSample.windowLength(4, of: 250, in: 1_010) == 10)
    #expect(ComparisonSample.windowLength(5, of: 250, in: 1_010) == 1)
    #expect(ComparisonSample.windowLength(.max, of: 250, in: 1_010) == 1)
    var recording = LoadRecording()
    recording.windows = [WindowRecording(), WindowRecording()]
    recording.dueNanoseconds = 1_100
    // The last answer came long after.
    recording.elapsedNanoseconds = 9_000
    let samples = ComparisonSample.windows(recording, windowNanoseconds: 1_000)
    #expect(samples.map(\.elapsedNanoseconds) == [1_000, 100])
  }

  @Test func `rounds follow each other, and their wordings are counted together`() {
    func round(_ text: String, windows: Int) -> LoadRecording {
      var recording = LoadRecording(entries: ["only"])
      recording.counts.offered = 10
      recording.counts[.failed] = 10
      recording.windows = [WindowRecording](repeating: WindowRecording(), count: windows)
      recording.elapsedNanoseconds = 1_200
      recording.dueNanoseconds = 1_000
      recording.sample(.failed, status: 500, text: text, count: 10)
      return recording
    }
    var whole = round("waited 3 us", windows: 2)
    for number in 1..<20 { whole.append(round("waited \(number * 77) us", windows: 3)) }
    #expect(whole.counts[.failed] == 200)
    #expect(whole.elapsedNanoseconds == 24_000 && whole.dueNanoseconds == 20_000)
    #expect(whole.windows.count == 59)
    let all = ErrorSample(outcome: .failed, status: 500, text: "waited 3 us", count: 200)
    #expect(whole.samples == [all])
    whole.append(round("no such model", windows: 1))
    #expect(whole.samples.map(\.count) == [200, 10])
  }

  @Test func `a wait for the last answers does not make a busy thread look idle`() {
    var meter = ThreadMeter()
    meter.start(at: 100)
    meter.pass(50, end: 1_000)
    #expect(meter.isBeforeStart)
    meter.pass(100, end: 1_000)
    meter.pass(600, end: 1_000)
    meter.pass(1_001, end: 1_000)
    meter.stop(at: 900_000)
    #expect(meter.usage.wallNanoseconds == 901)
  }
}
