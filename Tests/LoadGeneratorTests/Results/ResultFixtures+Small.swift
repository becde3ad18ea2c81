import LoadGenerator
import Timing

extension ResultFixtures {
  /// A thousand answers of 1 ms to 10 ms, five refusals and one broken connection: small enough to
  /// check by hand.
  static func smallRecording() -> LoadRecording {
    var recording = LoadRecording(entries: ["small"])
    var window = WindowRecording()
    let names = names(["decode", "queue", "run", "total"])
    for index in 1...1_000 {
      let latency = Int64(1_000_000 + 9_000 * index)
      recording.latency.record(latency)
      recording.service.record(latency - 10_000)
      recording.lag.record(4_000)
      recording.wait.record(6_000)
      window.latency.record(latency)
      recording.entries[0].latency.record(latency)
      var stages = ServerStages()
      stages.set(0, nanoseconds: 100_000)
      stages.set(1, nanoseconds: latency - 900_000)
      stages.set(2, nanoseconds: 600_000)
      stages.set(3, nanoseconds: latency - 200_000)
      recording.stages.record(stages, latency: latency, clientWait: 10_000, names: names)
    }
    for _ in 0..<5 { recording.refusal.record(250_000) }
    window.counts.offered = 1_006
    window.counts[.ok] = 1_000
    window.counts.late = 10
    window.counts[.refused] = 5
    window.counts[.connection] = 1
    recording.sample(.connection, status: 0, text: "connection reset by peer")
    recording.sample(.refused, status: 429, text: #"{"error":"queue full"}"#, count: 5)
    recording.counts = window.counts
    recording.entries[0].counts = window.counts
    recording.windows = [window]
    recording.bytesSent = 1_000_000
    recording.bytesReceived = 250_000
    recording.elapsedNanoseconds = 1_000_000_000
    recording.connectionsOpened = 2
    return recording
  }

  static func small() -> BenchResult {
    var run = RunDescription(
      target: "grpc://localhost:8001", model: "small", load: "constant, 1,006/s",
      durationNanoseconds: 1_000_000_000)
    run.plannedRate = 1_006
    run.deadlineNanoseconds = 9_900_000
    return BenchResult(
      run: run, recording: smallRecording(), server: server, machine: machine,
      generator: generator,
      verdicts: [VerdictFigures(objective: "p99<5ms", state: .missed, measured: "9.91 ms")])
  }

  /// Runs at the edge of what there can be, each with a name for the test's output.
  static func extremes() -> [(name: String, result: BenchResult)] { madeExtremes }

  private static let madeExtremes: [(name: String, result: BenchResult)] = {
    let description = ResultFixtures.description()
    func result(_ change: (inout LoadRecording) -> Void) -> BenchResult {
      var recording = LoadRecording(entries: ["m"])
      change(&recording)
      return BenchResult(run: description, recording: recording)
    }
    let empty = result { _ in }
    let single = result {
      $0.counts.offered = 1
      $0.counts[.ok] = 1
      $0.latency.record(1_234_567)
      $0.windows = [WindowRecording(), WindowRecording()]
      $0.windows[0].latency.record(1_234_567)
      $0.elapsedNanoseconds = 1
      var stages = ServerStages()
      stages.set(0, nanoseconds: 99)
      $0.stages.record(stages, latency: 1_234_567, clientWait: 0, names: names(["odd stage"]))
    }
    let failed = result {
      $0.counts.offered = 500
      $0.counts[.unanswered] = 500
      $0.windows = [WindowRecording(), WindowRecording(), WindowRecording()]
      for index in $0.windows.indices { $0.windows[index].counts = $0.counts }
      $0.sample(.unanswered, status: 0, text: "", count: 500)
      $0.elapsedNanoseconds = 3_000_000_000
      $0.interruption = "the server went away"
    }
    let huge = result {
      $0.counts.offered = .max
      for outcome in Outcome.allCases { $0.counts[outcome] = .max / 8 }
      $0.counts.late = .max
      $0.latency.record(.max, times: 3)
      $0.latency.record(0)
      $0.service.record(.max)
      $0.lag.record(.max)
      $0.windows = [WindowRecording(), WindowRecording()]
      $0.windows[0].counts = $0.counts
      $0.windows[0].latency.record(.max)
      $0.windows[1].latency.record(0)
      $0.sample(.failed, status: .max, text: String(repeating: "<é>", count: 900), count: .max)
      $0.bytesSent = .max
      $0.elapsedNanoseconds = .max
      $0.connectionsOpened = .max
    }
    var backwards = result { $0.elapsedNanoseconds = -5 }
    backwards.run.durationNanoseconds = -1
    backwards.run.windowNanoseconds = 0
    return [
      ("empty", empty), ("single", single), ("failed", failed), ("huge", huge),
      ("backwards", backwards),
    ]
  }()

  /// Text that breaks a page, a terminal or a table that trusts it.
  static let nasty =
    #"</title><script>alert("x")</script>&amp;'<svg onload=1>"# + "\u{1B}[2J\r\n\0\u{85}"

  /// A run in which everything that comes from outside is nasty.
  static func nastyResult() -> BenchResult {
    var recording = smallRecording()
    recording.entries = [EntryRecording(name: nasty), EntryRecording(name: nasty)]
    recording.samples = []
    recording.sample(.failed, status: 500, text: nasty)
    recording.interruption = nasty
    recording.stages = StageTable()
    var stages = ServerStages()
    stages.set(0, nanoseconds: 5)
    recording.stages.record(stages, latency: 9, clientWait: 1, names: names([nasty]))
    var run = RunDescription(
      target: nasty, model: nasty, load: nasty, durationNanoseconds: 1_000_000_000)
    run.label = nasty
    run.server = nasty
    run.input = nasty
    run.startedAt = nasty
    run.command = nasty
    run.version = nasty
    var machine = machine
    machine.processor = nasty
    var generator = generator
    generator.remarks = [nasty]
    return BenchResult(
      run: run, recording: recording, server: server, machine: machine, generator: generator,
      verdicts: [VerdictFigures(objective: nasty, state: .missed, measured: nasty)])
  }

  static func nastyDocuments() -> [BenchDocument] { madeNastyDocuments }

  private static let madeNastyDocuments: [BenchDocument] = {
    let result = nastyResult()
    var search = ResultFixtures.search()
    search.run = result.run
    search.objective = nasty
    search.stoppingReason = nasty
    search.points[0].step = nasty
    var comparison = ResultFixtures.comparison()
    comparison.labelA = nasty
    comparison.labelB = nasty
    comparison.decisiveMetric = nasty
    comparison.metrics[0].name = nasty
    comparison.a = result
    let scenario = ScenarioResult(
      name: nasty, purpose: nasty, phases: [.init(name: nasty, result: result)])
    return [.load(result), .search(search), .comparison(comparison), .scenario(scenario)]
  }()

  /// One of each kind.
  static func documents() -> [BenchDocument] { madeDocuments }

  private static let madeDocuments: [BenchDocument] = {
    [.load(small()), .search(search()), .comparison(comparison()), .scenario(scenario())]
  }()
}
