import Testing
import Timing

@testable import LoadGenerator

@Suite struct ResamplingTests {
  @Test func `a weighted merge answers as the merged histograms do`() {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    var random = RandomSource(seed: seed)
    for precision in [LatencyHistogram.Precision.thirtySecond, .twoThousandth] {
      for _ in 0..<5 {
        let samples = (0..<6).map { _ in sample(precision, &random) }
        let table = SampleTable(samples)
        for _ in 0..<5 {
          let weights = (0..<6).map { _ in random.below(4) }
          guard weights.reduce(0, +) > 0 else { continue }
          check(table, samples, weights)
        }
      }
    }
  }

  private func check(_ table: SampleTable, _ samples: [ComparisonSample], _ weights: [Int]) {
    let drawn = zip(samples, weights).flatMap { [ComparisonSample](repeating: $0, count: $1) }
    var merged = drawn[0]
    for other in drawn.dropFirst() { merged.merge(other) }
    let places = weights.map { Double($0) }
    for quantile in [0.001, 0.5, 0.9, 0.99, 0.999] {
      let expected = merged.latency.quantile(quantile)
      let seen = table.value(.percentile(quantile), places) ?? -1
      // The largest duration of all samples may not be among those drawn.
      #expect(abs(seen - Double(expected)) <= Double(expected) / 16 + 4)
    }
    let seconds = Double(merged.elapsedNanoseconds) / 1e9
    let values: [(ComparisonMetric, Double)] = [
      (.mean, merged.latency.mean), (.throughput, Double(merged.counts[.ok]) / seconds),
      (.goodput, Double(merged.counts.good) / seconds),
      (.cpu, Double(merged.serverCPUNanoseconds ?? 0) / Double(merged.counts.reachedServer)),
    ]
    for (metric, expected) in values {
      let seen = table.value(metric, places) ?? -1
      #expect(abs(seen - expected) <= expected * 1e-9, "\(metric.name) \(seen) \(expected)")
    }
  }

  private func sample(
    _ precision: LatencyHistogram.Precision, _ random: inout RandomSource
  ) -> ComparisonSample {
    var histogram = LatencyHistogram(precision: precision)
    var counts = OutcomeCounts()
    for _ in 0..<(1 + random.below(300)) {
      histogram.record(Int64(random.below(1 << (1 + random.below(30)))))
      counts[.ok] += 1
    }
    counts.late = UInt64(random.below(Int(counts[.ok])))
    counts[.refused] = UInt64(random.below(50))
    return ComparisonSample(
      latency: histogram, counts: counts, elapsedNanoseconds: Int64(1 + random.below(1 << 33)),
      serverCPUNanoseconds: Int64(random.below(1 << 30)))
  }

  @Test(arguments: [(10, 1), (10, 3), (7, 7), (5, 100), (1, 1)])
  func `a resample has as many rounds, each as likely`(count: Int, block: Int) {
    var resampler = RoundResampler(
      count: count, blockLength: block, random: RandomSource(seed: 77))
    #expect(resampler.units == count / min(block, count))
    var sums = [Double](repeating: 0, count: count)
    var weights = sums
    for _ in 0..<2_000 {
      resampler.draw(into: &weights)
      #expect(weights.reduce(0, +) == Double(count))
      for index in weights.indices { sums[index] += weights[index] }
    }
    #expect(sums.allSatisfy { abs($0 - 2_000) < 600 }, "\(sums)")
  }

  @Test func `the tails are those of Student, widened`() {
    #expect(abs(IntervalLevels.normalQuantile(0.975) - 1.959964) < 1e-5)
    #expect(abs(IntervalLevels.normalQuantile(0.5)) < 1e-9)
    for (degrees, value) in [(4.0, 2.776), (9, 2.262), (29, 2.045), (1e9, 1.960)] {
      let seen = IntervalLevels.studentQuantile(1.959964, degrees: degrees)
      #expect(abs(seen / value - 1) < 0.004)
    }
    #expect(abs(IntervalLevels.tail(confidence: 0.95, units: 1_000_000) - 0.025) < 1e-4)
    #expect(IntervalLevels.tail(confidence: 0.95, units: 5) < 0.002)
    #expect(IntervalLevels.tail(confidence: 0.95, units: 1) > 0)
  }

  @Test func `windows become samples, the last as long as it was`() {
    var recording = LoadRecording()
    recording.elapsedNanoseconds = 2_500
    recording.windows = [WindowRecording(), WindowRecording(), WindowRecording()]
    let samples = ComparisonSample.windows(recording, windowNanoseconds: 1_000)
    #expect(samples.map(\.elapsedNanoseconds) == [1_000, 1_000, 500])
    let round = ComparisonSample(recording, serverCPUNanoseconds: 5)
    #expect(round.elapsedNanoseconds == 2_500 && round.serverCPUNanoseconds == 5)
  }

  @Test func `metrics are named and written as objectives are`() {
    #expect(ComparisonMetric.percentile(0.999).name == "p99.9")
    #expect(ComparisonMetric.percentile(0.9999).name == "p99.99")
    #expect(ComparisonMetric.percentile(0.5).name == "p50")
    #expect(ComparisonMetric.mean.format(4_210_000) == "4.21 ms")
    #expect(ComparisonMetric.goodput.format(1520) == "1520/s")
    #expect(ComparisonMetric.throughput.moreIsBetter && !ComparisonMetric.cpu.moreIsBetter)
  }
}
