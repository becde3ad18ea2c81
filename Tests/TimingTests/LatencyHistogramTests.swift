import Testing
import Timing

@Suite struct LatencyHistogramTests {
  @Test func `an empty histogram answers zero everywhere`() {
    let histogram = LatencyHistogram()
    #expect(histogram.count == 0)
    #expect(histogram.sum == 0)
    #expect(histogram.max == 0)
    #expect(histogram.mean == 0)
    #expect(histogram.quantile(0.99) == 0)
    #expect(histogram.cumulativeCounts(at: [1_000, 1_000_000]) == [0, 0])
  }

  @Test func `one duration is every quantile of itself`() {
    for nanoseconds: Int64 in [0, 1, 100, 1_000, 54_321, 1_000_000_000, 90_000_000_000] {
      var histogram = LatencyHistogram()
      histogram.record(nanoseconds)
      for quantile in [0, 0.5, 0.999, 1] {
        #expect(isClose(histogram.quantile(quantile), to: nanoseconds))
      }
      #expect(histogram.max == nanoseconds)
      #expect(histogram.sum == UInt64(nanoseconds))
    }
  }

  /// Fractions that a `Double` holds a little too large, and their multiples, must not step on.
  @Test func `a rank is that of the decimal fraction`() {
    for thousand in 1...60 as ClosedRange<UInt64> {
      let count = thousand * 1_000
      for perThousand in [1, 10, 70, 290, 500, 570, 580, 900, 990, 999] as [UInt64] {
        let exact = count / 1_000 * perThousand
        for fraction in [Double(perThousand) / 1_000, Double(perThousand) / 10 / 100] {
          #expect(LatencyHistogram.rank(of: fraction, in: count) == exact)
        }
        // One more value, and the fraction reaches into it.
        let more = LatencyHistogram.rank(of: Double(perThousand) / 1_000, in: count + 1)
        #expect(more == exact + 1)
      }
    }
    #expect(LatencyHistogram.rank(of: 0, in: 10) == 1)
    #expect(LatencyHistogram.rank(of: 2, in: 10) == 10)
    #expect(LatencyHistogram.rank(of: .nan, in: 10) == 10)
  }

