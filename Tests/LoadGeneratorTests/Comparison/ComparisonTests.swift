import Testing
import Timing

@testable import LoadGenerator

@Suite struct ComparisonTests {
  /// Something like a normal number, mean 0 and deviation 1.
  private func bell(_ random: inout RandomSource) -> Double {
    var sum = -6.0
    for _ in 0..<12 { sum += random.unit() }
    return sum
  }

  /// A round of latencies around `milliseconds`, in buckets of 1/256.
  private func sample(
    _ milliseconds: Double, requests: Int, _ random: inout RandomSource
  ) -> ComparisonSample {
    var histogram = LatencyHistogram(precision: .twoHundredFiftySixth)
    for _ in 0..<requests {
      histogram.record(Int64(milliseconds * 1e6 * (0.7 + 0.3 * random.exponential())))
    }
    var counts = OutcomeCounts()
    counts.offered = UInt64(requests)
    counts[.ok] = UInt64(requests)
    return ComparisonSample(
      latency: histogram, counts: counts,
      elapsedNanoseconds: Int64(Double(requests) * milliseconds * 1e6),
      serverCPUNanoseconds: Int64(Double(requests) * milliseconds * 1e5))
  }

  /// Rounds of two servers, B `factor` times as slow as A, on a machine with moods of 5 %.
  private func rounds(
    _ count: Int, factor: Double, requests: Int = 200, mood: Double = 0.05,
    _ random: inout RandomSource
  ) -> [(a: ComparisonSample, b: ComparisonSample)] {
    (0..<count).map { _ in
      let machine = 1 + mood * bell(&random)
      let a = sample(4 * machine * (1 + 0.01 * bell(&random)), requests: requests, &random)
      let b = sample(
        4 * factor * machine * (1 + 0.01 * bell(&random)), requests: requests, &random)
      return (a, b)
    }
  }

  private var quick: Comparison.Options {
    var options = Comparison.Options()
    options.resamples = 300
    return options
  }

  @Test func `a server is rarely found different from itself`() {
    var random = RandomSource(seed: 4711)
    var wrong = 0
    var outside = 0
    let pairs = 200
    for _ in 0..<pairs {
      var options = quick
      options.minimumEffect = 0
      options.seed = random.next()
      let result = Comparison(
        rounds: rounds(8, factor: 1, requests: 60, &random), options: options
      ).judge([.mean])[0]
      if result.verdict == .faster || result.verdict == .slower { outside += 1 }
      options.minimumEffect = 0.02
      if let ratio = result.ratio, ratio.high < 0.98 || ratio.low > 1.02 { wrong += 1 }
    }
    print("of \(pairs): \(outside) without a smallest effect, \(wrong) with 2 %")
    // 5 % nominal; 10 expected, 20 is three deviations above.
    #expect(outside <= 20)
    #expect(wrong <= 10)
  }

  @Test func `a tenth more is found, on any metric and in either direction`() {
    var random = RandomSource(seed: 99)
    for (factor, verdict) in [(1.1, ComparisonVerdict.slower), (1 / 1.1, .faster)] {
      let rounds = rounds(20, factor: factor, requests: 1_000, &random)
      let results = Comparison(rounds: rounds, options: quick).judge([
        .percentile(0.5), .percentile(0.9), .mean, .throughput, .goodput, .cpu,
      ])
      for result in results {
        #expect(result.verdict == verdict, "\(result.text)")
        let expected = result.metric.moreIsBetter ? 1 / factor : factor
        let ratio = result.ratio
        #expect((ratio?.low ?? 9) < expected * 1.02 && (ratio?.high ?? 0) > expected * 0.98)
        #expect(result.difference.map { ($0.value > 0) == (result.b > result.a) } == true)
      }
    }
  }

  @Test func `rounds side by side see what the machine's moods hide from runs apart`() {
    var random = RandomSource(seed: 5)
    let rounds = rounds(15, factor: 1.08, requests: 400, mood: 0.2, &random)
    var options = quick
    options.blockLength = 1
    let paired = Comparison(rounds: rounds, options: options).judge([.mean])[0]
    let apart = Comparison(a: rounds.map(\.a), b: rounds.map(\.b), options: options)
      .judge([.mean])[0]
    #expect(paired.verdict == .slower, "\(paired.text)")
    #expect(apart.verdict == .cannotTell, "\(apart.text)")
    #expect(apart.reason == "the interval is too wide; more rounds make it narrower")
  }

  @Test func `equal servers with much measured are the same`() {
    var random = RandomSource(seed: 6)
    let rounds = rounds(30, factor: 1, requests: 2_000, &random)
    let result = Comparison(rounds: rounds, options: quick).judge([.mean])[0]
    #expect(result.verdict == .same, "\(result.text)")
    #expect(result.text.hasPrefix("mean: the same: A "))
  }

