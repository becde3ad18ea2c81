internal import Timing

/// The run over time: what was offered, what came of it, and how late.
enum TimelineChart {
  /// `nil` for a run of fewer than two windows.
  static func figure(_ result: BenchResult) -> ChartFigure? {
    let windows = result.windows
    guard windows.count > 1, result.run.windowNanoseconds > 0 else { return nil }
    let seconds = Double(result.run.windowNanoseconds) / 1e9
    let end = seconds * Double(windows.count)
    var canvas = SVGCanvas(height: 440)
    drawRates(windows, seconds, end, on: &canvas)
    drawLatencies(windows, seconds, end, on: &canvas)
    return ChartFigure(
      title: "Time line",
      lead: "By the time at which requests were due: a stall shows where it began, not where its "
        + "answers came.",
      keys: [
        .init("offered", "c7", .dashed), .init("good", "c3"), .init("errors", "bad", .box),
        .init("p50", "c6"), .init("p99", "c1"), .init("max", "c2", .dashed),
      ],
      svg: canvas.svg(description: "Rates and latencies over the time of the run"),
      tables: [result.windowTable], isOpen: windows.count <= 12)
  }

  private static func drawRates(
    _ windows: [WindowFigures], _ seconds: Double, _ end: Double, on canvas: inout SVGCanvas
  ) {
    let highest = windows.map { Double(max($0.counts.offered, $0.counts.errors)) / seconds }.max()
    let panel = PlotPanel(
      x: (.linear, 0, end), y: (.linear, 0, AxisScale.roundedUp((highest ?? 1) * 1.05)), top: 28,
      bottom: 168)
    panel.drawAxes(
      on: &canvas, xName: nil, yName: "requests a second", xLabel: { _ in "" },
      yLabel: { FigureText.tickCount($0) })
    let width = (PlotPanel.right - PlotPanel.left) / Double(windows.count)
    for (index, window) in windows.enumerated() where window.counts.errors > 0 {
      let rate = Double(window.counts.errors) / seconds
      let place = panel.point(Double(index) * seconds, rate)
      let height = max(1.5, panel.y.from - place.y)
      canvas.rectangle(
        x: place.x + width * 0.15, y: panel.y.from - height, width: width * 0.7, height: height,
        "b bad", title: title(index, seconds, "errors \(FigureText.count(window.counts.errors))"))
    }
    func line(_ rate: (WindowFigures) -> UInt64) -> [(x: Double, y: Double)] {
      windows.enumerated().map { index, window in
        panel.point((Double(index) + 0.5) * seconds, Double(rate(window)) / seconds)
      }
    }
    canvas.path(line { $0.counts.offered }, "l dash c7")
    let good = line { $0.counts.good }
    canvas.path(good, "l c3")
    guard windows.count <= 120 else { return }
    for (index, place) in good.enumerated() {
      let counts = windows[index].counts
      canvas.dot(
        place.x, place.y, radius: 2.5, "dot c3",
        title: title(
          index, seconds,
          "good \(FigureText.count(counts.good)) of \(FigureText.count(counts.offered)) offered"))
    }
  }

  private static func drawLatencies(
    _ windows: [WindowFigures], _ seconds: Double, _ end: Double, on canvas: inout SVGCanvas
  ) {
    let measured = windows.enumerated().filter { $0.element.latency.histogram.count > 0 }
    let histograms = measured.map { ($0.offset, $0.element.latency.histogram) }
    let lowest = histograms.map { Double($0.1.quantile(0.5)) }.filter { $0 > 0 }.min() ?? 1e6
    let highest = histograms.map { Double($0.1.max) }.max() ?? lowest * 10
    let panel = PlotPanel(
      x: (.linear, 0, end),
      y: (.logarithmic, AxisScale.roundedDown(lowest * 0.95), highest * 1.15), top: 216, bottom: 392
    )
    panel.drawAxes(
      on: &canvas, xName: "time since the start of the measurement", yName: "latency",
      xLabel: { FigureText.tick($0 * 1e9) }, yLabel: { FigureText.tick($0) })
    let series: [(String, String, String, (LatencyHistogram) -> Int64)] = [
      ("max", "dash c2", "c2", { $0.max }), ("p99", "c1", "c1", { $0.quantile(0.99) }),
      ("p50", "c6", "c6", { $0.quantile(0.5) }),
    ]
    for (name, style, colour, value) in series {
      let values = histograms.map { ($0.0, value($0.1)) }
      let places = values.map { panel.point((Double($0.0) + 0.5) * seconds, Double($0.1)) }
      canvas.path(places, "l \(style)")
      // One window alone has no line; many have no room for dots.
      guard windows.count <= 120 || values.count == 1 else { continue }
      for (place, (index, value)) in zip(places, values) {
        canvas.dot(
          place.x, place.y, radius: 2.5, "dot \(colour)",
          title: title(index, seconds, "\(name) \(FigureText.duration(value))"))
      }
    }
  }

  private static func title(_ index: Int, _ seconds: Double, _ text: String) -> String {
    "from \(FigureText.digits(Double(index) * seconds)) s: \(text)"
  }
}
