import Foundation
import LoadGenerator
import Testing
import Timing

@Suite struct ObjectiveTests {
  private func recording(
    milliseconds: [Int64], _ others: [(Outcome, Int)] = [], refusals: [Int64] = []
  ) -> LoadRecording {
    var recording = LoadRecording()
    recording.elapsedNanoseconds = 10_000_000_000
    for value in milliseconds { recording.latency.record(value * 1_000_000) }
    recording.counts[.ok] = UInt64(milliseconds.count)
    for (outcome, count) in others { recording.counts[outcome] += UInt64(count) }
    for value in refusals { recording.refusal.record(value * 1_000_000) }
    recording.counts[.refused] += UInt64(refusals.count)
    recording.counts.offered = recording.counts.ended.reduce(0, +)
    return recording
  }

  private func verdict(
    _ text: String, _ recording: LoadRecording, cpu: Int64? = nil, rss: UInt64? = nil
  ) throws -> ObjectiveVerdict {
    let objective = try #require(try Objective.parse(text).first)
    return objective.judge(
      ObjectiveFigures(
        recording: recording, durationNanoseconds: 5_000_000_000, serverCPUNanoseconds: cpu,
        serverMemoryPeak: rss))
  }

  @Test func `clauses are read with metric, comparison and bound`() throws {
    let read = try Objective.parse(" p99.9<5ms, errors <= 0.1% ,goodput>99%,goodput>=1000/s")
    #expect(read.map(\.text) == ["p99.9<5ms", "errors <= 0.1%", "goodput>99%", "goodput>=1000/s"])
    #expect(read[0].metric == .time(.latency, .percentile(99.9)))
    #expect(read.map(\.comparison) == [.below, .atMost, .above, .atLeast])
    #expect(read[0].bound == 5_000_000)
    #expect(read[1].metric == .share(.errors) && abs(read[1].bound - 0.001) < 1e-12)
    #expect(read[2].metric == .share(.goodput) && read[2].bound == 0.99)
    #expect(read[3].metric == .perSecond(.goodput) && read[3].bound == 1000)
  }

  @Test(arguments: [
    "p50", "p99.999", "mean", "max", "service.p99", "refusal.max", "lag.p99", "wait.mean", "cpu",
  ])
  func `times are bounded by times`(metric: String) throws {
    let objective = try #require(try Objective.parse("\(metric)<1.5ms").first)
    #expect(objective.metric.name == metric)
    #expect(objective.bound == 1_500_000)
  }

  @Test(arguments: [
    "errors", "refused", "expired", "failed", "connection", "unanswered", "unsent", "late",
  ])
  func `shares are bounded by per cent`(metric: String) throws {
    #expect(try Objective.parse("\(metric)<2.5 %").first?.metric.name == metric)
  }

  /// 99.9 / 100 is a little above 0.999: the 1000th of 1000 is not the 99.9th percentile.
  @Test func `a percentile is the same in bounds as in reports`() throws {
    var recording = LoadRecording()
    recording.elapsedNanoseconds = 1
    for count in [1_000, 10_000, 60_000] {
      recording.latency = LatencyHistogram(precision: .twoThousandth)
      recording.latency.record(1_000_000, times: UInt64(count - count / 1_000))
      recording.latency.record(90_000_000, times: UInt64(count / 1_000))
      let figures = ObjectiveFigures(recording: recording)
      let bound = try #require(try Objective.parse("p99.9<5ms").first)
      let shown = try #require(LatencyFigures(recording.latency)["p99.9"])
      #expect(figures.value(bound.metric) == Double(shown))
      #expect(shown < 1_001_000)
    }
  }

  @Test func `rates and memory have their own units`() throws {
    #expect(try Objective.parse("rate>1.5/s").first?.bound == 1.5)
    #expect(try Objective.parse("throughput >= 20 /s").first?.metric == .perSecond(.throughput))
    #expect(try Objective.parse("rss<1.5GiB").first?.bound == 1_610_612_736)
    #expect(try Objective.parse("rss<300MB").first?.bound == 300_000_000)
    #expect(try Objective.parse("rss<512B").first?.bound == 512)
  }

