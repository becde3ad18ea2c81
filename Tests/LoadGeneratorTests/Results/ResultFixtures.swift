import LoadGenerator
import Timing

/// Recordings made by hand, the same every time.
enum ResultFixtures {
  /// Random numbers that are the same every time.
  struct Random {
    var state: UInt64

    mutating func next() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 11) / Double(UInt64(1) << 53)
    }
  }

  static let stageNames = ["decode", "queue", "run", "encode", "total"]

  static func names(_ texts: [String]) -> StageNames {
    let names = StageNames()
    for text in texts {
      let bytes = Array(text.utf8)
      _ = names.index(of: bytes.span)
    }
    return names
  }

  static func description(rate: Double = 2_000, seconds: Int64 = 6) -> RunDescription {
    var run = RunDescription(
      target: "http://localhost:8000", model: "resnet50",
      load: "poisson, \(Int(rate))/s", durationNanoseconds: seconds * 1_000_000_000)
    run.server = "needletail 1.0"
    run.input = "random, batch 1, 602 kB binary"
    run.plannedRate = rate
    run.warmUpNanoseconds = 5_000_000_000
    run.startedAt = "2026-01-02T03:04:05Z"
    run.command = "needletail bench --url http://localhost:8000 -m resnet50 --rate \(Int(rate))"
    run.version = "1.0"
    run.threads = 2
    return run
  }

  /// A run whose latencies grow with `load` (0 to 1), with a burst of queueing in the middle.
  static func recording(
    rate: Double = 2_000, seconds: Int = 6, load: Double = 0.6, seed: UInt64 = 7
  ) -> LoadRecording {
    var random = Random(state: seed)
    var recording = LoadRecording(entries: ["resnet50"])
    let names = names(stageNames)
    let each = Int(rate)
    for second in 0..<seconds {
      var window = WindowRecording()
      window.underWay = Int(rate * 0.0015)
      for _ in 0..<each {
        window.counts.offered += 1
        let isBurst = second == seconds / 2
        let queue = -_log(1 - random.next()) * (isBurst ? 4e6 : 2.5e5) / (1.05 - load)
        if queue > 2.5e7 {
          window.counts[.refused] += 1
          recording.refusal.record(Int64(queue / 40))
          recording.sample(
            .refused, status: 429, text: #"{"error":"the queue of 'resnet50' is full"}"#)
          continue
        }
        if random.next() < 0.00005 {
          window.counts[.connection] += 1
          recording.sample(.connection, status: 0, text: "connection reset by peer")
          continue
        }
        let run = 7e5 + random.next() * 1.5e5
        let wait = random.next() * 1.2e4
        let network = 9e4 + random.next() * 4e4
        let latency = Int64(queue + run + wait + network + 6e4)
        var stages = ServerStages()
        for (index, value) in [3e4, queue, run, 2e4, queue + run + 5e4].enumerated() {
          stages.set(index, nanoseconds: Int64(value))
        }
        window.counts[.ok] += 1
        if latency > 20_000_000 { window.counts.late += 1 }
        window.latency.record(latency)
        recording.latency.record(latency)
        recording.service.record(latency - Int64(wait))
        recording.lag.record(Int64(wait / 2))
        recording.wait.record(Int64(wait / 2))
        recording.entries[0].latency.record(latency)
        recording.stages.record(
          stages, latency: latency, clientWait: Int64(wait), names: names)
      }
      recording.counts.merge(window.counts)
      recording.entries[0].counts.merge(window.counts)
      recording.windows.append(window)
    }
    recording.bytesSent = recording.counts.offered * 602_300
    recording.bytesReceived = recording.counts.offered * 4_120
    recording.elapsedNanoseconds = Int64(seconds) * 1_000_000_000 + 1_300_000
    recording.connectionsOpened = 8
    recording.connectionsLost = 1
    return recording
  }

  /// The natural logarithm, to the few digits that a fixture needs and the same everywhere.
  private static func _log(_ value: Double) -> Double {
    var x = max(value, 1e-12)
    var result = 0.0
    while x < 0.5 {
      x *= 2
      result -= 0.693_147_180_559_945_3
    }
    let y = (x - 1) / (x + 1)
    let square = y * y
    return result + 2 * y
      * (1 + square * (1 / 3 + square * (1 / 5 + square * (1 / 7 + square / 9))))
  }

  static let server = ServerFigures(
    processIdentifier: 4_242, cpuNanoseconds: 38_000_000_000, memoryStart: 212_000_000,
    memoryPeak: 263_500_000, threads: 18, voluntarySwitches: 91_234, involuntarySwitches: 812)
  static let machine = MachineFigures(
    processor: "AMD EPYC 9554 64-Core Processor", cores: 8, stealShare: 0.0012, otherShare: 0.02)
  static let generator = GeneratorFigures(
    cpuNanoseconds: 5_100_000_000, busiestThreadShare: 0.21, isBottleneck: false, remarks: [])
  static let verdicts = [
    VerdictFigures(objective: "p99.9<50ms", state: .held, measured: "23.1 ms"),
    VerdictFigures(objective: "goodput>99%", state: .held, measured: "99.61 %"),
  ]

  static func load(
    rate: Double = 2_000, seconds: Int = 6, load: Double = 0.6, seed: UInt64 = 7
  ) -> BenchResult {
    BenchResult(
      run: description(rate: rate, seconds: Int64(seconds)),
      recording: recording(rate: rate, seconds: seconds, load: load, seed: seed), server: server,
      machine: machine, generator: generator, verdicts: verdicts)
  }

  static func search() -> SearchResult {
    let rates: [(Double, String)] = [
      (500, "bracket"), (1_000, "bracket"), (2_000, "bracket"), (4_000, "bracket"),
      (3_000, "bisect"), (2_500, "bisect"), (2_500, "confirm"), (1_500, "curve"), (250, "curve"),
      (3_500, "curve"),
    ]
    let points = rates.map { rate, step in
      let load = min(1.045, 0.2 + rate / 3_800)
      return SearchResult.Point(
        rate: rate, held: rate <= 2_500, step: step,
        result: Self.load(rate: rate, seconds: 1, load: load, seed: UInt64(rate)))
    }
    return SearchResult(
      run: description(), objective: "p99.9<30ms,errors<0.1%", points: points, bestRate: 2_500,
      kneeRate: 3_000, stoppingReason: "the next step would be below 5 % of the rate",
      machine: machine, generator: generator)
  }

  static func comparison(withRuns: Bool = true) -> ComparisonResult {
    func metric(
      _ name: String, _ unit: ComparisonResult.Unit, _ a: Double, _ b: Double, _ spread: Double,
      _ verdict: ComparisonResult.Verdict
    ) -> ComparisonResult.Metric {
      let ratio = b / a
      return ComparisonResult.Metric(
        name: name, unit: unit, a: a, b: b,
        ratio: .init(value: ratio, low: ratio - spread, high: ratio + spread),
        difference: .init(value: b - a, low: b - a - spread * a, high: b - a + spread * a),
        verdict: verdict)
    }
    return ComparisonResult(
      labelA: "http://old:8000", labelB: "http://new:8000", rounds: 12, confidence: 0.95,
      minimumEffect: 0.02,
      metrics: [
        metric("p50", .nanoseconds, 1_050_000, 1_046_000, 0.01, .same),
        metric("p99", .nanoseconds, 4_210_000, 3_640_000, 0.04, .faster),
        metric("p99.9", .nanoseconds, 9_800_000, 9_100_000, 0.2, .cannotTell),
        metric("goodput", .perSecond, 1_999, 2_000, 0.001, .same),
        metric("cpu", .nanoseconds, 210_000, 262_000, 0.03, .slower),
        metric("rss", .bytes, 212e6, 198e6, 0.01, .notJudged),
      ], verdict: .faster, decisiveMetric: "p99", a: withRuns ? load(load: 0.8) : nil,
      b: withRuns ? load(load: 0.5, seed: 9) : nil)
  }

  static func scenario() -> ScenarioResult {
    var broken = load(load: 0.9)
    broken.verdicts = [
      VerdictFigures(objective: "errors<0.1%", state: .missed, measured: "2.31 %")
    ]
    return ScenarioResult(
      name: "burst",
      purpose: "A burst of twice the capacity is refused early, and leaves no trace.",
      phases: [
        .init(name: "calm", result: load(load: 0.3)), .init(name: "burst", result: broken),
        .init(name: "after", result: load(load: 0.3, seed: 3)),
      ])
  }
}
