/// The one sentence that a report begins with.
package struct Headline: Sendable, Equatable {
  /// What it means to whoever is paged.
  package enum State: Sendable {
    case good
    case bad
    case neutral
  }

  package var state: State
  /// One or two words, for example `HELD`.
  package var word: String
  package var text: String

  package init(_ state: State, _ word: String, _ text: String) {
    self.state = state
    self.word = word
    self.text = text
  }

  /// Of one run.
  package init(_ result: BenchResult) {
    let summary = result.summary
    let figures = Self.figures(result)
    if let reason = result.interruption {
      self.init(
        .bad, "ENDED EARLY",
        "after \(FigureText.duration(summary.elapsedNanoseconds)): "
          + FigureText.printable(reason) + "; until then " + figures)
      return
    }
    if let time = result.diedAt {
      self.init(
        .bad, "TARGET DIED",
        "after \(FigureText.duration(time)) no connection could be made any more; " + figures)
      return
    }
    if result.lacksSuccess {
      self.init(.bad, "NO SUCCESS", figures)
      return
    }
    if let broken = Self.brokenBound(result) {
      self.init(.bad, broken.word, "\(broken.text); \(figures)")
      return
    }
    let isSlow = result.generator?.isBottleneck == true
    self.init(
      result.verdicts.isEmpty ? .neutral : .good, result.verdicts.isEmpty ? "DONE" : "HELD",
      figures + (isSlow ? "; the generator itself was the bottleneck" : ""))
  }

  /// The first bound that was missed, else the first that is not known; `nil` if all held.
  private static func brokenBound(_ result: BenchResult) -> (word: String, text: String)? {
    for (state, word) in [(VerdictFigures.State.missed, "MISSED"), (.notMeasured, "NOT MEASURED")] {
      let broken = result.verdicts.filter { $0.state == state }
      guard let first = broken.first else { continue }
      return (
        word,
        FigureText.printable(first.objective)
          + (first.measured.isEmpty ? "" : " is \(first.measured)")
          + (broken.count > 1 ? " and \(broken.count - 1) more" : "")
      )
    }
    return nil
  }

  private static func figures(_ result: BenchResult) -> String {
    let summary = result.summary
    let counts = summary.counts
    guard counts.offered > 0 else { return "no request was due" }
    guard counts.ok > 0 else {
      return "none of \(FigureText.count(counts.offered)) requests was answered with success: "
        + mostFrequent(counts)
    }
    let isBehind = summary.throughput < 0.9 * summary.offeredRate && counts.errors == 0
    let rate =
      result.run.isOpenLoop
      ? "\(FigureText.rate(summary.offeredRate)) offered"
        + (isBehind ? " but \(FigureText.rate(summary.throughput)) answered" : "")
      : "\(result.run.concurrency ?? 0) under way, \(FigureText.rate(summary.throughput))"
    return "\(FigureText.count(counts.offered)) requests, \(rate): \(tail(summary.latency)), "
      + "\(FigureText.share(counts.share(counts.good))) good"
      + (counts.errors > 0 ? ", \(FigureText.share(counts.share(counts.errors))) errors" : "")
  }

  /// The highest percentile that enough requests make known; the maximum of a few.
  private static func tail(_ latency: LatencyFigures) -> String {
    let known = ["p99.9", "p99", "p90", "p50"].compactMap { name in
      LatencyFigures.percentiles.first { $0.name == name }
    }.first { !latency.isSparse($0.quantile) }
    guard let known else { return "max \(FigureText.duration(latency.max))" }
    return "\(known.name) \(FigureText.duration(latency[known.name] ?? 0))"
  }

  private static func mostFrequent(_ counts: CountFigures) -> String {
    let kinds = Outcome.allCases.filter { $0 != .ok && counts[$0] > 0 }
      .sorted { counts[$0] > counts[$1] }
    guard !kinds.isEmpty else { return "none of them has ended" }
    return kinds.prefix(3).map { "\(FigureText.count(counts[$0])) \($0.name)" }
      .joined(separator: ", ")
  }

  /// Of a search.
  package init(_ result: SearchResult) {
    let objective = FigureText.printable(result.objective)
    if let reason = result.interruption {
      let count = FigureText.many(result.points.count, "run")
      self.init(
        .bad, "ENDED EARLY",
        "after \(count), before the search was over: " + FigureText.printable(reason))
      return
    }
    guard let best = result.bestRate else {
      let count = result.points.count
      let known = result.points.count { $0.isKnown }
      let text =
        known == count
        ? "\(objective) was missed in \(count == 1 ? "the one run" : "all \(count) runs")"
        : "\(objective) could not be judged in \(count - known) of \(count) runs: measure longer"
      self.init(.bad, known == count ? "NONE HELD" : "NOT KNOWN", text)
      return
    }
    let knee = result.kneeRate.map { "; the knee is at \(FigureText.rate($0))" } ?? ""
    self.init(.good, FigureText.rate(best), "is the largest rate that holds \(objective)\(knee)")
  }

  /// Of a comparison.
  package init(_ result: ComparisonResult) {
    let decisive = result.metrics.first { $0.name == result.decisiveMetric }
    var text = FigureText.printable(result.decisiveMetric, limit: 40)
    if let decisive, decisive.name == ComparisonResult.errorsMetric {
      text += " are \(FigureText.share(decisive.b)), A's \(FigureText.share(decisive.a))"
    } else if let ratio = decisive?.ratio {
      text +=
        " is \(FigureText.ratio(ratio.value)) of A's"
        + " [\(FigureText.ratio(ratio.low)), \(FigureText.ratio(ratio.high))]"
    }
    text += ", " + FigureText.many(result.rounds, "round") + " each"
    if let reason = [result.a, result.b].compactMap({ $0?.interruption }).first {
      self.init(
        .bad, "ENDED EARLY",
        "after \(FigureText.many(result.rounds, "round")) of each: "
          + FigureText.printable(reason))
      return
    }
    let byErrors = result.decisiveMetric == ComparisonResult.errorsMetric
    switch result.verdict {
    case .faster: self.init(.good, byErrors ? "B FAILS LESS" : "B IS FASTER", text)
    case .slower: self.init(.bad, byErrors ? "B FAILS MORE" : "B IS SLOWER", text)
    case .same: self.init(.neutral, "THE SAME", text)
    case .cannotTell, .notJudged:
      self.init(.neutral, "CANNOT TELL", text + "; use more or longer rounds")
    }
  }

  /// Of a scenario.
  package init(_ result: ScenarioResult) {
    let name = FigureText.printable(result.name)
    if let reason = result.interruption {
      self.init(.bad, "ENDED EARLY", "\(name): " + FigureText.printable(reason))
      return
    }
    let broken = result.phases.filter { Headline($0.result).state == .bad }
    guard let first = broken.first else {
      self.init(.good, "HELD", "\(name): all \(result.phases.count) phases")
      return
    }
    if let last = result.phases.last, let reason = last.result.interruption {
      self.init(
        .bad, "ENDED EARLY",
        "\(name): in '\(FigureText.printable(last.name))': " + FigureText.printable(reason))
      return
    }
    let whole = Headline(first.result)
    let cause = Self.brokenBound(first.result) ?? (whole.word, whole.text)
    self.init(
      .bad, "MISSED",
      "\(name): \(broken.count) of \(result.phases.count) phases; first "
        + "'\(FigureText.printable(first.name))': \(cause.word.lowercased()) \(cause.text)")
  }
}
