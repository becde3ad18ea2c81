internal import Timing

extension BenchResult {
  /// Each objective with what was measured.
  package var objectiveTable: ReportTable {
    var table = ReportTable(
      "Objectives", [.words("objective"), .words("verdict"), .init("measured")])
    table.rows = verdicts.map {
      [
        FigureText.printable($0.objective), $0.state.text,
        $0.measured.isEmpty ? "-" : FigureText.printable($0.measured),
      ]
    }
    return table
  }

  /// How many requests ended how; classes without any are left out.
  package var outcomeTable: ReportTable {
    var table = ReportTable(
      "Requests", [.words(""), .init("count"), .init("share"), .init("rate")])
    let counts = summary.counts
    let seconds = Double(max(0, summary.elapsedNanoseconds)) / 1e9
    func row(_ name: String, _ count: UInt64, _ rate: Double? = nil) -> [String] {
      [
        name, FigureText.count(count), FigureText.share(counts.share(count)),
        FigureText.rate(rate ?? (seconds > 0 ? Double(count) / seconds : 0)),
      ]
    }
    table.rows = [row("offered", counts.offered, summary.offeredRate)]
    table.rows.append(row("ok", counts.ok, summary.throughput))
    table.rows.append(row("good (ok in time)", counts.good, summary.goodput))
    for outcome in Outcome.allCases where outcome != .ok && counts[outcome] > 0 {
      table.rows.append(row(outcome.name, counts[outcome]))
    }
    if counts.errors == 0 { table.notes = ["no errors"] }
    return table
  }

  /// The percentiles of what was timed; what was not timed is left out.
  package var latencyTable: ReportTable {
    let names = LatencyFigures.percentiles.map(\.name) + ["max", "mean"]
    var table = ReportTable("Latency", [.words("")] + names.map { .init($0) })
    let rows: [(String, LatencyFigures)] = [
      ("latency", summary.latency), ("service", summary.service), ("refusal", summary.refusal),
      ("lag", summary.lag), ("wait", summary.wait),
    ]
    for (name, figures) in rows where !figures.isEmpty {
      table.rows.append([name] + Self.cells(figures))
    }
    table.notes = latencyNotes
    return table
  }

  private var latencyNotes: [String] {
    guard !summary.latency.isEmpty else { return ["no request was answered with success"] }
    var notes: [String] = []
    if summary.latency.isSparse(0.9999) { notes.append(ReportTable.sparseNote) }
    if run.isOpenLoop {
      notes.append("latency counts from the intended send, service from the actual one")
    } else {
      notes.append("closed loop: a slow server is asked less, so these figures flatter it")
    }
    return notes
  }

  /// The cells of one row of percentiles, the uncertain ones marked.
  static func cells(_ figures: LatencyFigures) -> [String] {
    let values = zip(LatencyFigures.percentiles, figures.values).map { percentile, value in
      FigureText.duration(value)
        + (figures.isSparse(percentile.quantile) ? ReportTable.sparseMark : "")
    }
    return values + [FigureText.duration(figures.max), FigureText.duration(figures.mean)]
  }

  /// The wordings of errors, the most frequent first.
  package var errorTable: ReportTable {
    var table = ReportTable(
      "Errors", [.words("class"), .init("count"), .init("status"), .words("what was said")])
    table.rows = errors.map {
      [
        $0.outcome, FigureText.count($0.count), $0.status == 0 ? "-" : String($0.status),
        $0.text.isEmpty ? "(other or no wording)" : Self.message($0.text),
      ]
    }
    return table
  }

  /// What an error says, without the JSON around it that the protocol prescribes, and in one line.
  private static func message(_ text: String) -> String {
    let prefix = "{\"error\":\""
    var text = FigureText.printable(text)
    if text.hasPrefix(prefix) {
      text = String(text.dropFirst(prefix.count))
      if text.hasSuffix("\"}") { text.removeLast(2) }
    }
    return text.split(separator: " ").joined(separator: " ")
  }

  /// What each entry of a mix got; empty for a run of one entry.
  package var entryTable: ReportTable {
    var table = ReportTable(
      "Entries of the mix",
      [.words("entry")]
        + ["offered", "good", "errors", "p50", "p99", "p99.9", "max"].map { .init($0) })
    guard entries.count > 1 else { return table }
    table.rows = entries.map { entry in
      let latency = entry.latency
      return [
        FigureText.printable(entry.name), FigureText.count(entry.counts.offered),
        FigureText.share(entry.counts.share(entry.counts.good)),
        FigureText.share(entry.counts.share(entry.counts.errors)),
      ] + Self.shortCells(latency)
    }
    return table
  }

  /// p50, p99, p99.9 and max.
  static func shortCells(_ figures: LatencyFigures) -> [String] {
    guard !figures.isEmpty else { return ["-", "-", "-", "-"] }
    return ["p50", "p99", "p99.9"].map { name in
      let quantile = LatencyFigures.percentiles.first { $0.name == name }?.quantile ?? 1
      return FigureText.duration(figures[name] ?? 0)
        + (figures.isSparse(quantile) ? ReportTable.sparseMark : "")
    } + [FigureText.duration(figures.max)]
  }

  /// The time line, one row a window.
  package var windowTable: ReportTable {
    var table = ReportTable(
      "Time line",
      ["from", "offered", "good", "errors", "under way", "p50", "p99", "max"].map { .init($0) })
    let seconds = Double(run.windowNanoseconds) / 1e9
    table.rows = windows.enumerated().map { index, window in
      let latency = window.latency.histogram
      let isEmpty = latency.count == 0
      return [
        "\(FigureText.fixed(Double(index) * seconds, seconds < 1 ? 1 : 0)) s",
        FigureText.count(window.counts.offered), FigureText.count(window.counts.good),
        FigureText.count(window.counts.errors), String(window.underWay),
        isEmpty ? "-" : FigureText.duration(latency.quantile(0.5)),
        isEmpty ? "-" : FigureText.duration(latency.quantile(0.99)),
        isEmpty ? "-" : FigureText.duration(latency.max),
      ]
    }
    return table
  }
}

extension VerdictFigures.State {
  /// As reports write it.
  var text: String {
    switch self {
    case .held: "held"
    case .missed: "missed"
    case .notMeasured: "not measured"
    }
  }
}
