import Testing

@testable import LoadGenerator

@Suite struct StageTableTests {
  private func names(_ texts: [String]) -> StageNames {
    let names = StageNames()
    for text in texts {
      let bytes = Array(text.utf8)
      _ = names.index(of: bytes.span)
    }
    return names
  }

  private func table(
    _ latencies: [Int64], names: StageNames, queue: (Int64) -> Int64
  ) -> StageTable {
    var table = StageTable()
    for latency in latencies {
      var stages = ServerStages()
      stages.set(0, nanoseconds: queue(latency))
      table.record(stages, latency: latency, clientWait: 0, names: names)
    }
    return table
  }

  @Test func `equal latencies are shared out by rank, not put among the slowest`() {
    let names = names(["queue"])
    let table = table([Int64](repeating: 1_000_000, count: 10_000), names: names) { $0 / 2 }
    let bands = table.bands([0.5, 0.9, 0.99, 0.999])
    #expect(bands.map(\.count) == [5_000, 4_000, 900, 90, 10])
    #expect(bands.map(\.from) == [0, 0.5, 0.9, 0.99, 0.999])
    #expect(bands.allSatisfy { abs($0.latency - 1_000_000) < 1 && abs($0.stages[0] - 500_000) < 1 })
  }

  @Test func `the slowest are those of the percentile above them`() {
    // 99 % wait little; the last 1 % waits ten times as long, all of it in the queue.
    let latencies = (0..<1_000).map { Int64($0 % 100 == 99 ? 10_000_000 : 1_000_000 + $0) }
    let table = table(latencies, names: names(["queue"])) { $0 > 5_000_000 ? 9_000_000 : 0 }
    let bands = table.bands([0.5, 0.9, 0.99, 0.999])
    #expect(bands.map(\.count) == [500, 400, 90, 9, 1])
    #expect(bands[2].stages[0] == 0)
    #expect(bands[3].stages == [9_000_000] && bands[4].stages == [9_000_000])
    #expect(bands[3].rest == 1_000_000)
  }

  @Test func `any cut keeps every request and every nanosecond`() {
    let seed = UInt64.random(in: 0..<UInt64(UInt32.max))
    print("seed of the cuts: \(seed)")
    var random = RandomSource(seed: seed)
    for _ in 0..<50 {
      let count = 1 + random.below(2_000)
      let latencies = (0..<count).map { _ in Int64(1 + random.below(1 << (1 + random.below(30)))) }
      let table = table(latencies, names: names(["run"])) { $0 / 3 }
      let cuts = (0..<random.below(5)).map { _ in random.unit() }.sorted()
      let bands = table.bands(cuts)
      let total = Double(latencies.reduce(0, +))
      #expect(bands.reduce(0) { $0 + $1.count } == UInt64(count))
      let sum = bands.reduce(0) { $0 + $1.latency * Double($1.count) }
      #expect(abs(sum - total) <= total * 1e-9, "seed \(seed)")
      for (index, band) in bands.enumerated().dropFirst() {
        #expect(band.latency >= bands[index - 1].latency * (1 - 1e-9))
      }
    }
  }

  @Test func `threads that saw the stages in another order are merged by name`() {
    var first = table([1_000_000], names: names(["queue", "run"])) { _ in 300_000 }
    first.merge(table([1_000_000], names: names(["run", "queue"])) { _ in 500_000 })
    #expect(first.names == ["queue", "run"])
    #expect(first.bands([]).first?.stages == [150_000, 250_000])
  }
}
