import ArgumentParser
import Testing

@testable import LoadGenerator
@testable import NeedletailCommand

@Suite struct BenchVerdictTests {
  private func metric(
    _ name: ComparisonMetric, _ verdict: ComparisonVerdict
  ) -> MetricComparison {
    MetricComparison(
      metric: name, a: 1, b: 1, ratio: nil, difference: nil, verdict: verdict, reason: "")
  }

  @Test func `one slower metric decides, then one that cannot be told, then a faster one`() {
    let p50 = ComparisonMetric.percentile(0.5)
    let p99 = ComparisonMetric.percentile(0.99)
    func decide(_ a: ComparisonVerdict, _ b: ComparisonVerdict) -> MetricComparison? {
      JudgedComparison.decide([metric(p50, a), metric(p99, b)])
    }
    #expect(decide(.faster, .slower)?.metric == p99)
    #expect(decide(.cannotTell, .faster)?.verdict == .cannotTell)
    #expect(decide(.same, .faster)?.verdict == .faster)
    #expect(decide(.same, .same)?.metric == p50)
    #expect(JudgedComparison.decide([]) == nil)
  }

  @Test func `a verdict is an exit status`() {
    func exit(_ verdict: ComparisonResult.Verdict, isGate: Bool = false) -> Int32 {
      BenchCompareCommand.exit(verdict, isGate: isGate)?.rawValue ?? 0
    }
    #expect(exit(.same) == 0)
    #expect(exit(.faster) == 0)
    #expect(exit(.slower) == 3)
    #expect(exit(.cannotTell) == 4)
    #expect(exit(.slower, isGate: true) == 3)
    #expect(exit(.cannotTell, isGate: true) == 0)
  }

  @Test func `a run that broke off outranks a bound that is missed`() {
    func result(
      _ states: [VerdictFigures.State], interruption: String? = nil
    ) -> BenchResult {
      var recording = LoadRecording()
      recording.interruption = interruption
      return BenchResult(
        run: RunDescription(target: "", model: "", load: "", durationNanoseconds: 1),
        recording: recording,
        verdicts: states.map { VerdictFigures(objective: "p99<1s", state: $0, measured: "") })
    }
    func exit(_ results: BenchResult...) -> Int32 {
      BenchVerdict.exit(of: results)?.rawValue ?? 0
    }
    #expect(exit(result([])) == 0)
    #expect(exit(result([.held, .held])) == 0)
    #expect(exit(result([.held, .missed])) == 3)
    #expect(exit(result([.notMeasured])) == 3)
    #expect(exit(result([.held]), result([.missed])) == 3)
    #expect(exit(result([.missed], interruption: "died")) == 1)
  }

  @Test func `a run without any success is no success, whatever its bounds`() {
    var recording = LoadRecording()
    (recording.counts.offered, recording.counts[.failed]) = (20, 20)
    var result = BenchResult(
      run: RunDescription(target: "", model: "", load: "", durationNanoseconds: 1),
      recording: recording)
    #expect(BenchVerdict.exit(of: [result])?.rawValue == 1)
    result.verdicts = [VerdictFigures(objective: "errors<1%", state: .missed, measured: "100 %")]
    #expect(BenchVerdict.exit(of: [result])?.rawValue == 3)
  }

  @Test func `a side that fails more is worse, however fast its answers are`() {
    func errors(_ a: UInt64, _ b: UInt64) -> ComparisonResult.Verdict? {
      func counts(_ failed: UInt64) -> CountFigures {
        var counts = OutcomeCounts()
        (counts.offered, counts[.ok], counts[.failed]) = (1_000, 1_000 - failed, failed)
        return CountFigures(counts)
      }
      return JudgedComparison.errors(counts(a), counts(b))?.verdict
    }
    #expect(errors(0, 0) == nil)
    #expect(errors(0, 9) == .notJudged)
    #expect(errors(0, 10) == .slower)
    #expect(errors(500, 505) == .notJudged)
    #expect(errors(500, 0) == .faster)
    #expect(JudgedComparison.errors(nil, nil) == nil)
  }

  @Test(arguments: [
    ("p50", ComparisonMetric.percentile(0.5)), ("p99.9", .percentile(0.999)), ("mean", .mean),
    ("throughput", .throughput), ("goodput", .goodput), ("cpu", .cpu),
  ])
  func `metrics of a comparison are named as in reports`(
    text: String, expected: ComparisonMetric
  ) throws {
    #expect(try CompareFlags.metric(text) == expected)
    #expect(ComparisonMetric.standard.contains(expected))
  }

  @Test(arguments: [
    (["a", "http://b", "-m", "x", "--rate", "1"], "give two URLs or two files"),
    (["/no/a.json", "/no/b.json"], "A is '/no/a.json', which cannot be read"),
    (["/no/a.json", "/no/b.json", "-m", "x"], "are result files, which were measured already"),
    (["http://a", "http://b", "--rate", "1"], "nothing to ask"),
    (["http://a", "http://b", "-m", "x"], "no load is named"),
    (["http://a", "http://b", "-m", "x", "--rate", "1", "--rounds", "0"], "--rounds is 0"),
    (["a", "b", "--metric", "speed"], "--metric is 'speed'; use p50"),
    (["a", "b", "--metric", "p100"], "--metric is 'p100'"),
    (["a", "b", "--threshold", "0"], "--threshold is '0'; use 0.01% to below 100%"),
    (["a", "b", "--confidence", "20%"], "--confidence is '20%'"),
    (["a", "b", "--csv", "-"], "--csv has no columns for a comparison"),
  ])
  func `a comparison that makes no sense is said in one line`(
    arguments: [String], expected: String
  ) throws {
    let command = try BenchCompareCommand.parse(arguments)
    let error = #expect(throws: BenchInputError.self) { try command.resolve() }
    #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
  }

  @Test func `a search has defaults and bounds errors`() throws {
    let options = try BenchSearchCommand.parse(["-m", "x", "--slo", "p99<5ms"]).resolve().search
    #expect(options.text == "p99<5ms,errors<1%")
    #expect(options.from == 100 && options.precision == 0.05 && options.confirmations == 3)
    #expect(options.stepNanoseconds == 5_000_000_000)
    for (flags, expected) in [
      (["--from", "10", "--to", "5"], "--from is 10.0, above --to 5.0"),
      (["--precision", "2"], "--precision is '2'"), (["--confirm", "0"], "--confirm is 0"),
      (["--curve-points=-1"], "--curve-points is -1"),
      (["--arrivals", "ramp"], "--arrivals is 'ramp'; use poisson or constant"),
    ] {
      let command = try BenchSearchCommand.parse(["-m", "x", "--slo", "p99<5ms"] + flags)
      let error = #expect(throws: BenchInputError.self) { try command.resolve() }
      #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
    }
  }

  @Test func `a load is described in a few words`() {
    #expect(LoadText.text(.open(.poisson(rate: 2_000))) == "poisson, 2,000/s")
    #expect(LoadText.text(.closed(concurrency: 8)) == "closed loop, 8 under way")
    #expect(
      LoadText.text(.open(.bursts(base: 100, peak: 2_000, onSeconds: 1, offSeconds: 3)))
        .contains("every 4.00 s"))
  }
}
