/// Latency and goodput against load: what a search found.
enum LoadCurveChart {
  /// `nil` if no rate was tried.
  static func figure(_ result: SearchResult) -> ChartFigure? {
    let curve = result.curve
    guard let highest = curve.map(\.rate).max() else { return nil }
    var canvas = SVGCanvas(height: 560)
    let end = highest * 1.04
    let latency = drawLatency(result, curve, end, on: &canvas)
    drawGoodput(result, curve, end, on: &canvas)
    drawRates(result, latency, bottom: 512, on: &canvas)
    return ChartFigure(
      title: "Latency against load",
      lead: "Filled dots hold the objective, hollow ones miss it. Right of the knee, a little more "
        + "load costs a lot of latency.",
      keys: [
        .init("p50", "c6"), .init("p99", "c1"), .init("p99.9", "c2"), .init("goodput", "c3"),
        .init("offered", "c7", .dashed), .init("objective", "bad", .dashed),
      ],
      svg: canvas.svg(description: "Percentiles of latency and goodput over the offered rate"),
      tables: [result.curveTable])
  }

  private static func drawLatency(
    _ result: SearchResult, _ curve: [SearchResult.Point], _ end: Double, on canvas: inout SVGCanvas
  ) -> PlotPanel {
    let bounds = LatencyBound.parse(result.objective)
    let measured = curve.filter { !$0.summary.latency.isEmpty }
    let p50s = measured.map { Double($0.summary.latency["p50"] ?? 0) }.filter { $0 > 0 }
    let tails = measured.map { Double($0.summary.latency["p99.9"] ?? 0) }
    let lowest = (p50s + bounds.map(\.nanoseconds)).min() ?? 1e6
    let panel = PlotPanel(
      x: (.linear, 0, end),
      y: (
        .logarithmic, AxisScale.roundedDown(lowest),
        ((tails + bounds.map(\.nanoseconds)).max() ?? lowest * 10) * 1.4
      ), top: 44, bottom: 312)
    panel.drawAxes(
      on: &canvas, xName: nil, yName: "latency", xLabel: { _ in "" },
      yLabel: { FigureText.tick($0) })
    for bound in bounds { bound.draw(on: &canvas, panel) }
    for (name, colour) in [("p50", "c6"), ("p99", "c1"), ("p99.9", "c2")] {
      func value(_ point: SearchResult.Point) -> Double {
        Double(point.summary.latency[name] ?? 0)
      }
      canvas.path(last(measured).map { panel.point($0.rate, value($0)) }, "l \(colour)")
      for point in measured {
        let place = panel.point(point.rate, value(point))
        canvas.dot(
          place.x, place.y, radius: 3.5, point.held ? "dot \(colour)" : "hollow \(colour)",
          title: "\(FigureText.rate(point.rate)): \(name) \(FigureText.duration(value(point)))"
            + (point.held ? "" : ", missed"))
      }
    }
    return panel
  }

  private static func drawGoodput(
    _ result: SearchResult, _ curve: [SearchResult.Point], _ end: Double, on canvas: inout SVGCanvas
  ) {
    let highest = curve.map { max($0.rate, $0.summary.goodput) }.max() ?? end
    let panel = PlotPanel(
      x: (.linear, 0, end), y: (.linear, 0, AxisScale.roundedUp(highest)), top: 360, bottom: 512)
    panel.drawAxes(
      on: &canvas, xName: "offered, requests a second", yName: "goodput, requests a second",
      xLabel: { FigureText.tickCount($0) }, yLabel: { FigureText.tickCount($0) })
    let corner = min(panel.x.high, panel.y.high)
    canvas.path([panel.point(0, 0), panel.point(corner, corner)], "l dash c7")
    canvas.path(last(curve).map { panel.point($0.rate, $0.summary.goodput) }, "l c3")
    for point in curve {
      let place = panel.point(point.rate, point.summary.goodput)
      canvas.dot(
        place.x, place.y, radius: 3.5, point.held ? "dot c3" : "hollow c3",
        title: "\(FigureText.rate(point.rate)): goodput \(FigureText.rate(point.summary.goodput))")
    }
  }

  /// The best rate and the knee, as lines through both panels with their names above.
  private static func drawRates(
    _ result: SearchResult, _ panel: PlotPanel, bottom: Double, on canvas: inout SVGCanvas
  ) {
    let best = result.bestRate.map { ($0, "best \(FigureText.rate($0))", "c3") }
    let knee = result.kneeRate.map { ($0, "knee \(FigureText.rate($0))", "c4") }
    let marks = [best, knee].compactMap(\.self).sorted { $0.0 < $1.0 }
    for (index, (rate, name, colour)) in marks.enumerated() {
      let place = panel.x.place(rate)
      canvas.line(place, panel.y.to - 6, place, bottom, "l thin \(colour)")
      // The left one's name ends at its line and the right one's begins there, unless the edge
      // of the picture is nearer than the name is long.
      let width = Double(name.count) * 7
      let isLeft = (index == 0 && marks.count > 1 && place - width > 90) || place + width > 756
      canvas.text(
        name, place + (isLeft ? -4 : 4), panel.y.to - 10, isLeft ? .end : .start, "t strong")
    }
  }

  /// The last point of each rate: the one that a search confirmed.
  private static func last(_ points: [SearchResult.Point]) -> [SearchResult.Point] {
    points.enumerated().filter { index, point in
      index + 1 == points.count || points[index + 1].rate != point.rate
    }.map(\.element)
  }
}
