/// A result as one file for a browser: no scripts, nothing from the network.
package enum HTMLReport {
  /// The whole page.
  package static func write(_ document: BenchDocument) -> String {
    switch document {
    case .load(let result): load(result)
    case .search(let result): search(result)
    case .comparison(let result): comparison(result)
    case .scenario(let result): scenario(result)
    }
  }

  private static func load(_ result: BenchResult) -> String {
    page(
      Headline(result), kind: "load", facts: result.facts, run: result.run,
      body: tiles(result) + Markup.section(result.objectiveTable) + sections(result))
  }

  private static func search(_ result: SearchResult) -> String {
    let body = [
      LoadCurveChart.figure(result).map(Markup.figure) ?? "",
      "<section><h2>How it was found</h2>\n", Markup.facts(result.facts), "</section>\n",
    ]
    return page(
      Headline(result), kind: "search", facts: result.run.facts(measured: ""), run: result.run,
      body: body.joined())
  }

  private static func comparison(_ result: ComparisonResult) -> String {
    var body = Markup.section(result.metricTable)
    body += PercentileChart.figure(result).map(Markup.figure) ?? ""
    for (name, side) in [("A", result.a), ("B", result.b)] {
      guard let side, var figure = StageChart.figure(side.stages) else { continue }
      figure.title += ": \(name)"
      body += Markup.figure(figure)
    }
    return page(
      Headline(result), kind: "comparison", facts: result.facts, run: result.a?.run, body: body)
  }

  private static func scenario(_ result: ScenarioResult) -> String {
    var body = Markup.section(result.phaseTable) + Markup.section(result.objectiveTable)
    for phase in result.phases {
      let headline = Headline(phase.result)
      body +=
        "<section><h2>Phase: \(Markup.escape(phase.name))</h2>\n"
        + "<p class=\"lead\">\(Markup.escape(headline.word)): \(Markup.escape(headline.text))</p>"
        + Markup.facts(Array(phase.result.facts.dropFirst())) + "</section>\n"
        + sections(phase.result)
    }
    var facts = result.phases.first.map { Array($0.result.facts.prefix(1)) } ?? []
    if !result.purpose.isEmpty { facts.insert(ReportFact("shows", [result.purpose]), at: 0) }
    return page(
      Headline(result), kind: "scenario", facts: facts, run: result.phases.first?.result.run,
      body: body)
  }

  /// What one run shows below its headline.
  private static func sections(_ result: BenchResult) -> String {
    let charts = [
      PercentileChart.figure(result), StageChart.figure(result.stages),
      TimelineChart.figure(result), HistogramChart.figure(result),
    ]
    return Markup.section(result.outcomeTable) + Markup.section(result.errorTable)
      + Markup.section(result.entryTable) + charts.compactMap(\.self).map(Markup.figure).joined()
      + "<section><h2>Server, generator and machine</h2>\n" + Markup.facts(result.resourceFacts)
      + "</section>\n"
  }

  private static func tiles(_ result: BenchResult) -> String {
    let summary = result.summary
    let counts = summary.counts
    var tiles: [(name: String, value: String, note: String)] = [
      ("offered", FigureText.rate(summary.offeredRate), "\(FigureText.count(counts.offered)) due"),
      ("goodput", FigureText.rate(summary.goodput), FigureText.share(counts.share(counts.good))),
    ]
    for (name, note) in [
      ("p50", "half are faster"), ("p99", "1 in 100 slower"),
      ("p99.9", "1 in 1,000 slower"),
    ]
    where !summary.latency.isEmpty {
      let quantile = LatencyFigures.percentiles.first { $0.name == name }?.quantile ?? 1
      let isSparse = summary.latency.isSparse(quantile)
      tiles.append(
        (
          name, FigureText.duration(summary.latency[name] ?? 0),
          isSparse ? "from too few to rely on" : note
        ))
    }
    tiles.append(
      (
        "errors", FigureText.share(counts.share(counts.errors)),
        "\(FigureText.count(counts.errors)) requests"
      ))
    return Markup.tiles(tiles)
  }

  private static func page(
    _ headline: Headline, kind: String, facts: [ReportFact], run: RunDescription?, body: String
  ) -> String {
    let state =
      switch headline.state {
      case .good: "good"
      case .bad: "bad"
      case .neutral: "neutral"
      }
    let label = run.map(\.label) ?? ""
    let brand = ["needletail bench", kind, label, run?.startedAt ?? ""].filter { !$0.isEmpty }
    let command = run.map(\.command) ?? ""
    return """
      <!DOCTYPE html>
      <html lang="en"><head><meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="generator" content="needletail \(Markup.escape(run?.version ?? ""))">
      <title>\(Markup.escape(headline.word)): \(Markup.escape(headline.text))</title>
      <style>
      \(StyleSheet.text)</style></head><body><main>
      <header><div class="brand">\(Markup.escape(brand.joined(separator: " · ")))</div>
      <h1><b class="\(state)">\(Markup.escape(headline.word))</b> \
      \(Markup.escape(headline.text))</h1>
      \(Markup.facts(facts))</header>
      \(body)<footer><p>Latency counts from the instant at which a request was due, so a server \
      that stalls is charged for everything that had to wait meanwhile.</p>
      \(command.isEmpty ? "" : "<p>To repeat it: <code>\(Markup.escape(command))</code></p>")
      </footer></main></body></html>

      """
  }
}