  @Test(arguments: [
    ("", 1, "a clause is empty"), ("p99<5ms,", 9, "a clause is empty"),
    ("p99", 4, "there is no bound"), ("<5ms", 1, "there is no metric"),
    ("p99<", 5, "there is no value"), ("p99=5ms", 4, "'=' is no comparison; use < <= > >="),
    ("p99<>5ms", 4, "'<>' is no comparison"), ("p99=<5ms", 4, "is no comparison"),
    ("p99≤5ms", 4, "is no comparison"), ("p99<5", 6, "has no unit; write us, ms or s"),
    ("p99<5%", 5, "'5%' is no time"), ("q99<5ms", 1, "'q99' is no metric; the metrics are"),
    ("p0<5ms", 1, "is no percentile"), ("p100<5ms", 1, "or max"), ("px<5ms", 1, "no metric"),
    ("foo.p99<5ms", 1, "'foo.p99' is no metric"), ("service.p100<1s", 9, "is no percentile"),
    ("errors<0.1", 11, "write it with %"), ("errors<x%", 8, "does not begin with a number"),
    ("errors<101%", 8, "above 100%"), ("goodput>99", 11, "or 1000/s"),
    ("rate>5", 7, "write it with /s"), ("rate>-5/s", 6, "does not begin with a number"),
    ("rss<5", 6, "write B, KB, MB"), ("p99<5ms,errors<1", 17, "write it with %"),
  ])
  func `a mistake is named with its column`(text: String, column: Int, part: String) {
    do {
      _ = try Objective.parse(text)
      Issue.record("'\(text)' was accepted")
    } catch {
      #expect(error.description.contains("column \(column):"), "\(error)")
      #expect(error.description.contains(part), "\(error)")
    }
  }

