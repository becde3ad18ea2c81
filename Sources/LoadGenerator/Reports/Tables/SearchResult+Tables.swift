extension SearchResult {
  /// One row a rate, ascending.
  package var curveTable: ReportTable {
    var table = ReportTable(
      "Rates tried",
      ["rate", "goodput", "good"].map { .init($0) }
        + ["p50", "p99", "p99.9", "max", "errors"].map { .init($0) }
        + [.words("held"), .words("step")])
    table.rows = curve.map { point in
      let counts = point.summary.counts
      return [
        FigureText.rate(point.rate), FigureText.rate(point.summary.goodput),
        FigureText.share(counts.share(counts.good)),
      ] + BenchResult.shortCells(point.summary.latency) + [
        FigureText.share(counts.share(counts.errors)),
        point.held ? "yes" : point.isKnown ? "no" : "not known",
        FigureText.printable(point.step, limit: 12),
      ]
    }
    if points.contains(where: { $0.summary.latency.isSparse(0.999) }) {
      table.notes = [ReportTable.sparseNote]
    }
    return table
  }

  /// The outcome and how it came.
  package var facts: [ReportFact] {
    var facts = [
      ReportFact("best rate", [bestRate.map { FigureText.rate($0) } ?? "none held"]),
      ReportFact("knee", [kneeRate.map { FigureText.rate($0) } ?? "none was found"]),
      ReportFact("stopped", [FigureText.printable(stoppingReason)]),
    ]
    if let generator { facts.append(ReportFact("generator", generator.parts)) }
    if let machine { facts.append(machine.fact) }
    return facts
  }
}

extension ComparisonResult {
  /// One row a metric.
  package var metricTable: ReportTable {
    let percent = FigureText.fixed(confidence * 100, 0)
    var table = ReportTable(
      "A against B",
      [
        .words("metric"), .init("A"), .init("B"), .init("B/A [\(percent) % interval]"),
        .init("B-A [\(percent) % interval]"), .words("B is"),
      ])
    table.rows = metrics.map { metric in
      [
        FigureText.printable(metric.name, limit: 24), FigureText.value(metric.a, metric.unit),
        FigureText.value(metric.b, metric.unit),
        metric.ratio.map { Self.text($0, FigureText.ratio) } ?? "-",
        metric.difference.map { interval in
          Self.text(interval) { FigureText.value($0, metric.unit) }
        } ?? "-",
        metric.verdict.text,
      ]
    }
    table.notes = [
      "differences below \(FigureText.share(minimumEffect)) count as the same"
    ]
    return table
  }

  private static func text(_ interval: Interval, _ write: (Double) -> String) -> String {
    "\(write(interval.value)) [\(write(interval.low)), \(write(interval.high))]"
  }

  /// Who A and B are, what they were sent, and what may have spoilt it.
  package var facts: [ReportFact] {
    [("A", labelA, a), ("B", labelB, b)].map { name, label, side in
      ReportFact(name, [FigureText.printable(label)] + (side.map(Self.parts) ?? []))
    }
  }

  private static func parts(_ side: BenchResult) -> [String] {
    let counts = side.summary.counts
    return [
      side.run.model.isEmpty ? "" : "model \(FigureText.printable(side.run.model))",
      FigureText.printable(side.run.load), "\(FigureText.count(counts.offered)) requests",
      counts.errors > 0 ? "\(FigureText.share(counts.share(counts.errors))) errors" : "no errors",
      side.generator?.isBottleneck == true ? "GENERATOR WAS THE BOTTLENECK" : "",
      side.machine?.isDisturbed == true ? "MACHINE DISTURBED" : "",
    ]
  }
}

extension ComparisonResult.Verdict {
  /// As reports write it.
  var text: String {
    switch self {
    case .faster: "better"
    case .slower: "worse"
    case .same: "the same"
    case .cannotTell: "cannot tell"
    case .notJudged: "-"
    }
  }
}

extension ScenarioResult {
  /// One row a phase.
  package var phaseTable: ReportTable {
    var table = ReportTable(
      "Phases",
      [.words("phase")]
        + ["offered", "good", "errors", "p50", "p99", "p99.9", "max"].map { .init($0) }
        + [.words("verdict")])
    table.rows = phases.map { phase in
      let summary = phase.result.summary
      let counts = summary.counts
      return [
        FigureText.printable(phase.name, limit: 24), FigureText.rate(summary.offeredRate),
        FigureText.share(counts.share(counts.good)),
        FigureText.share(counts.share(counts.errors)),
      ] + BenchResult.shortCells(summary.latency) + [Headline(phase.result).word.lowercased()]
    }
    return table
  }

  /// Every objective of every phase.
  package var objectiveTable: ReportTable {
    var table = ReportTable(
      "Objectives",
      [.words("phase"), .words("objective"), .words("verdict"), .init("measured")])
    for phase in phases {
      for row in phase.result.objectiveTable.rows {
        table.rows.append([FigureText.printable(phase.name, limit: 24)] + row)
      }
    }
    return table
  }
}
