import Testing
import Timing

@testable import LoadGenerator

@Suite struct TextReportTests {
  private static var everything: [(name: String, document: BenchDocument)] {
    ResultFixtures.documents().map { ("\($0.kind)", $0) }
      + ResultFixtures.extremes().map { ($0.name, .load($0.result)) }
      + ResultFixtures.nastyDocuments().map { ("nasty \($0.kind)", $0) }
  }

  @Test func `the report of a run`() {
    #expect(TextReport.write(ResultFixtures.small()) == golden)
  }

  @Test func `no line is wider than a hundred columns or steers the terminal`() {
    for (name, document) in Self.everything {
      let text = TextReport.write(document)
      for line in text.split(separator: "\n") {
        #expect(line.count <= 100, "\(name): \(line)")
      }
      #expect(!text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" }, "\(name)")
      #expect(text.hasSuffix("\n") && !text.hasSuffix("\n\n"))
      #expect(!text.contains("\n\n\n"))
    }
  }

  @Test func `figures are never cut off, words are`() {
    let nasty = ResultFixtures.nastyDocuments()
    let text = TextReport.write(nasty[2])
    #expect(text.contains("-700 µs [-2.66 ms, 1.26 ms]"))
    #expect(text.contains("…"))
  }

  @Test func `colours are for terminals and change nothing else`() {
    for document in ResultFixtures.documents() {
      let coloured = TextReport.write(document, style: .coloured)
      #expect(coloured.contains("\u{1B}["))
      var plain = coloured
      for code in ["\u{1B}[1;32m", "\u{1B}[1;31m", "\u{1B}[1m", "\u{1B}[0m"] {
        plain = plain.split(separator: code, omittingEmptySubsequences: false).joined()
      }
      #expect(plain == TextReport.write(document))
    }
  }

  @Test func `the headline tells what the pager needs first`() {
    let extremes = Dictionary(
      uniqueKeysWithValues: ResultFixtures.extremes().map { ($0.name, $0.result) })
    #expect(Headline(ResultFixtures.small()).word == "MISSED")
    #expect(Headline(ResultFixtures.load(seconds: 1)).word == "HELD")
    #expect(extremes["failed"].map { Headline($0).word } == "ENDED EARLY")
    var failed = extremes["failed"]
    failed?.interruption = nil
    #expect(failed.map { Headline($0).word } == "NO SUCCESS")
    #expect(extremes["single"].map { Headline($0).word } == "DONE")
    #expect(extremes["empty"].map { Headline($0).text } == "no request was due")
    var open = ResultFixtures.load(seconds: 1)
    open.verdicts = [.init(objective: "cpu<1ms", state: .notMeasured, measured: "")]
    #expect(Headline(open).word == "NOT MEASURED")
    open.verdicts = []
    open.generator?.isBottleneck = true
    #expect(Headline(open).text.contains("the generator itself was the bottleneck"))
    var none = ResultFixtures.search()
    none.bestRate = nil
    #expect(Headline(none).word == "NONE HELD")
    #expect(Headline(ResultFixtures.scenario()).text.contains("1 of 3 phases"))
  }

  @Test func `a comparison's verdict is its headline`() {
    var comparison = ResultFixtures.comparison()
    let words: [ComparisonResult.Verdict: String] = [
      .faster: "B IS FASTER", .slower: "B IS SLOWER", .same: "THE SAME",
      .cannotTell: "CANNOT TELL",
    ]
    for (verdict, word) in words {
      comparison.verdict = verdict
      #expect(Headline(comparison).word == word)
    }
    comparison.rounds = 1
    #expect(Headline(comparison).text.contains("1 round each"))
    comparison.decisiveMetric = "unknown"
    comparison.verdict = .cannotTell
    #expect(Headline(comparison).text == "unknown, 1 round each; use more or longer rounds")
    comparison.a?.interruption = "stopped by the user"
    #expect(Headline(comparison).word == "ENDED EARLY")
    #expect(Headline(comparison).text == "after 1 round of each: stopped by the user")
  }

