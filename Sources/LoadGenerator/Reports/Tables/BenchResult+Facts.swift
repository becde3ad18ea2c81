extension RunDescription {
  /// What was run, where; `measured` says for how long.
  func facts(measured: String) -> [ReportFact] {
    [
      ReportFact(
        "target",
        [
          FigureText.printable(target), FigureText.printable(server),
          model.isEmpty ? "" : "model \(FigureText.printable(model))", FigureText.printable(input),
        ]),
      ReportFact(
        "load",
        [
          FigureText.printable(load), measured,
          warmUpNanoseconds > 0 ? "\(FigureText.duration(warmUpNanoseconds)) warm-up" : "",
          FigureText.many(threads, "thread"),
          deadlineNanoseconds.map { "deadline \(FigureText.duration($0))" } ?? "",
          "seed \(seed)",
        ]),
    ]
  }
}

extension BenchResult {
  /// What was run, where, and for how long; a run may end before the time planned for it.
  package var facts: [ReportFact] {
    let planned = FigureText.duration(run.durationNanoseconds)
    let due = summary.dueNanoseconds
    let isWhole = Double(due) >= 0.99 * Double(run.durationNanoseconds)
    return run.facts(
      measured: (isWhole ? planned : "\(FigureText.duration(due)) of \(planned)") + " measured")
  }

  /// What the server, the generator and the machine did meanwhile.
  package var resourceFacts: [ReportFact] {
    var facts: [ReportFact] = []
    if let server { facts.append(server.fact(summary)) }
    facts.append(generatorFact)
    if let machine { facts.append(machine.fact) }
    facts.append(
      ReportFact(
        "network",
        [
          "sent \(FigureText.bytes(Double(summary.bytesSent)))",
          "received \(FigureText.bytes(Double(summary.bytesReceived)))",
          FigureText.many(summary.connectionsOpened, "connection") + " opened",
          summary.connectionsLost > 0 ? "\(summary.connectionsLost) ended by the server" : "",
        ]))
    return facts
  }

  private var generatorFact: ReportFact {
    var parts: [String] = []
    if !summary.lag.isEmpty {
      parts.append("own lag p99 \(FigureText.duration(summary.lag["p99"] ?? 0))")
      parts.append("p99.9 \(FigureText.duration(summary.lag["p99.9"] ?? 0))")
    }
    if let generator { parts += generator.parts }
    return ReportFact("generator", parts.isEmpty ? ["not measured"] : parts)
  }
}

extension GeneratorFigures {
  /// How busy it was, and whether it kept up.
  var parts: [String] {
    [
      "busiest thread \(FigureText.share(busiestThreadShare)) of a core",
      isBottleneck ? "WAS THE BOTTLENECK" : "kept up",
    ] + remarks.map { FigureText.printable($0) }
  }
}

extension ServerFigures {
  func fact(_ summary: BenchSummary) -> ReportFact {
    let seconds = Double(summary.elapsedNanoseconds) / 1e9
    return ReportFact(
      "server",
      [
        cpuPerRequest(summary.counts).map { "\(FigureText.duration($0)) CPU a request" } ?? "",
        seconds > 0
          ? "\(FigureText.digits(Double(cpuNanoseconds) / 1e9 / seconds)) cores busy" : "",
        "memory \(FigureText.bytes(Double(memoryStart))), "
          + "peak \(FigureText.bytes(Double(memoryPeak)))",
        FigureText.many(threads, "thread"), "\(FigureText.count(voluntarySwitches)) waits",
        "\(FigureText.count(involuntarySwitches)) preemptions",
      ])
  }
}

extension MachineFigures {
  var fact: ReportFact {
    ReportFact(
      "machine",
      [
        FigureText.printable(processor), "\(cores) cores",
        "steal \(FigureText.share(stealShare))",
        "other processes \(FigureText.share(otherShare))",
        isDisturbed ? "DISTURBED: repeat it on a quieter machine" : "",
      ])
  }

  /// Whether something else had enough of the machine to spoil the figures.
  package var isDisturbed: Bool { stealShare > 0.01 || otherShare > 0.1 }
}
