import Testing
import Timing

@testable import LoadGenerator

@Suite struct ChartTests {
  private func labels(
    _ kind: AxisScale.Kind, _ low: Double, _ high: Double, about count: Int = 6
  ) -> [String] {
    AxisScale(kind, low: low, high: high, from: 0, to: 100)
      .ticks(about: count) { kind == .logarithmic ? FigureText.tick($0) : FigureText.tickCount($0) }
      .compactMap(\.label)
  }

  @Test func `ticks are round`() {
    #expect(labels(.linear, 0, 3_800) == ["0", "1,000", "2,000", "3,000"])
    #expect(labels(.linear, 0, 1) == ["0", "0.2", "0.4", "0.6", "0.8", "1"])
    #expect(labels(.linear, 0, 24e6) == ["0", "5 M", "10 M", "15 M", "20 M"])
    #expect(
      labels(.logarithmic, 500_000, 2e7)
        == ["500 µs", "1 ms", "2 ms", "5 ms", "10 ms", "20 ms"])
    #expect(labels(.logarithmic, 1_000, 1e9, about: 8).first == "1 µs")
    #expect(labels(.nines, 0, 0.9995) == ["0 %", "50 %", "90 %", "99 %", "99.9 %"])
  }

  @Test func `nines lie equally far apart`() {
    let scale = AxisScale(.nines, low: 0, high: 0.9999, from: 0, to: 400)
    for (quantile, place) in [(0.0, 0.0), (0.9, 100), (0.99, 200), (0.999, 300), (0.9999, 400)] {
      #expect(abs(scale.place(quantile) - place) < 1e-6)
      #expect(abs(scale.value(at: place / 400) - quantile) < 1e-9)
    }
    #expect(scale.place(1) == 400)
  }

  @Test func `no value leaves the axis`() {
    let odd = [0, -1, 1, .infinity, -.infinity, .nan, 1e300, Double.leastNonzeroMagnitude]
    for kind in [AxisScale.Kind.linear, .logarithmic, .nines] {
      for low in odd {
        for high in odd {
          let scale = AxisScale(kind, low: low, high: high, from: 10, to: 20)
          for value in odd {
            let place = scale.place(value)
            #expect(place >= 10 && place <= 20, "\(kind) \(low)...\(high): \(value) at \(place)")
          }
          #expect(scale.ticks(about: 5) { "\($0)" }.count <= 2_000)
        }
      }
    }
  }

  @Test func `an objective becomes a line only if it bounds a latency`() {
    #expect(
      LatencyBound.parse("p99.9<5ms, errors<0.1%,max<=1.5s,goodput>99%,lag.p99<1ms")
        == [
          LatencyBound(text: "p99.9<5ms", nanoseconds: 5e6),
          LatencyBound(text: "max<=1.5s", nanoseconds: 1.5e9),
        ])
    for text in ["", "p99", "p99<", "p99<x", "p99<-5ms", "p<5ms", "p99<5", "<5ms", "p99<infms"] {
      #expect(LatencyBound.parse(text).isEmpty, "\(text)")
    }
  }

  @Test(arguments: [UInt64(1), 2, 3])
  func `the curve of percentiles is the histogram's`(seed: UInt64) {
    var random = ResultFixtures.Random(state: seed)
    var histogram = LatencyHistogram(precision: .twoHundredFiftySixth)
    for _ in 0..<500 { histogram.record(Int64(random.next() * random.next() * 1e9)) }
    histogram.record(.max)
    let curve = CumulativeCurve(histogram)
    for _ in 0..<200 {
      let quantile = random.next()
      #expect(curve.quantile(quantile) == histogram.quantile(quantile), "seed \(seed)")
    }
    #expect(curve.quantile(0) == histogram.quantile(0))
    #expect(curve.quantile(1) == .max)
    let points = curve.points(until: 1)
    #expect(zip(points, points.dropFirst()).allSatisfy { $0.value <= $1.value })
  }

  @Test(arguments: [UInt64(4), 5])
  func `bars hold every request once`(seed: UInt64) {
    var random = ResultFixtures.Random(state: seed)
    var histogram = LatencyHistogram(precision: .twoThousandth)
    for _ in 0..<1_000 { histogram.record(Int64(random.next() * 1e7)) }
    histogram.record(0)
    histogram.record(.max)
    let bars = HistogramChart.bars(histogram, about: 72)
    #expect(bars.reduce(0) { $0 + $1.count } == histogram.count, "seed \(seed)")
    #expect(bars.count <= 72)
    #expect(HistogramChart.bars(LatencyHistogram(), about: 72).isEmpty)
  }

  @Test func `stages have colours of their own`() {
    let figure = StageChart.figure(ResultFixtures.load(seconds: 1).stages)
    let colours = figure?.keys.map(\.colour) ?? []
    #expect(colours.count == 6)
    #expect(Set(colours).count == colours.count)
  }
}
