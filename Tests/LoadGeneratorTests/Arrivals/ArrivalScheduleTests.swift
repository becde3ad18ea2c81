import LoadGenerator
import Testing

@Suite struct ArrivalScheduleTests {
  /// The first `count` arrivals of all shares together, in order.
  private func arrivals(
    _ process: ArrivalProcess, _ count: Int, seed: UInt64 = 7, shares: Int = 1
  ) -> [Int64] {
    var all: [Int64] = []
    for share in 0..<shares {
      var schedule = ArrivalSchedule(process, seed: seed, share: share, of: shares)
      var last: Int64 = 0
      for _ in 0..<count {
        guard let next = schedule.next() else { break }
        #expect(next >= last)
        last = next
        all.append(next)
      }
    }
    return Array(all.sorted().prefix(count))
  }

  /// Arrivals before `seconds`, of all shares together.
  private func arrivals(
    _ process: ArrivalProcess, before seconds: Double, seed: UInt64, shares: Int = 1
  ) -> [Int64] {
    var all: [Int64] = []
    for share in 0..<shares {
      var schedule = ArrivalSchedule(process, seed: seed, share: share, of: shares)
      while let next = schedule.next(), Double(next) < seconds * 1e9 { all.append(next) }
    }
    return all.sorted()
  }

  /// Five standard deviations of a Poisson count: off by chance once in millions.
  private func isLikely(_ count: Int, expected: Double) -> Bool {
    abs(Double(count) - expected) <= 5 * expected.squareRoot() + 1
  }

