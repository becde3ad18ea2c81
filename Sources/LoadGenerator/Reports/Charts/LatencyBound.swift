/// An objective that a latency chart can show as a line, read from its text: `p99.9<5ms`.
struct LatencyBound: Sendable, Equatable {
  /// The clause.
  var text: String
  var nanoseconds: Double

  /// The clauses of an objective that bound a percentile or the maximum of the latency.
  static func parse(_ text: String) -> [LatencyBound] {
    text.split(separator: ",").compactMap { clause in
      let clause = clause.filter { !$0.isWhitespace }
      let sides = clause.split(separator: "<", maxSplits: 1)
      guard sides.count == 2, let metric = sides.first,
        metric == "max" || (metric.first == "p" && Double(metric.dropFirst()) != nil)
      else { return nil }
      var bound = String(sides[1])
      if bound.hasPrefix("=") { bound.removeFirst() }
      let units: [(name: String, size: Double)] = [
        ("ns", 1), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9),
      ]
      for unit in units where bound.hasSuffix(unit.name) {
        if let number = Double(bound.dropLast(unit.name.count)), number > 0, number.isFinite {
          return LatencyBound(text: clause, nanoseconds: number * unit.size)
        }
      }
      return nil
    }
  }

  /// A dashed line over the panel with the clause on it.
  func draw(on canvas: inout SVGCanvas, _ panel: PlotPanel) {
    guard nanoseconds >= panel.y.low, nanoseconds <= panel.y.high else { return }
    let place = panel.y.place(nanoseconds)
    canvas.line(PlotPanel.left, place, PlotPanel.right, place, "l thin dash bad")
    canvas.text(text, PlotPanel.left + 6, place - 5, .start, "t bad")
  }
}
