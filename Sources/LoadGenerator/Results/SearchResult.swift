/// A search for the largest rate that still holds the objectives.
package struct SearchResult: Codable, Sendable, Equatable {
  /// One rate that was tried.
  package struct Point: Codable, Sendable, Equatable {
    /// The rate asked for, in requests a second.
    package var rate: Double
    /// Whether the objectives held.
    package var held: Bool
    /// What it was tried for: `bracket`, `bisect`, `confirm` or `curve`.
    package var step: String
    package var summary: BenchSummary
    package var stages: StageFigures
    package var verdicts: [VerdictFigures]
    /// Nanoseconds of the server's CPU for each request; `nil` if its process was not found.
    package var serverCPUPerRequest: Double?

    package init(rate: Double, held: Bool, step: String, result: BenchResult) {
      self.rate = rate
      self.held = held
      self.step = step
      summary = result.summary
      stages = result.stages
      verdicts = result.verdicts
      serverCPUPerRequest = result.server?.cpuPerRequest(result.summary.counts)
    }

    /// Whether the run said that the rate holds or that it does not; `false` if too little was
    /// measured for either.
    package var isKnown: Bool {
      held || verdicts.contains { $0.state == .missed }
        || !verdicts.contains { $0.state == .notMeasured }
    }

    private enum CodingKeys: String, CodingKey {
      case rate, held, step, summary, stages, verdicts
      case serverCPUPerRequest = "server_cpu_ns_per_request"
    }
  }

  package var run: RunDescription
  /// The objectives as they were written.
  package var objective: String
  /// In the order in which they were tried.
  package var points: [Point]
  /// The largest confirmed rate, in requests a second; `nil` if none held.
  package var bestRate: Double?
  /// Where the latency curve bends, in requests a second; `nil` if it does not.
  package var kneeRate: Double?
  /// Why the search ended, for example `within 2 % of the first rate that missed`.
  package var stoppingReason: String
  /// Why the search ended before its time; `nil` if it did not.
  package var interruption: String?
  package var machine: MachineFigures?
  package var generator: GeneratorFigures?

  package init(
    run: RunDescription, objective: String, points: [Point], bestRate: Double?,
    kneeRate: Double?, stoppingReason: String, machine: MachineFigures? = nil,
    generator: GeneratorFigures? = nil
  ) {
    self.run = run
    self.objective = objective
    self.points = points
    self.bestRate = bestRate
    self.kneeRate = kneeRate
    self.stoppingReason = stoppingReason
    self.machine = machine
    self.generator = generator
  }

  /// The points by rate, ascending; of one rate, in the order of the search.
  package var curve: [Point] {
    points.enumerated().sorted { ($0.element.rate, $0.offset) < ($1.element.rate, $1.offset) }
      .map(\.element)
  }

  private enum CodingKeys: String, CodingKey {
    case run, objective, points, machine, generator, interruption
    case bestRate = "best_rate"
    case kneeRate = "knee_rate"
    case stoppingReason = "stopping_reason"
  }
}
