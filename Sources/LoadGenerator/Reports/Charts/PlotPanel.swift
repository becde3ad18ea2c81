/// A rectangle with two axes, in which a chart draws its marks.
struct PlotPanel: Sendable {
  /// The edges of the plot, without labels.
  static let left = 68.0
  static let right = 744.0

  let x: AxisScale
  let y: AxisScale

  /// Axes over the whole width, from `top` down to `bottom`.
  init(
    x: (kind: AxisScale.Kind, low: Double, high: Double),
    y: (kind: AxisScale.Kind, low: Double, high: Double), top: Double, bottom: Double
  ) {
    self.x = AxisScale(x.kind, low: x.low, high: x.high, from: Self.left, to: Self.right)
    self.y = AxisScale(y.kind, low: y.low, high: y.high, from: bottom, to: top)
  }

  /// The place of a point.
  func point(_ x: Double, _ y: Double) -> (x: Double, y: Double) {
    (self.x.place(x), self.y.place(y))
  }

  /// Grid, labels and the axes' names. `xName` is `nil` for a panel with another one below it.
  func drawAxes(
    on canvas: inout SVGCanvas, xName: String?, yName: String, xLabel: (Double) -> String,
    yLabel: (Double) -> String
  ) {
    let bottom = y.from
    let top = y.to
    let rows = max(2, Int((bottom - top) / 36))
    for tick in y.ticks(about: rows, label: yLabel) {
      let place = y.place(tick.value)
      canvas.line(Self.left, place, Self.right, place, tick.label == nil ? "g minor" : "g")
      if let label = tick.label { canvas.text(label, Self.left - 8, place + 4, .end) }
    }
    var occupied = -Double.infinity
    for tick in x.ticks(about: 8, label: xLabel) {
      let place = x.place(tick.value)
      canvas.line(place, top, place, bottom, tick.label == nil ? "g minor" : "g")
      guard xName != nil, let label = tick.label else { continue }
      let half = Double(label.count) * 3.4
      // The outermost labels lean inwards so that nothing is cut off.
      let isLast = place + half > canvas.width
      guard place - half > occupied + 6, !(isLast && place - 2 * half < occupied + 6) else {
        continue
      }
      canvas.text(label, isLast ? canvas.width - 1 : place, bottom + 20, isLast ? .end : .middle)
      occupied = place + half
    }
    canvas.line(Self.left, bottom, Self.right, bottom, "axis")
    canvas.text(yName, 4, top - 10, .start, "a")
    if let xName { canvas.text(xName, Self.right, bottom + 40, .end, "a") }
  }
}
