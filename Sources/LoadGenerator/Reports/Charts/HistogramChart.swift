private import Foundation
internal import Timing

/// How many requests took how long; both axes are logarithmic, so that a few slow ones show.
enum HistogramChart {
  /// `nil` without a success.
  static func figure(_ result: BenchResult) -> ChartFigure? {
    let bars = bars(result.histograms.latency.histogram, about: 72)
    guard let first = bars.first, let last = bars.last, let most = bars.map(\.count).max() else {
      return nil
    }
    var canvas = SVGCanvas(height: 300)
    let panel = PlotPanel(
      x: (.logarithmic, first.from, last.to), y: (.logarithmic, 0.7, Double(most) * 1.3), top: 28,
      bottom: 252)
    panel.drawAxes(
      on: &canvas, xName: "latency", yName: "requests", xLabel: { FigureText.tick($0) },
      yLabel: { FigureText.tickCount($0) })
    for bar in bars where bar.count > 0 {
      let start = panel.point(bar.from, Double(bar.count))
      let end = panel.x.place(bar.to)
      canvas.rectangle(
        x: start.x, y: start.y, width: max(1, end - start.x - 1), height: panel.y.from - start.y,
        "b c1",
        title: "\(FigureText.duration(bar.from)) to \(FigureText.duration(bar.to)): "
          + "\(FigureText.count(bar.count)) requests")
    }
    for (name, colour) in [("p50", "c6"), ("p99", "c5"), ("p99.9", "c2")] {
      let place = panel.x.place(Double(result.summary.latency[name] ?? 0))
      canvas.line(place, panel.y.to, place, panel.y.from, "l \(colour)")
    }
    return ChartFigure(
      title: "Histogram",
      lead: "Both axes are logarithmic: the few slow requests are as easy to see as the many fast "
        + "ones. A second hump is a second cause.",
      keys: [
        .init("requests", "c1", .box), .init("p50", "c6"), .init("p99", "c5"),
        .init("p99.9", "c2"),
      ],
      svg: canvas.svg(description: "Number of requests by latency, both axes logarithmic"),
      tables: [table(bars)], isOpen: false)
  }

  /// One bar: from, to (nanoseconds) and how many.
  struct Bar: Sendable, Equatable {
    var from: Double
    var to: Double
    var count: UInt64
  }

  /// The histogram in bars of one width on a logarithmic axis, from the shortest to the longest.
  static func bars(_ histogram: LatencyHistogram, about count: Int) -> [Bar] {
    let occupied = histogram.occupied
    guard let first = occupied.first, let last = occupied.last else { return [] }
    let low = max(1, Double(histogram.lowerBound(of: first.index)))
    let end = Double(histogram.lowerBound(of: last.index) + histogram.width(of: last.index))
    // Narrower than a bucket, bars would show its edges; and one bar needs some width.
    let high = max(end, Double(min(histogram.max, 1 << 60)), low * 1.02)
    let bins = max(1, min(count, Int(log(high / low) / 0.004)))
    let step = log(high / low) / Double(bins)
    var bars = (0..<bins).map { bin in
      Bar(from: low * exp(step * Double(bin)), to: low * exp(step * Double(bin + 1)), count: 0)
    }
    for (index, count) in occupied {
      let middle = Double(histogram.lowerBound(of: index) + histogram.width(of: index) / 2)
      let bin = Int(log(max(low, middle) / low) / step)
      bars[min(bins - 1, max(0, bin))].count += count
    }
    return bars
  }

  private static func table(_ bars: [Bar]) -> ReportTable {
    var table = ReportTable("Histogram", [.init("from"), .init("to"), .init("requests")])
    table.rows = bars.filter { $0.count > 0 }.map {
      [FigureText.duration($0.from), FigureText.duration($0.to), FigureText.count($0.count)]
    }
    return table
  }
}
