import ArgumentParser
import Foundation
import Testing

@testable import LoadGenerator
@testable import NeedletailCommand

/// What the subcommands make of measurements: how long a step is, what a file's windows mean.
@Suite struct BenchNumbersTests {
  private func search(_ objective: String) throws -> SearchOptions {
    try BenchSearchCommand.parse(["-m", "x", "--slo", objective]).resolve().search
  }

  private func step(_ rate: Double, _ purpose: CapacitySearch.Step.Purpose) -> CapacitySearch.Step {
    CapacitySearch.Step(rate: rate, purpose: purpose, repetition: 0)
  }

  @Test func `a step that must be known lasts as long as its percentile needs`() throws {
    let options = try search("p99.9<5ms,errors<0.1%")
    // 10,000 requests and some to spare: about 10.5 s at 1000/s.
    let seconds = Double(options.nanoseconds(of: step(1_000, .bisect))) / 1e9
    #expect(seconds > 10.2 && seconds < 11)
    #expect(options.nanoseconds(of: step(1_000, .confirm)) > 10_000_000_000)
    // The climb and the curve keep their length, and a fast step needs no more.
    #expect(options.nanoseconds(of: step(1_000, .bracket)) == 5_000_000_000)
    #expect(options.nanoseconds(of: step(1_000, .curve)) == 5_000_000_000)
    #expect(options.nanoseconds(of: step(50_000, .confirm)) == 5_000_000_000)
    // At very low rates it ends somewhere.
    #expect(options.nanoseconds(of: step(0.01, .confirm)) == 60_000_000_000)
    #expect(
      try search("errors<0.1%").nanoseconds(of: step(0.01, .confirm)) == 5_000_000_000)
  }

  /// A server that holds any rate up to 300/s, searched with the lengths above: without them, no
  /// run would hold 10,000 requests, and no rate could be told.
  @Test func `a percentile that a step is too short for is searched all the same`() throws {
    let options = try search("p99.9<5ms")
    var search = CapacitySearch(
      objectives: options.objectives, from: 100, to: 10_000, precision: 0.05, confirmations: 3,
      curvePoints: 0)
    while let step = search.next() {
      let requests = step.rate * Double(options.nanoseconds(of: step)) / 1e9
      let isKnown = requests >= 10_000 || step.rate > 300
      search.report(held: isKnown && step.rate <= 300, isKnown: isKnown)
    }
    let best = try #require(search.outcome?.bestRate)
    #expect(best > 280 && best <= 300)
  }

  @Test func `a run that is not known is neither held nor missed`() {
    func point(_ states: [VerdictFigures.State], held: Bool = false) -> SearchResult.Point {
      let result = BenchResult(
        run: RunDescription(target: "", model: "", load: "", durationNanoseconds: 1),
        recording: LoadRecording(),
        verdicts: states.map { VerdictFigures(objective: "p99<1s", state: $0, measured: "") })
      return SearchResult.Point(rate: 1, held: held, step: "bracket", result: result)
    }
    #expect(point([.held, .held], held: true).isKnown)
    #expect(point([.missed, .notMeasured]).isKnown)
    #expect(!point([.held, .notMeasured]).isKnown)
    let run = RunDescription(target: "", model: "", load: "", durationNanoseconds: 1)
    let search = SearchResult(
      run: run, objective: "p99.9<5ms", points: [point([.notMeasured])], bestRate: nil,
      kneeRate: nil, stoppingReason: "")
    #expect(Headline(search).word == "NOT KNOWN")
    #expect(search.curveTable.rows[0].contains("not known"))
  }

  @Test(arguments: [
    ("--rate 5", 1_000_000_000 as Int64), ("--concurrency 2", 1_000_000_000),
    ("--arrivals ramp:from=1,to=9,over=3s", 0),
    ("--arrivals ramp:from=1,to=9,over=3s --warm-up 2s", 2_000_000_000),
    ("--arrivals bursts:base=1,peak=9,on=1s,off=1s", 1_000_000_000),
  ])
  func `the warm-up does not eat the beginning of what has one`(
    flags: String, expected: Int64
  ) throws {
    let arguments = ["-m", "x"] + flags.split(separator: " ").map(String.init)
    let options = try BenchLoadCommand.parse(arguments).resolve()
    #expect(options.pacing.warmUpNanoseconds == expected)
  }

  @Test func `a short trace is measured from its first arrival`() throws {
    let path = NSTemporaryDirectory() + "needletail-trace-\(UUID().uuidString)"
    try "0\n0.1\n0.2\n".write(toFile: path, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: path) }
    func warmUp(_ arrivals: String) throws -> Int64 {
      try BenchLoadCommand.parse(["-m", "x", "--arrivals", arrivals]).resolve().pacing
        .warmUpNanoseconds
    }
    #expect(try warmUp("trace:\(path)") == 0)
    #expect(try warmUp("trace:\(path),loop") == 1_000_000_000)
  }

  @Test(arguments: [
    (10_000_000_000 as Int64, 250_000_000 as Int64), (60_000_000_000, 1_000_000_000),
    (2_000_000_000, 100_000_000), (450_000_000, 90_000_000), (50_000_000, 50_000_000), (0, 1),
  ])
  func `windows divide the measured time`(duration: Int64, expected: Int64) {
    #expect(BenchSession.window(duration) == expected)
  }

  /// A run of `count` windows of 100 ms with `ok` successes each, the last as long as `lastShare`.
  private func file(_ ok: UInt64, count: Int, last: Double, drain: Int64) throws -> String {
    var recording = LoadRecording(entries: ["x"])
    for index in 0..<count {
      var window = WindowRecording()
      let requests = index == count - 1 ? UInt64(Double(ok) * last) : ok
      window.counts.offered = requests
      window.counts[.ok] = requests
      recording.windows.append(window)
      recording.counts.merge(window.counts)
    }
    recording.dueNanoseconds = Int64((Double(count - 1) + last) * 1e8)
    recording.elapsedNanoseconds = recording.dueNanoseconds + drain
    var run = RunDescription(
      target: "", model: "", load: "", durationNanoseconds: recording.dueNanoseconds)
    run.windowNanoseconds = 100_000_000
    let path = NSTemporaryDirectory() + "needletail-result-\(UUID().uuidString)"
    let bytes = try BenchDocument.load(BenchResult(run: run, recording: recording)).written()
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return path
  }

  @Test func `files are compared over the time in which requests were due`() throws {
    let a = try file(1_000, count: 64, last: 0.1, drain: 0)
    let b = try file(1_000, count: 64, last: 0.1, drain: 5_000_000_000)
    defer { for path in [a, b] { try? FileManager.default.removeItem(atPath: path) } }
    let options = try CompareFlags.parse(["--metric", "throughput"]).resolve(seed: 1)
    let result = try FileComparison.compare(a, b, options)
    let throughput = try #require(result.metrics.first { $0.name == "throughput" })
    #expect(abs(throughput.a - 10_000) < 1 && abs(throughput.b - 10_000) < 1)
    #expect(result.verdict == .same)
  }
}
