import Testing
import Timing

@testable import LoadGenerator

@Suite struct SummaryTests {
  @Test func `percentiles are the histogram's own`() {
    let recording = ResultFixtures.recording(seconds: 1)
    let figures = LatencyFigures(recording.latency)
    for percentile in LatencyFigures.percentiles {
      #expect(figures[percentile.name] == recording.latency.quantile(percentile.quantile))
    }
    #expect(figures["p98"] == nil)
    #expect(figures.max == recording.latency.max)
    #expect(figures.mean == recording.latency.mean)
  }

  @Test(arguments: [
    (999, 0.99, true), (1_000, 0.99, false), (9_999, 0.999, true), (10_000, 0.999, false),
    (100_000, 0.9999, false), (99_999, 0.9999, true), (0, 0.5, true), (20, 0.5, false),
  ])
  func `a percentile with fewer than ten requests beyond it is sparse`(
    count: Int, quantile: Double, isSparse: Bool
  ) {
    var histogram = LatencyHistogram(precision: .twoThousandth)
    histogram.record(5, times: UInt64(count))
    #expect(LatencyFigures(histogram).isSparse(quantile) == isSparse)
  }

  @Test func `answers after the last send lower the throughput and not the offered rate`() {
    var recording = LoadRecording()
    recording.counts.offered = 1_000
    recording.counts[.ok] = 900
    recording.counts.late = 100
    recording.elapsedNanoseconds = 2_000_000_000
    let summary = BenchSummary(recording, durationNanoseconds: 1_000_000_000)
    #expect(summary.offeredRate == 1_000)
    #expect(summary.throughput == 450)
    #expect(summary.goodput == 400)
  }

  @Test func `a run that ends early counts the time it had`() {
    var recording = LoadRecording()
    recording.counts.offered = 1_000
    recording.elapsedNanoseconds = 500_000_000
    #expect(BenchSummary(recording, durationNanoseconds: 1_000_000_000).offeredRate == 2_000)
    recording.elapsedNanoseconds = 0
    #expect(BenchSummary(recording, durationNanoseconds: 1_000_000_000).offeredRate == 0)
    recording.elapsedNanoseconds = 1_000_000_000
    #expect(BenchSummary(recording, durationNanoseconds: 0).offeredRate == 1_000)
  }

  @Test func `counts keep every outcome and add up`() {
    var counts = OutcomeCounts()
    for (index, outcome) in Outcome.allCases.enumerated() {
      counts[outcome] = UInt64(1) << UInt64(index)
    }
    counts.offered = 127
    counts.late = 5
    let figures = CountFigures(counts)
    for outcome in Outcome.allCases { #expect(figures[outcome] == counts[outcome]) }
    #expect(figures.errors == counts.errors)
    #expect(figures.good == counts.good)
    #expect(figures.share(0) == 0)
    #expect(CountFigures().share(3) == 0)
  }

  @Test func `the total of the server is no stage of its own`() {
    let result = ResultFixtures.small()
    #expect(result.stages.names == ["decode", "queue", "run"])
    let band = result.stages.overall
    #expect(band?.count == 1_000)
    #expect(band.map { abs($0.rest - 190_000) < 1 } == true)
    #expect(result.stages.mean(of: "run") == 600_000)
    #expect(result.stages.mean(of: "total") == nil)
    #expect(result.stages.bands.map(\.to) == [0.5, 0.9, 0.99, 1] || result.stages.bands.count <= 5)
    #expect(result.stages.bands.reduce(0) { $0 + $1.count } == 1_000)
  }

  @Test func `the most frequent errors come first`() {
    #expect(ResultFixtures.small().errors.map(\.count) == [5, 1])
  }

  @Test func `CPU is shared among the requests that reached the server`() {
    var counts = CountFigures()
    #expect(ResultFixtures.server.cpuPerRequest(counts) == nil)
    counts.unsent = 50
    counts.ok = 30_000
    counts.refused = 8_000
    #expect(ResultFixtures.server.cpuPerRequest(counts) == 1_000_000)
  }

  @Test func `a run holds only if every objective was measured and held`() {
    var result = ResultFixtures.load(seconds: 1)
    #expect(result.holds)
    result.verdicts.append(.init(objective: "cpu<1ms", state: .notMeasured, measured: ""))
    #expect(!result.holds)
    #expect(!ResultFixtures.scenario().holds)
  }

  @Test func `a search's curve is sorted and keeps the order of repeats`() {
    let curve = ResultFixtures.search().curve
    #expect(curve.map(\.rate) == curve.map(\.rate).sorted())
    #expect(curve.filter { $0.rate == 2_500 }.map(\.step) == ["bisect", "confirm"])
  }
}
