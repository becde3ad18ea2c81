/// A result as a terminal shows it: the verdict first, then what explains it, in 100 columns.
package enum TextReport {
  /// The report, its last line ended too.
  package static func write(_ document: BenchDocument, style: TextStyle = .plain) -> String {
    switch document {
    case .load(let result): write(result, style: style)
    case .search(let result): write(result, style: style)
    case .comparison(let result): write(result, style: style)
    case .scenario(let result): write(result, style: style)
    }
  }

  /// Of one run.
  package static func write(_ result: BenchResult, style: TextStyle = .plain) -> String {
    join(
      [headline(Headline(result), style), TextLayout.lines(result.facts)]
        + [
          result.objectiveTable, result.outcomeTable, result.latencyTable, result.errorTable,
          result.entryTable, result.stages.table,
        ].map { TextLayout.lines($0, style: style) }
        + [TextLayout.lines(result.resourceFacts)])
  }

  /// Of a search.
  package static func write(_ result: SearchResult, style: TextStyle = .plain) -> String {
    join([
      headline(Headline(result), style), TextLayout.lines(result.run.facts(measured: "")),
      TextLayout.lines(result.curveTable, style: style), TextLayout.lines(result.facts),
    ])
  }

  /// Of a comparison.
  package static func write(_ result: ComparisonResult, style: TextStyle = .plain) -> String {
    join([
      headline(Headline(result), style), TextLayout.lines(result.facts),
      TextLayout.lines(result.metricTable, style: style),
    ])
  }

  /// Of a scenario.
  package static func write(_ result: ScenarioResult, style: TextStyle = .plain) -> String {
    let first = result.phases.first?.result
    let purpose = FigureText.printable(result.purpose).split(separator: " ").map(String.init)
    var errors: [[String]] = []
    for phase in result.phases where !phase.result.errors.isEmpty {
      var table = phase.result.errorTable
      table.title = "Errors of '\(FigureText.printable(phase.name))'"
      errors.append(TextLayout.lines(table, style: style))
    }
    return join(
      [
        headline(Headline(result), style),
        purpose.isEmpty ? [] : TextLayout.wrap("", purpose, " "),
        TextLayout.lines(first.map { Array($0.facts.prefix(1)) } ?? []),
        TextLayout.lines(result.phaseTable, style: style),
        TextLayout.lines(result.objectiveTable, style: style),
      ] + errors)
  }

  private static func headline(_ headline: Headline, _ style: TextStyle) -> [String] {
    let words = headline.text.split(separator: " ").map(String.init)
    var lines = TextLayout.wrap(headline.word + "  ", words, " ")
    let rest = lines[0].dropFirst(headline.word.count)
    lines[0] = style.paint(headline.word, headline.state) + rest
    return lines
  }

  /// Blocks with an empty line between them; empty blocks are left out.
  private static func join(_ blocks: [[String]]) -> String {
    blocks.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
      + "\n"
  }
}