  @Test func `windows of two runs are compared in blocks`() {
    var random = RandomSource(seed: 7)
    for (factor, verdict) in [(1.1, ComparisonVerdict.slower), (0.9, .faster)] {
      let a = (0..<60).map { _ in sample(4, requests: 200, &random) }
      let b = (0..<45).map { _ in sample(4 * factor, requests: 200, &random) }
      let result = Comparison(a: a, b: b, options: quick).judge([.percentile(0.5), .mean])
      #expect(result.map(\.verdict) == [verdict, verdict])
    }
  }

  @Test func `very many windows are merged with their neighbours`() {
    var random = RandomSource(seed: 8)
    let windows = (0..<1_200).map { _ in sample(4, requests: 5, &random) }
    var options = quick
    options.resamples = 100
    let result = Comparison(a: windows, b: windows, options: options).judge([.mean, .throughput])
    #expect(result.map { $0.ratio?.value } == [1, 1])
    #expect(result.allSatisfy { $0.verdict == .same })
  }

  @Test(arguments: [0, 1, 4])
  func `few rounds tell nothing`(count: Int) {
    var random = RandomSource(seed: 9)
    let rounds = rounds(count, factor: 2, &random)
    for result in [
      Comparison(rounds: rounds, options: quick).judge([.mean])[0],
      Comparison(a: rounds.map(\.a), b: rounds.map(\.b), options: quick).judge([.mean])[0],
    ] {
      #expect(result.verdict == .cannotTell)
      let reason = count == 0 ? "neither side measured" : "\(count) independent rounds"
      #expect(result.reason.contains(reason), "\(result.reason)")
      #expect(result.text == "mean: cannot tell: \(result.reason)")
    }
  }

  @Test func `a percentile beyond what was measured tells nothing`() {
    var random = RandomSource(seed: 10)
    let rounds = rounds(10, factor: 3, requests: 100, &random)
    let result = Comparison(rounds: rounds, options: quick).judge([
      .percentile(0.999), .percentile(0.99),
    ])
    #expect(result[0].verdict == .cannotTell)
    #expect(result[0].reason == "too few requests beyond p99.9: run longer")
    #expect(result[0].ratio != nil)
    #expect(result[1].verdict == .slower)
  }

  @Test func `what one side lacks is said`() {
    var random = RandomSource(seed: 11)
    var rounds = rounds(6, factor: 1, &random)
    rounds[3].b.serverCPUNanoseconds = nil
    var result = Comparison(rounds: rounds, options: quick).judge([.cpu])[0]
    #expect(result.reason == "B not measured" && result.verdict == .cannotTell)
    let empty = ComparisonSample(
      latency: LatencyHistogram(), counts: OutcomeCounts(), elapsedNanoseconds: 0)
    for index in rounds.indices { rounds[index].a = empty }
    result = Comparison(rounds: rounds, options: quick).judge([.percentile(0.5)])[0]
    #expect(result.reason == "A not measured")
  }

  @Test func `a side that did nothing has no ratio`() {
    var random = RandomSource(seed: 12)
    var rounds = rounds(6, factor: 1, &random)
    for index in rounds.indices { rounds[index].a.counts = OutcomeCounts() }
    let result = Comparison(rounds: rounds, options: quick).judge([.throughput])[0]
    #expect(result.ratio == nil && result.difference != nil)
    #expect(result.reason == "A is 0 in some rounds, so there is no ratio")
  }

  @Test func `rounds that are nearly all empty tell nothing`() {
    var random = RandomSource(seed: 13)
    var rounds = rounds(6, factor: 1, &random)
    for index in 1..<6 {
      rounds[index].a.latency = LatencyHistogram(precision: .twoHundredFiftySixth)
    }
    let result = Comparison(rounds: rounds, options: quick).judge([.mean])[0]
    #expect(result.reason == "some rounds measured nothing")
  }

  @Test func `the same seed gives the same intervals`() {
    var random = RandomSource(seed: 14)
    let rounds = rounds(8, factor: 1.05, &random)
    let first = Comparison(rounds: rounds, options: quick).judge()
    #expect(first == Comparison(rounds: rounds, options: quick).judge())
    var options = quick
    options.seed = 2
    #expect(first != Comparison(rounds: rounds, options: options).judge())
    #expect(first.map(\.metric.name) == [
      "p50", "p90", "p99", "p99.9", "mean", "throughput", "goodput", "cpu",
    ])
    #expect(first.allSatisfy { !$0.text.isEmpty })
  }
}
