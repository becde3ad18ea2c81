internal import Timing

/// How slow the slowest are: latency over quantiles that are spread by their number of nines.
enum PercentileChart {
  /// One curve.
  struct Curve {
    var name: String
    var colour: String
    var histogram: LatencyHistogram
  }

  /// Latency from the intended and from the actual send; `nil` without a success.
  static func figure(_ result: BenchResult) -> ChartFigure? {
    guard result.summary.latency.count > 0 else { return nil }
    var curves = [
      Curve(
        name: "latency, from the intended send", colour: "c1",
        histogram: result.histograms.latency.histogram)
    ]
    if result.run.isOpenLoop, result.histograms.service.histogram.count > 0 {
      curves.append(
        Curve(
          name: "service, from the actual send", colour: "c5",
          histogram: result.histograms.service.histogram))
    }
    let bounds = result.verdicts.flatMap { LatencyBound.parse($0.objective) }
    return figure(
      curves, bounds: bounds,
      lead: "Each step to the right looks at ten times fewer, slower requests. "
        + "Where the two curves part, requests waited before they could be sent.",
      table: result.latencyTable)
  }

  /// A and B; `nil` if either has none.
  static func figure(_ result: ComparisonResult) -> ChartFigure? {
    guard let a = result.a, let b = result.b, a.summary.latency.count > 0,
      b.summary.latency.count > 0
    else { return nil }
    var table = ReportTable(
      "Latency of both",
      [.words("")] + (LatencyFigures.percentiles.map(\.name) + ["max", "mean"]).map { .init($0) })
    table.rows = [
      ["A"] + BenchResult.cells(a.summary.latency), ["B"] + BenchResult.cells(b.summary.latency),
    ]
    return figure(
      [
        Curve(name: "A", colour: "c1", histogram: a.histograms.latency.histogram),
        Curve(name: "B", colour: "c2", histogram: b.histograms.latency.histogram),
      ], bounds: [],
      lead: "Latency from the intended send, all rounds together. The lower curve is the faster.",
      table: table)
  }

  private static func figure(
    _ curves: [Curve], bounds: [LatencyBound], lead: String, table: ReportTable
  ) -> ChartFigure {
    var canvas = SVGCanvas(height: 360)
    let count = curves.map(\.histogram.count).max() ?? 1
    let cumulative = curves.map { CumulativeCurve($0.histogram) }
    let highest = (curves.map { Double($0.histogram.max) } + bounds.map(\.nanoseconds)).max() ?? 1
    let lowest = cumulative.map { Double($0.quantile(0.001)) }.filter { $0 > 0 }.min() ?? 1
    let panel = PlotPanel(
      x: (.nines, 0, 1 - 1 / Double(max(10, count))),
      y: (.logarithmic, AxisScale.roundedDown(lowest), highest * 1.15), top: 28, bottom: 312)
    panel.drawAxes(
      on: &canvas, xName: "requests that were at least as fast", yName: "latency",
      xLabel: { _ in "" }, yLabel: { FigureText.tick($0) })
    for bound in bounds { bound.draw(on: &canvas, panel) }
    // The first curve lies on top where they agree.
    for (curve, points) in zip(curves, cumulative).reversed() {
      draw(curve, points, on: &canvas, panel)
    }
    let keys =
      curves.map { ChartFigure.Key($0.name, $0.colour) }
      + [ChartFigure.Key("fewer than ten requests beyond", "c7", .dashed)]
      + (bounds.isEmpty ? [] : [ChartFigure.Key("objective", "bad", .dashed)])
    return ChartFigure(
      title: "Percentiles", lead: lead, keys: keys,
      svg: canvas.svg(description: "Latency over percentiles, both axes logarithmic"),
      tables: [table])
  }

  private static func draw(
    _ curve: Curve, _ points: CumulativeCurve, on canvas: inout SVGCanvas, _ panel: PlotPanel
  ) {
    func places(_ points: [(quantile: Double, value: Int64)]) -> [(x: Double, y: Double)] {
      points.map { panel.point($0.quantile, Double($0.value)) }
    }
    let certain = max(0, 1 - LatencyFigures.beyondMin / Double(max(1, points.count)))
    if certain > 0 {
      canvas.path(places(points.points(until: LatencyFigures.beyondMin)), "l \(curve.colour)")
    }
    canvas.path(places(points.points(until: 1, from: certain)), "l dash \(curve.colour)")
    for percentile in LatencyFigures.percentiles where percentile.quantile <= panel.x.high {
      let value = curve.histogram.quantile(percentile.quantile)
      let place = panel.point(percentile.quantile, Double(value))
      canvas.dot(
        place.x, place.y, "dot \(curve.colour)",
        title: "\(curve.name): \(percentile.name) \(FigureText.duration(value))")
    }
  }
}