  @Test func `even arrivals are whole fractions of a second`() {
    #expect(
      arrivals(.constant(rate: 4), 5) == [0, 250_000_000, 500_000_000, 750_000_000, 1_000_000_000])
    #expect(arrivals(.constant(rate: 3), 4) == [0, 333_333_333, 666_666_667, 1_000_000_000])
    #expect(arrivals(.constant(rate: 0.5), 3) == [0, 2_000_000_000, 4_000_000_000])
    #expect(arrivals(.constant(rate: 1e9), 3) == [0, 1, 2])
  }

  @Test(arguments: [1, 3, 7, 16])
  func `even arrivals split over threads without drift`(shares: Int) {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    var random = RandomSource(seed: seed)
    for _ in 0..<20 {
      let rate = Double.random(in: 0.01...20_000, using: &random)
      let seen = arrivals(.constant(rate: rate), 2_000, shares: shares)
      for (index, time) in seen.enumerated() {
        let exact = Double(index) * 1e9 / rate
        #expect(abs(Double(time) - exact) <= 0.5 + exact * 1e-15, "\(rate) \(index)")
      }
    }
  }

  @Test func `the billionth even arrival comes on time`() {
    // The last of a billion threads of which each sends one: a schedule's first time is exact.
    for (rate, share) in [(1_000.0, 65_535), (7.0, 49_999), (1e6 / 3, 12_345)] {
      var schedule = ArrivalSchedule(.constant(rate: rate), seed: 1, share: share, of: 65_536)
      var last: Int64 = 0
      // 15 259 steps of 65 536 threads: arrival number 1e9.
      for _ in 0...15_259 { last = schedule.next() ?? -1 }
      let index = Double(share + 15_259 * 65_536)
      let exact = index / rate
      #expect(abs(Double(last) / 1e9 - exact) <= 1e-9 + exact * 4e-16)
    }
  }

  @Test func `a rate that means nothing yields nothing`() {
    for rate in [0, -1, .nan, .infinity] as [Double] {
      for process in [
        ArrivalProcess.constant(rate: rate), .bursts(
          base: rate == .infinity ? 0 : rate, peak: 0, onSeconds: 1, offSeconds: 1),
        .ramp(from: rate, to: 0, seconds: 1),
        .trace(offsets: [1, 2], periodNanoseconds: nil, speed: rate),
      ] {
        var schedule = ArrivalSchedule(process, seed: 1)
        #expect(schedule.next() == nil, "\(process)")
      }
    }
    for rate in [0, -1, .nan] as [Double] {
      var schedule = ArrivalSchedule(.poisson(rate: rate), seed: 1)
      #expect(schedule.next() == nil)
    }
    var slow = ArrivalSchedule(.constant(rate: 1e-6), seed: 1, share: 1, of: 65_536)
    #expect(slow.next() == 1_000_000_000_000_000)
    #expect(slow.next() == nil)
  }

  @Test(arguments: [1, 4])
  func `independent arrivals have the rate, and gaps of an exponential law`(shares: Int) {
    let rate = 5_000.0
    let seen = arrivals(.poisson(rate: rate), before: 10, seed: 42, shares: shares)
    #expect(isLikely(seen.count, expected: 50_000))
    let gaps = zip(seen, seen.dropFirst()).map { Double($1 - $0) * rate / 1e9 }
    for limit in [0.1, 0.5, 1, 2, 4] {
      let longer = gaps.count { $0 > limit }
      #expect(isLikely(longer, expected: Double(gaps.count) * Self.exponential(limit)))
    }
    // Neighbouring gaps are independent.
    let products = zip(gaps, gaps.dropFirst()).map { ($0 - 1) * ($1 - 1) }
    #expect(abs(products.reduce(0, +) / Double(products.count)) < 0.03)
  }

  /// e to the minus `x`, by its series.
  private static func exponential(_ x: Double) -> Double {
    var (sum, term) = (1.0, 1.0)
    for index in 1..<60 {
      term *= x / Double(index)
      sum += term
    }
    return 1 / sum
  }

  @Test func `the same seed gives the same times and another gives others`() {
    let process = ArrivalProcess.bursts(base: 10, peak: 1000, onSeconds: 0.1, offSeconds: 0.2)
    #expect(arrivals(process, 500, seed: 3) == arrivals(process, 500, seed: 3))
    #expect(arrivals(process, 500, seed: 3) != arrivals(process, 500, seed: 4))
    var a = ArrivalSchedule(.poisson(rate: 1), seed: 3, share: 0, of: 2)
    var b = ArrivalSchedule(.poisson(rate: 1), seed: 3, share: 1, of: 2)
    #expect(a.next() != b.next())
  }

  @Test(arguments: [1, 3])
  func `bursts have their two rates in their two stretches`(shares: Int) {
    let process = ArrivalProcess.bursts(base: 200, peak: 3_000, onSeconds: 0.5, offSeconds: 1.5)
    let seen = arrivals(process, before: 20, seed: 11, shares: shares)
    let inPeak = seen.count { $0 % 2_000_000_000 < 500_000_000 }
    #expect(isLikely(inPeak, expected: 15_000))
    #expect(isLikely(seen.count - inPeak, expected: 3_000))
    // Inside a peak, the first half is as busy as the second.
    let firstHalf = seen.count { $0 % 2_000_000_000 < 250_000_000 }
    #expect(isLikely(firstHalf, expected: 7_500))
  }

  @Test func `bursts without a base are silent between peaks`() {
    let process = ArrivalProcess.bursts(base: 0, peak: 1_000, onSeconds: 0.01, offSeconds: 0.99)
    let seen = arrivals(process, before: 100, seed: 5)
    #expect(isLikely(seen.count, expected: 1_000))
    #expect(seen.allSatisfy { $0 % 1_000_000_000 <= 10_000_000 })
  }

  @Test func `bursts of next to nothing skip the silence at once`() {
    let process = ArrivalProcess.bursts(base: 0, peak: 0.001, onSeconds: 0.001, offSeconds: 0.001)
    let seen = arrivals(process, 200, seed: 5)
    // One arrival in a million periods: 2000 s on average.
    #expect(seen.count == 200)
    let mean = Double(seen.last ?? 0) / 200 / 1e9
    #expect(mean > 1_300 && mean < 2_700)
    #expect(seen.allSatisfy { $0 % 2_000_000 <= 1_000_000 })
  }

  @Test(arguments: [(10.0, 4_000.0), (4_000, 10), (0, 2_000), (500, 500)])
  func `a ramp has the rate of its straight line`(from: Double, to: Double) {
    let process = ArrivalProcess.ramp(from: from, to: to, seconds: 10)
    for shares in [1, 3] {
      let seen = arrivals(process, before: 15, seed: 9, shares: shares)
      for second in 0..<15 {
        let count = seen.count { $0 / 1_000_000_000 == second }
        let expected = second < 10 ? from + (to - from) * (Double(second) + 0.5) / 10 : to
        #expect(isLikely(count, expected: expected), "second \(second): \(count) \(expected)")
      }
    }
  }

  @Test func `a ramp to nothing ends`() {
    let seen = arrivals(.ramp(from: 1_000, to: 0, seconds: 1), 100_000, seed: 2)
    #expect(isLikely(seen.count, expected: 500))
    #expect(seen.allSatisfy { $0 <= 1_000_000_000 })
  }

  @Test func `a trace plays as recorded, faster, and again`() {
    let offsets: [Int64] = [0, 10, 10, 40]
    let once = ArrivalProcess.trace(offsets: offsets, periodNanoseconds: nil, speed: 1)
    #expect(arrivals(once, 10) == offsets)
    let twice = ArrivalProcess.trace(offsets: offsets, periodNanoseconds: nil, speed: 2)
    #expect(arrivals(twice, 10) == [0, 5, 5, 20])
    let again = ArrivalProcess.trace(offsets: offsets, periodNanoseconds: 50, speed: 1)
    #expect(arrivals(again, 10) == [0, 10, 10, 40, 50, 60, 60, 90, 100, 110])
    let none = ArrivalProcess.trace(offsets: [], periodNanoseconds: 5, speed: 1)
    #expect(arrivals(none, 3).isEmpty)
  }

  @Test(arguments: [1, 2, 3, 5, 9])
  func `the threads of a trace play it all, each arrival once`(shares: Int) {
    let offsets: [Int64] = [0, 10, 20, 45]
    let process = ArrivalProcess.trace(offsets: offsets, periodNanoseconds: 60, speed: 1)
    let whole = arrivals(process, 36)
    var parts: [Int64] = []
    for share in 0..<shares {
      var schedule = ArrivalSchedule(process, seed: 1, share: share, of: shares)
      while let next = schedule.next(), next < 9 * 60 { parts.append(next) }
    }
    #expect(parts.sorted() == whole)
  }

  @Test func `a schedule ends before its clock overflows`() {
    let far = Int64.max - 10
    for process in [
      ArrivalProcess.trace(offsets: [0, far], periodNanoseconds: far, speed: 1),
      .trace(offsets: [0, far], periodNanoseconds: nil, speed: 0.001),
      .poisson(rate: 1e-9), .constant(rate: 1e-6), .ramp(from: 1e-9, to: 1e-9, seconds: 1),
      .bursts(base: 1e-12, peak: 1e-12, onSeconds: 1e12, offSeconds: 1e12),
    ] {
      var schedule = ArrivalSchedule(process, seed: 1)
      var last: Int64 = 0
      for _ in 0..<100_000 {
        guard let next = schedule.next() else { break }
        #expect(next >= last)
        last = next
      }
      #expect(schedule.next() == nil, "\(process)")
    }
  }

  @Test func `random sources repeat by seed, differ by stream and spread evenly`() {
    var first = RandomSource(seed: 1234567)
    // The published sequence of SplitMix64.
    #expect(first.next() == 6_457_827_717_110_365_317)
    #expect(first.next() == 3_203_168_211_198_807_973)
    var a = RandomSource(seed: 1, stream: 0)
    var b = RandomSource(seed: 1, stream: 1)
    #expect(a.next() != b.next())
    var below = [Int](repeating: 0, count: 7)
    for _ in 0..<70_000 {
      let unit = a.unit()
      #expect(unit > 0 && unit <= 1)
      below[b.below(7)] += 1
    }
    #expect(below.allSatisfy { isLikely($0, expected: 10_000) })
  }
}
