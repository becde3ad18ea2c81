/// Where requests of each speed spend their time: one bar a band of latency.
enum StageChart {
  /// `nil` if the server named no stages.
  static func figure(_ stages: StageFigures) -> ChartFigure? {
    guard let first = stages.bands.first else { return nil }
    let names = stages.parts(of: first).map(\.name)
    let colours = colours(names)
    let pitch = 44.0
    let left = 128.0
    let right = 668.0
    var canvas = SVGCanvas(height: 44 + pitch * Double(stages.bands.count))
    let scale = AxisScale(.linear, low: 0, high: 1, from: left, to: right)
    canvas.text("mean latency", 756, 14, .end, "a")
    for (row, band) in stages.bands.enumerated() {
      let top = 24 + pitch * Double(row)
      canvas.text(stages.name(of: band), left - 10, top + 19, .end, "t strong")
      let parts = stages.parts(of: band)
      let whole = max(band.latency, parts.reduce(0) { $0 + $1.value })
      var start = 0.0
      for (part, colour) in zip(parts, colours) where whole > 0 && part.value > 0 {
        let share = part.value / whole
        let x = scale.place(start)
        let width = scale.place(start + share) - x
        canvas.rectangle(
          x: x, y: top, width: width, height: 28, "b \(colour)",
          title: "\(part.name): \(FigureText.duration(part.value)), \(FigureText.share(share)) "
            + "(\(stages.name(of: band)))")
        let label = FigureText.share(share)
        if width > Double(label.count) * 7 + 8 {
          canvas.text(label, x + width / 2, top + 18, .middle, "on \(colour)")
        }
        start += share
      }
      canvas.text(FigureText.duration(band.latency), 756, top + 19, .end, "t strong")
    }
    for tick in scale.ticks(about: 5, label: { "\(FigureText.fixed($0 * 100, 0)) %" }) {
      let place = scale.place(tick.value)
      canvas.text(tick.label ?? "", place, canvas.height - 4, .middle)
    }
    let explanation = stages.explanation.map { $0.prefix(1).uppercased() + $0.dropFirst() + ". " }
    return ChartFigure(
      title: "Where the time goes",
      lead: (explanation ?? "") + "Each bar is the mean way of the requests of one speed, as the "
        + "server's timings tell it; the rest is network and kernels.",
      keys: zip(names, colours).map { .init($0, $1, .box) },
      svg: canvas.svg(description: "Share of time in each stage by band of latency"),
      tables: [stages.table])
  }

  /// Well-known stages keep their colour from report to report; others take what is left.
  private static func colours(_ names: [String]) -> [String] {
    let known = [
      "client wait": "c7", "network + rest": "c9", "decode": "c6", "queue": "c2",
      "batch_wait": "c5", "gather": "c4", "run": "c1", "scatter": "c8", "encode": "c3",
      "compute_input": "c4", "compute_infer": "c1", "compute_output": "c3",
    ]
    var free = ["c1", "c2", "c3", "c4", "c5", "c6", "c8"]
    free.removeAll { colour in names.contains { known[$0] == colour } }
    var next = 0
    return names.map { name in
      if let colour = known[name] { return colour }
      defer { next += 1 }
      return free.isEmpty ? "c8" : free[next % free.count]
    }
  }
}