  @Test func `endless objectives are refused`() {
    #expect(throws: BenchInputError.self) {
      try Objective.parse(String(repeating: "p99<5ms,", count: 1_000))
    }
  }

  @Test func `an objective is its text in a file`() throws {
    let objectives = try Objective.parse("p99.9<5ms,errors<0.1%")
    let data = try JSONEncoder().encode(objectives)
    #expect(try JSONDecoder().decode([Objective].self, from: data) == objectives)
    for text in [#"["p99"]"#, #"["p99<1ms,p50<1ms"]"#, "[5]"] {
      #expect(throws: DecodingError.self) {
        try JSONDecoder().decode([Objective].self, from: Data(text.utf8))
      }
    }
  }

  @Test func `a run that keeps its objective says by how much`() throws {
    let recording = recording(milliseconds: [Int64](repeating: 4, count: 2_000))
    let held = try verdict("p99<5ms", recording)
    #expect(held.state == .held)
    #expect(held.text == "p99 4 ms < 5 ms holds")
    #expect(held.measuredText == "4 ms")
    let missed = try verdict("p99<4ms", recording)
    #expect(missed.text == "p99 4 ms, not < 4 ms: missed")
    #expect([held].allHeld && ![held, missed].allHeld)
  }

  @Test(arguments: [
    ("p99<5ms", 999, 1_000), ("p99.9<5ms", 9_999, 10_000), ("p50<5ms", 19, 20),
    ("p10<5ms", 99, 100), ("mean<5ms", 9, 10), ("max<5ms", 0, 1),
  ])
  func `a percentile needs ten requests beyond it`(text: String, few: Int, enough: Int) throws {
    let few = try verdict(text, recording(milliseconds: [Int64](repeating: 1, count: few)))
    #expect(few.state == .notMeasured)
    #expect(few.text.contains("is not known: "))
    #expect(few.measuredText.isEmpty)
    let known = try verdict(text, recording(milliseconds: [Int64](repeating: 1, count: enough)))
    #expect(known.state == .held)
  }

  @Test func `the reason says how many requests it takes`() throws {
    let verdict = try verdict("p99.9<5ms", recording(milliseconds: [1, 1]))
    #expect(
      verdict.reason == "not measured enough: 2 requests, and it takes 10000; run longer")
  }

  @Test func `objectives say how many requests they take together`() throws {
    for (text, needed) in [
      ("p99.9<5ms,p50<1ms", 10_000.0), ("mean<1s", 10), ("errors<1%,refusal.p99<1s", 0),
      ("max<1s", 1),
    ] {
      let seen = Objective.requestsNeeded(try Objective.parse(text))
      #expect(abs(seen - needed) < 1e-6 * max(1, needed))
    }
  }

  @Test func `few requests suffice to know that a bound is missed`() throws {
    let bad = [Int64](repeating: 9, count: 10) + [Int64](repeating: 1, count: 300)
    #expect(try verdict("p99<5ms", recording(milliseconds: bad)).state == .missed)
    let unsure = [Int64](repeating: 9, count: 9) + [Int64](repeating: 1, count: 300)
    #expect(try verdict("p99<5ms", recording(milliseconds: unsure)).state == .notMeasured)
  }

  @Test func `of refusals all are there`() throws {
    let ok = [Int64](repeating: 1, count: 50)
    let none = try verdict("refusal.p99<5ms", recording(milliseconds: ok))
    #expect(none.state == .held && none.text.contains("nothing was refused"))
    let few = recording(milliseconds: ok, refusals: [1, 2, 3])
    #expect(try verdict("refusal.p99<5ms", few).state == .held)
    #expect(try verdict("refusal.p99<2ms", few).state == .notMeasured)
  }

  @Test func `shares are of what was offered and rates of the time`() throws {
    var recording = recording(
      milliseconds: [Int64](repeating: 1, count: 900),
      [(.failed, 50), (.expired, 20), (.connection, 10), (.unanswered, 10), (.unsent, 10)])
    recording.counts.late = 100
    let values = [
      ("errors<1%", 0.1), ("failed<1%", 0.05), ("expired<1%", 0.02), ("connection<1%", 0.01),
      ("unanswered<1%", 0.01), ("unsent<1%", 0.01), ("refused<1%", 0), ("late<1%", 0.1),
      ("goodput>1%", 0.8), ("rate>1/s", 200), ("throughput>1/s", 90), ("goodput>1/s", 80),
      ("cpu<1ms", 1_000), ("rss<1MB", 4096),
    ]
    for (text, value) in values {
      let verdict = try verdict(text, recording, cpu: 970_000, rss: 4096)
      let measured = try #require(verdict.measured)
      #expect(abs(measured - value) < 1e-9, "\(text): \(measured)")
    }
    #expect(try verdict("errors<1%", recording).text == "errors 10 %, not < 1 %: missed")
    #expect(try verdict("rss<1MiB", recording, rss: 4096).text == "rss 4 KiB < 1 MiB holds")
    #expect(try verdict("rate>1/s", recording).text == "rate 200/s > 1/s holds")
  }

  @Test(arguments: [
    ("errors<1%", "no request was offered"), ("rate>1/s", "no time was measured"),
    ("p99<1s", "no request succeeded"), ("service.p99<1s", "no request succeeded"),
    ("lag.p99<1s", "closed loop"), ("cpu<1s", "not found on this machine"),
    ("rss<1GB", "not found on this machine"), ("refusal.max<1s", "no request succeeded"),
  ])
  func `what was not measured did not hold`(text: String, reason: String) throws {
    let verdict = try verdict(text, LoadRecording())
    #expect(verdict.state == .notMeasured)
    #expect(verdict.reason.contains(reason))
    #expect(verdict.text.contains("is not known"))
    #expect(try self.verdict("cpu<1s", LoadRecording(), cpu: 5).reason == "no request was answered")
  }

  @Test func `objectives that bound no failures get a bound`() throws {
    let bounded = Objective.boundingErrors(try Objective.parse("p99<5ms"))
    #expect(bounded.map(\.text) == ["p99<5ms", "errors<1%"])
    for text in ["errors<5%", "goodput>90%", "goodput>5/s", "throughput>=5/s"] {
      #expect(Objective.boundingErrors(try Objective.parse(text)).count == 1)
    }
    #expect(Objective.boundingErrors(try Objective.parse("errors>5%")).count == 2)
  }

  @Test func `random clauses never trap and what is read reads again`() {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    var random = RandomSource(seed: seed)
    let metrics = [
      "p99", "p99.9", "mean", "service.max", "errors", "goodput", "rate", "cpu", "rss",
    ]
    let signs = ["<", "<=", ">", ">=", "=", "≤"]
    let units = ["ms", "us", "%", "/s", "MiB", "", " s"]
    let noise = Array("p9.<>=5%/s, éx-")
    var accepted = 0
    for _ in 0..<5_000 {
      var text = (0...random.below(3)).map { _ in
        metrics[random.below(metrics.count)] + signs[random.below(signs.count)]
          + "\(random.below(2_000))" + units[random.below(units.count)]
      }.joined(separator: ",")
      for _ in 0..<random.below(3) {
        let place = text.index(text.startIndex, offsetBy: random.below(text.count + 1))
        text.insert(noise[random.below(noise.count)], at: place)
      }
      guard let read = try? Objective.parse(text) else { continue }
      accepted += 1
      let again = try? Objective.parse(read.map(\.text).joined(separator: ","))
      #expect(again == read, "\(text)")
    }
    #expect(accepted > 100)
  }
}