  @Test(arguments: [
    (LatencyHistogram.Precision.thirtySecond, 32 as Int64), (.twoHundredFiftySixth, 256),
    (.twoThousandth, 2048),
  ])
  func `every quantile is within its precision of the sorted truth`(
    precision: LatencyHistogram.Precision, parts: Int64
  ) {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    var generator = SeededGenerator(state: seed)
    for round in 0..<20 {
      var histogram = LatencyHistogram(precision: precision)
      var truth: [Int64] = []
      for _ in 0..<Int.random(in: 1...5_000, using: &generator) {
        let bits = Int64.random(in: 0...36, using: &generator)
        let value = Int64.random(in: 0...(1 << bits), using: &generator)
        truth.append(value)
        histogram.record(value)
      }
      truth.sort()
      #expect(histogram.count == UInt64(truth.count))
      #expect(histogram.max == truth[truth.count - 1])
      for quantile in [0, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 0.9999, 1] {
        let rank = max(1, Int((quantile * Double(truth.count)).rounded(.up)))
        let expected = truth[rank - 1]
        let seen = histogram.quantile(quantile)
        let error = abs(seen - expected)
        #expect(
          error <= max(precision == .thirtySecond ? 4 : 1, expected / parts),
          "round \(round) q \(quantile): \(seen) \(expected)")
      }
    }
  }

  @Test func `a histogram written as its occupied buckets reads back the same`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    var generator = SeededGenerator(state: seed)
    for precision in [
      LatencyHistogram.Precision.thirtySecond, .twoHundredFiftySixth, .twoThousandth,
    ] {
      var histogram = LatencyHistogram(precision: precision)
      for _ in 0..<1_000 {
        let value = Int64.random(in: 0...(1 << 40), using: &generator)
        histogram.record(value)
        let bucket = histogram.bucket(of: value)
        #expect(histogram.lowerBound(of: bucket) <= value)
        if bucket < histogram.bucketCount - 1 {
          #expect(value < histogram.lowerBound(of: bucket) + histogram.width(of: bucket))
        }
      }
      let read = try #require(
        LatencyHistogram(
          precision: precision, occupied: histogram.occupied, sum: histogram.sum,
          max: histogram.max))
      #expect(read.count == histogram.count)
      #expect(read.sum == histogram.sum)
      for step in 0...1_000 {
        #expect(read.quantile(Double(step) / 1_000) == histogram.quantile(Double(step) / 1_000))
      }
      #expect(
        LatencyHistogram(
          precision: precision, occupied: [(histogram.bucketCount, 1)], sum: 0, max: 0) == nil)
      #expect(
        LatencyHistogram(
          precision: precision, occupied: [(0, .max), (1, 1)], sum: 0, max: 0) == nil)
    }
  }

  @Test func `a merged histogram is the histogram of both`() {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    var generator = SeededGenerator(state: seed)
    var left = LatencyHistogram()
    var right = LatencyHistogram()
    var whole = LatencyHistogram()
    for _ in 0..<10_000 {
      let value = Int64.random(in: 0...5_000_000, using: &generator)
      if Bool.random(using: &generator) { left.record(value) } else { right.record(value) }
      whole.record(value)
    }
    left.merge(right)
    #expect(left.count == whole.count)
    #expect(left.sum == whole.sum)
    #expect(left.max == whole.max)
    for step in 0...100 {
      #expect(left.quantile(Double(step) / 100) == whole.quantile(Double(step) / 100))
    }
  }

  @Test func `counts at boundaries never fall and differ from the truth only near a boundary`() {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    var generator = SeededGenerator(state: seed)
    let boundaries: [Int64] = [25_000, 50_000, 100_000, 1_000_000, 50_000_000, 10_000_000_000]
    var histogram = LatencyHistogram()
    var truth: [Int64] = []
    for _ in 0..<20_000 {
      let bits = Int64.random(in: 10...36, using: &generator)
      let value = Int64.random(in: 0...(1 << bits), using: &generator)
      truth.append(value)
      histogram.record(value)
    }
    let counts = histogram.cumulativeCounts(at: boundaries)
    var previous: UInt64 = 0
    for (boundary, count) in zip(boundaries, counts) {
      #expect(count >= previous)
      previous = count
      let fewest = truth.count { $0 <= boundary - boundary / 16 }
      let most = truth.count { $0 <= boundary + boundary / 16 }
      #expect(count >= UInt64(fewest))
      #expect(count <= UInt64(most))
    }
  }

  @Test func `durations beyond the range and negative ones are counted, not lost`() {
    var histogram = LatencyHistogram()
    histogram.record(-5)
    histogram.record(.max)
    histogram.record(1_000_000_000_000)
    #expect(histogram.count == 3)
    #expect(histogram.max == .max)
    #expect(histogram.quantile(1) == .max)
    #expect(histogram.quantile(0) <= 2)
    #expect(histogram.cumulativeCounts(at: [.max - 1]) == [3])
  }

  @Test func `a duration recorded for a whole batch counts once for each member`() {
    var histogram = LatencyHistogram()
    histogram.record(1_000, times: 8)
    histogram.record(9_000, times: 0)
    #expect(histogram.count == 8)
    #expect(histogram.sum == 8_000)
    #expect(histogram.max == 1_000)
    #expect(histogram.mean == 1_000)
  }

  @Test func `a quantile outside zero to one is clamped`() {
    var histogram = LatencyHistogram()
    histogram.record(1_000)
    histogram.record(2_000)
    #expect(isClose(histogram.quantile(-1), to: 1_000))
    #expect(isClose(histogram.quantile(7), to: 2_000))
    #expect(isClose(histogram.quantile(.nan), to: 2_000))
  }

  @Test func `stages number the histograms in the order a request meets them`() {
    #expect(Stage.allCases.map(\.rawValue) == Array(0..<Stage.allCases.count))
    #expect(
      Stage.allCases.map(\.name) == [
        "decode", "queue", "batch_wait", "gather", "run", "scatter", "encode", "total",
      ])
  }

  private func isClose(_ seen: Int64, to expected: Int64) -> Bool {
    abs(seen - expected) <= max(4, expected / 32)
  }
}

/// SplitMix64: the same walk for the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