  @Test func `a server that fails more is not called faster`() {
    var comparison = ResultFixtures.comparison()
    comparison.metrics.append(
      .init(
        name: ComparisonResult.errorsMetric, unit: .share, a: 0.001, b: 0.5, ratio: nil,
        difference: nil, verdict: .slower))
    comparison.verdict = .slower
    comparison.decisiveMetric = ComparisonResult.errorsMetric
    #expect(Headline(comparison).word == "B FAILS MORE")
    #expect(Headline(comparison).text.hasPrefix("errors are 50.0 %, A's 0.10 %"))
  }

  @Test func `the headline names no percentile that the run is too short for`() {
    func headline(_ requests: Int) -> String {
      var recording = LoadRecording()
      recording.counts.offered = UInt64(requests)
      recording.counts[.ok] = UInt64(requests)
      for index in 0..<requests { recording.latency.record(Int64(index + 1) * 1_000_000) }
      recording.elapsedNanoseconds = 1_000_000_000
      return Headline(
        BenchResult(
          run: RunDescription(
            target: "", model: "", load: "", durationNanoseconds: 1_000_000_000),
          recording: recording)
      ).text
    }
    #expect(headline(9).hasPrefix("9 requests, 9.00/s offered: max 9.00 ms"))
    #expect(headline(20).contains(": p50 "))
    #expect(headline(999).contains(": p90 "))
    #expect(headline(1_000).contains(": p99 "))
    #expect(headline(10_000).contains(": p99.9 "))
  }

  @Test func `what ended early says so, and for how long it ran`() {
    var result = ResultFixtures.load(seconds: 4)
    result.run.durationNanoseconds = 10_000_000_000
    result.summary.dueNanoseconds = 4_000_000_000
    #expect(TextReport.write(result).contains("4.00 s of 10.0 s measured"))
    var search = ResultFixtures.search()
    search.interruption = "stopped by the user"
    #expect(Headline(search).word == "ENDED EARLY")
    #expect(Headline(search).text.hasSuffix("before the search was over: stopped by the user"))
    #expect(!TextReport.write(search).contains(", 1.00 s measured"))
    var scenario = ResultFixtures.scenario()
    scenario.interruption = "'twice' could not be measured: connection refused"
    #expect(Headline(scenario).word == "ENDED EARLY")
  }

  @Test func `a backlog that is answered later is in the headline`() {
    var result = ResultFixtures.load(seconds: 1)
    (result.summary.offeredRate, result.summary.throughput) = (20_000, 2_000)
    result.verdicts = []
    guard result.summary.counts.errors == 0 else { return }
    #expect(Headline(result).text.contains("20,000/s offered but 2,000/s answered"))
  }

  @Test func `a target that dies and stays dead is no success`() {
    var result = ResultFixtures.load(seconds: 3)
    result.interruption = nil
    #expect(result.diedAt == nil)
    let window = result.run.windowNanoseconds
    guard let first = result.windows.first else { return }
    var dead = first
    dead.counts = CountFigures(OutcomeCounts())
    dead.counts.offered = 5
    dead.counts[.connection] = 5
    result.windows = [first, first, dead, dead]
    #expect(result.diedAt == 2 * window)
    #expect(Headline(result).word == "TARGET DIED")
    result.windows = [first, dead, first]
    #expect(result.diedAt == nil)
    dead.counts[.connection] = 2
    result.windows = [first, dead]
    #expect(result.diedAt == nil)
    result.windows = [dead]
    #expect(result.diedAt == nil)
  }

  @Test func `advice that is too long for a line is wrapped, not cut off`() {
    var result = ResultFixtures.small()
    result.generator?.remarks = [
      "1 % of the requests were noticed 5.31 ms late or more; give the generator a core of its own,"
        + " or a machine of its own, or look for whatever else runs here"
    ]
    #expect(TextReport.write(result).contains("whatever else runs here"))
  }

