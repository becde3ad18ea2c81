/// A measurement written down: what is sent, in which phases, what else happens meanwhile, and what
/// must hold.
package struct Scenario: Sendable, Equatable {
  /// How the server's capacity is measured before the first phase: successes a second in a closed
  /// loop.
  package struct Capacity: Sendable, Equatable {
    package var concurrency = 32
    package var durationNanoseconds: Int64 = 3_000_000_000
  }

  package var name: String
  package var about = ""
  /// The mix; never empty.
  package var requests: [MixEntry]
  /// `nil` if no phase and no bound speaks of it.
  package var capacity: Capacity?
  /// One after the other; never empty.
  package var phases: [ScenarioPhase]
  package var interference: [Interference] = []

  package init(name: String, requests: [MixEntry], phases: [ScenarioPhase]) {
    self.name = name
    self.requests = requests
    self.phases = phases
  }

  /// The same with every duration times `factor`, for a quick look; nothing gets shorter than
  /// 100 ms.
  package func scaled(by factor: Double) -> Scenario {
    func scaled(_ nanoseconds: Int64) -> Int64 {
      let value = Double(nanoseconds) * factor
      return value >= 9e18 ? nanoseconds : max(min(nanoseconds, 100_000_000), Int64(value))
    }
    var copy = self
    if let capacity { copy.capacity?.durationNanoseconds = scaled(capacity.durationNanoseconds) }
    for index in phases.indices {
      copy.phases[index].durationNanoseconds = scaled(phases[index].durationNanoseconds)
      copy.phases[index].warmUpNanoseconds = scaled(phases[index].warmUpNanoseconds)
    }
    return copy
  }
}

/// One stretch of a scenario.
package struct ScenarioPhase: Sendable, Equatable {
  /// How much is sent.
  package enum Load: Sendable, Equatable {
    case open(ArrivalProcess)
    /// Times the measured capacity; `arrivals` is `poisson` or `constant`.
    case capacity(multiple: Double, arrivals: String)
    case closed(concurrency: Int)
  }

  package var name: String
  package var load: Load
  package var durationNanoseconds: Int64
  package var warmUpNanoseconds: Int64 = 500_000_000
  package var bounds: [ScenarioBound] = []

  package init(name: String, load: Load, durationNanoseconds: Int64) {
    self.name = name
    self.load = load
    self.durationNanoseconds = durationNanoseconds
  }

  /// The pacing, once the capacity (successes a second) is known.
  ///
  /// - Throws: ``BenchInputError`` if the phase needs a capacity, and there is none above 0.
  package func pacing(capacity: Double?) throws(BenchInputError) -> LoadPlan.Pacing {
    switch load {
    case .open(let process): return .open(process)
    case .closed(let concurrency): return .closed(concurrency: concurrency)
    case .capacity(let multiple, let arrivals):
      guard let capacity, capacity > 0 else {
        throw BenchInputError(
          "phase '\(name)' asks for \(multiple)x capacity, and none could be measured; "
            + "see that the server answers")
      }
      return .open(try ArrivalProcess(parsing: arrivals, rate: multiple * capacity))
    }
  }
}

/// What a phase must keep.
package enum ScenarioBound: Sendable, Equatable {
  /// A clause as `bench --bound` takes it.
  case objective(Objective)
  /// `goodput>85% of capacity`: `metric` is `goodput` or `throughput`, `comparison` `>` or `>=` or
  /// `<` or `<=`, `fraction` of the measured capacity.
  case ofCapacity(text: String, metric: String, comparison: String, fraction: Double)

  /// Reads one clause.
  ///
  /// - Throws: ``BenchInputError`` that names the clause.
  package static func parse(_ text: String) throws(BenchInputError) -> [ScenarioBound] {
    let trimmed = text.split(separator: " ").joined(separator: " ")
    if trimmed.hasSuffix("% of capacity") {
      return [try ofCapacity(trimmed)]
    }
    return try Objective.parse(text).map { .objective($0) }
  }

  private static func ofCapacity(_ text: String) throws(BenchInputError) -> ScenarioBound {
    let clause = text.dropLast("% of capacity".count)
    let signs = clause.filter { "<>=".contains($0) }
    let parts = clause.split(separator: signs, maxSplits: 1).map {
      $0.split(separator: " ").joined()
    }
    guard [">", ">=", "<", "<="].contains(signs), parts.count == 2,
      ["goodput", "throughput"].contains(parts[0]), let percent = Double(parts[1]),
      percent.isFinite, percent > 0, percent <= 10_000
    else {
      throw BenchInputError(
        "bound '\(text)' is not understood; write goodput>85% of capacity or "
          + "throughput>90% of capacity")
    }
    return .ofCapacity(
      text: text, metric: parts[0], comparison: String(signs), fraction: percent / 100)
  }

  /// Whether the bound needs the capacity.
  package var needsCapacity: Bool {
    if case .ofCapacity = self { true } else { false }
  }

  /// The bound in absolute numbers.
  ///
  /// - Parameter capacity: successes a second.
  /// - Throws: ``BenchInputError`` if the capacity is needed and missing.
  package func objectives(capacity: Double?) throws(BenchInputError) -> [Objective] {
    switch self {
    case .objective(let objective): return [objective]
    case .ofCapacity(let text, let metric, let comparison, let fraction):
      guard let capacity else {
        throw BenchInputError("bound '\(text)' needs the section 'capacity'")
      }
      let rate = (fraction * capacity * 10).rounded() / 10
      return try Objective.parse("\(metric)\(comparison)\(rate)/s")
    }
  }
}

/// What else happens while a phase is measured.
package struct Interference: Sendable, Equatable {
  /// What it does; durations in nanoseconds.
  package enum Kind: Sendable, Equatable {
    /// Connections that send one byte every so often, and never a whole request.
    case slowClients(connections: Int, every: Int64)
    /// Requests whose body is larger than the server takes.
    case oversized(bytes: Int64, every: Int64)
    /// The model is loaded again.
    case reload(model: String, every: Int64)
    /// Clients that send a request and leave before the answer.
    case disconnects(every: Int64)

    /// The kind as the file spells it.
    package var name: String {
      switch self {
      case .slowClients: "slow-clients"
      case .oversized: "oversized"
      case .reload: "reload"
      case .disconnects: "disconnects"
      }
    }
  }

  package var kind: Kind
  /// Names of the phases it accompanies; empty for all.
  package var phases: [String]

  package init(_ kind: Kind, phases: [String] = []) {
    self.kind = kind
    self.phases = phases
  }
}
