extension StageFigures.Band {
  /// `99-99.9 %`, or for the ends `fastest 50 %` and `slowest 0.1 %`.
  package var name: String {
    func percent(_ value: Double) -> String {
      var text = FigureText.fixed(value * 100, 3)
      while text.hasSuffix("0") { text.removeLast() }
      if text.hasSuffix(".") { text.removeLast() }
      return text
    }
    if from <= 0, to >= 1 { return "all" }
    if from <= 0 { return "fastest \(percent(to)) %" }
    if to >= 1 { return "slowest \(percent(1 - from)) %" }
    return "\(percent(from))-\(percent(to)) %"
  }
}

extension StageFigures {
  /// The parts of a band's latency in the order of a request's way, in nanoseconds.
  package func parts(of band: Band) -> [(name: String, value: Double)] {
    [(Self.clientWaitName, band.clientWait)]
      + names.indices.map { (names[$0], band.stages.indices.contains($0) ? band.stages[$0] : 0) }
      + [(Self.restName, band.rest)]
  }

  /// A band's name; a band that has no other beside it holds all requests.
  func name(of band: Band) -> String { bands.count > 1 ? band.name : "all" }

  static let clientWaitName = "client wait"
  static let restName = "network + rest"

  /// Where the slowest requests spend most of their time, as a sentence.
  package var explanation: String? {
    guard let slowest = bands.last, slowest.latency > 0,
      let most = parts(of: slowest).max(by: { $0.value < $1.value })
    else { return nil }
    let name = FigureText.printable(most.name, limit: 40)
    let subject = bands.count > 1 ? "the \(slowest.name) of the requests" : "the requests"
    return "\(subject) spend \(FigureText.share(most.value / slowest.latency)) "
      + "of their time in: \(name)"
  }

  /// One column a band, one row a part of the time.
  package var table: ReportTable {
    var table = ReportTable(
      "Where the time goes", [.words("")] + bands.map { .init(name(of: $0)) })
    guard !isEmpty else { return table }
    table.rows = [
      ["requests"] + bands.map { FigureText.count($0.count) },
      ["mean latency"] + bands.map { FigureText.duration($0.latency) },
    ]
    for (index, part) in parts(of: bands[0]).enumerated() {
      table.rows.append(
        ["  " + FigureText.printable(part.name, limit: 24)]
          + bands.map { FigureText.duration(parts(of: $0)[index].value) })
    }
    if let explanation { table.notes = [explanation] }
    return table
  }
}
