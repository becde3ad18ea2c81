import Testing

@testable import LoadGenerator

@Suite struct ProgressLineTests {
  private func progress(elapsed: Int64 = 12_000_000_000) -> LoadProgress {
    var counts = OutcomeCounts()
    counts.offered = 24_000
    counts[.ok] = 23_900
    counts[.refused] = 90
    counts[.unanswered] = 10
    return LoadProgress(
      elapsedNanoseconds: elapsed, plannedNanoseconds: 30_000_000_000, counts: counts,
      windowRate: 1_990, windowP50: 1_050_000, windowP99: 4_210_000, windowMax: 11_000_000,
      lagP99: 6_000, underWay: 12)
  }

  @Test func `the line names what matters`() {
    var figures = progress()
    let line =
      "12/30 s  24,000 due  1,990/s  p50 1.05 ms p99 4.21 ms max 11.0 ms  90 refused  "
      + "10 unanswered"
    #expect(ProgressLine.text(figures) == line)
    figures.lagP99 = 600_000
    #expect(ProgressLine.text(figures, width: 200) == line + "  lag 600 µs")
    #expect(ProgressLine.text(progress(elapsed: -3_000_000_000)).hasPrefix("warm-up 3.00 s left"))
  }

  @Test func `the line never wraps`() {
    for width in [0, 20, 40, 80, 100, 300] {
      let line = ProgressLine.rewritten(progress(), width: width)
      #expect(line.hasPrefix("\r") && line.hasSuffix("\u{1B}[K"))
      #expect(line.dropFirst().dropLast(3).count < min(100, max(20, width)))
    }
    var extreme = progress(elapsed: .max)
    for outcome in Outcome.allCases { extreme.counts[outcome] = .max }
    extreme.counts.offered = .max
    extreme.windowRate = .infinity
    extreme.windowMax = .max
    #expect(ProgressLine.text(extreme).count <= 100)
  }
}