  @Test func `a closed loop says what its figures are worth`() {
    var result = ResultFixtures.small()
    result.run.concurrency = 8
    result.verdicts = []
    let text = TextReport.write(result)
    #expect(text.contains("closed loop: a slow server is asked less"))
    #expect(text.hasPrefix("DONE  1,006 requests, 8 under way, 1,000/s: p99 9.91 ms"))
  }

  @Test func `a disturbed machine and a mix are shown`() {
    var result = ResultFixtures.small()
    result.machine?.stealShare = 0.2
    result.entries.append(result.entries[0])
    let text = TextReport.write(result)
    #expect(text.contains("DISTURBED"))
    #expect(text.contains("Entries of the mix"))
  }
}

/// What the small run's report looks like; at the left edge, to keep its own width.
private let golden = """
MISSED  p99<5ms is 9.91 ms; 1,006 requests, 1,006/s offered: p99 9.91 ms, 98.4 % good, 0.60 % errors

target  grpc://localhost:8001, model small
load    constant, 1,006/s, 1.00 s measured, 1 thread, deadline 9.90 ms, seed 1

Objectives
  objective  verdict  measured
  p99<5ms    missed    9.91 ms

Requests
                     count    share     rate
  offered            1,006    100 %  1,006/s
  ok                 1,000   99.4 %  1,000/s
  good (ok in time)    990   98.4 %    990/s
  refused                5   0.50 %   5.00/s
  connection             1  0.099 %   1.00/s

Latency
               p50       p75       p90       p95       p99     p99.9    p99.99       max     mean
  latency  5.50 ms   7.75 ms   9.10 ms   9.55 ms   9.91 ms   9.99 ms*  10.0 ms*  10.0 ms  5.50 ms
  service  5.49 ms   7.74 ms   9.09 ms   9.54 ms   9.90 ms   9.98 ms*  9.99 ms*  9.99 ms  5.49 ms
  refusal   250 µs*   250 µs*   250 µs*   250 µs*   250 µs*   250 µs*   250 µs*   250 µs   250 µs
  lag      4.00 µs   4.00 µs   4.00 µs   4.00 µs   4.00 µs   4.00 µs*  4.00 µs*  4.00 µs  4.00 µs
  wait     6.00 µs   6.00 µs   6.00 µs   6.00 µs   6.00 µs   6.00 µs*  6.00 µs*  6.00 µs  6.00 µs
  * fewer than 10 requests are beyond it: one more run may move it a lot
  latency counts from the intended send, service from the actual one

Errors
  class       count  status  what was said
  refused         5     429  queue full
  connection      1       -  connection reset by peer

Where the time goes
                    fastest 50 %  50-90 %  90-99 %  99-99.9 %  slowest 0.1 %
  requests                   500      400       90          9              1
  mean latency           3.25 ms  7.30 ms  9.51 ms    9.95 ms        9.98 ms
    client wait          10.0 µs  10.0 µs  10.0 µs    10.0 µs        10.0 µs
    decode                100 µs   100 µs   100 µs     100 µs         100 µs
    queue                2.35 ms  6.40 ms  8.61 ms    9.05 ms        9.08 ms
    run                   600 µs   600 µs   600 µs     600 µs         600 µs
    network + rest        190 µs   190 µs   190 µs     190 µs         190 µs
  the slowest 0.1 % of the requests spend 91.0 % of their time in: queue

server     37.8 ms CPU a request, 38.0 cores busy, memory 212 MB, peak 264 MB, 18 threads,
           91,234 waits, 812 preemptions
generator  own lag p99 4.00 µs, p99.9 4.00 µs, busiest thread 21.0 % of a core, kept up
machine    AMD EPYC 9554 64-Core Processor, 8 cores, steal 0.12 %, other processes 2.00 %
network    sent 1.00 MB, received 250 kB, 2 connections opened

"""
