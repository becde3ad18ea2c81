/// Runs a scenario's phases one after the other.
///
/// How a phase is measured and how an interference is begun come from outside, so that the order of
/// things can be tested without a server.
package struct ScenarioRun: Sendable {
  /// Measures one load and judges it.
  package typealias Measure =
    @Sendable (_ title: String, _ plan: LoadPlan, _ objectives: [Objective]) async throws
    -> BenchResult
  /// Begins an interference.
  package typealias Begin = @Sendable (Interference) async throws -> InterferenceRun

  /// What happened, as it happens.
  package enum Event: Sendable {
    case measuringCapacity
    /// Successes a second.
    case capacity(Double)
    case began(ScenarioPhase)
    case ended(ScenarioPhase, BenchResult, [InterferenceFigures])
  }

  private let scenario: Scenario
  private let plan: @Sendable (LoadPlan.Pacing) -> LoadPlan
  private let measure: Measure
  private let begin: Begin

  /// - Parameters:
  ///   - plan: a plan of this pacing with the scenario's requests; durations are set here.
  ///   - measure: throws what ends the scenario.
  package init(
    _ scenario: Scenario, plan: @escaping @Sendable (LoadPlan.Pacing) -> LoadPlan,
    measure: @escaping Measure, begin: @escaping Begin
  ) {
    self.scenario = scenario
    self.plan = plan
    self.measure = measure
    self.begin = begin
  }

  /// Runs every phase, or as many as come before one that is interrupted.
  ///
  /// - Throws: ``BenchInputError`` if a phase needs a capacity and none was found; what `measure`
  ///   and `begin` throw, but for a ``LoadFailure`` after the first phase, which ends the scenario.
  package func run(event: @Sendable (Event) -> Void) async throws -> ScenarioResult {
    var result = ScenarioResult(name: scenario.name, purpose: scenario.about, phases: [])
    var capacity: Double?
    if let asked = scenario.capacity {
      event(.measuringCapacity)
      var plan = plan(.closed(concurrency: asked.concurrency))
      plan.durationNanoseconds = asked.durationNanoseconds
      plan.warmUpNanoseconds = asked.durationNanoseconds / 4
      let measured = try await measure("capacity", plan, [])
      result.phases.append(ScenarioResult.Phase(name: "capacity", result: measured))
      guard measured.interruption == nil else { return result }
      let rate = measured.summary.throughput
      event(.capacity(rate))
      capacity = rate
    }
    for phase in scenario.phases {
      event(.began(phase))
      let (measured, interferences): (BenchResult, [InterferenceFigures])
      do {
        (measured, interferences) = try await self.measure(phase, capacity: capacity)
      } catch let failure as LoadFailure where !result.phases.isEmpty {
        result.interruption = "'\(phase.name)' could not be measured: \(failure)"
        break
      }
      event(.ended(phase, measured, interferences))
      result.phases.append(ScenarioResult.Phase(name: phase.name, result: measured))
      guard measured.interruption == nil else { break }
    }
    return result
  }

  private func measure(
    _ phase: ScenarioPhase, capacity: Double?
  ) async throws -> (BenchResult, [InterferenceFigures]) {
    var plan = plan(try phase.pacing(capacity: capacity))
    plan.durationNanoseconds = phase.durationNanoseconds
    plan.warmUpNanoseconds = phase.warmUpNanoseconds
    var objectives: [Objective] = []
    for bound in phase.bounds { objectives += try bound.objectives(capacity: capacity) }
    var running: [InterferenceRun] = []
    var measured: BenchResult
    do {
      for one in scenario.interference
      where one.phases.isEmpty || one.phases.contains(phase.name) {
        running.append(try await begin(one))
      }
      measured = try await measure(phase.name, plan, objectives)
    } catch {
      for one in running { _ = await one.stop() }
      throw error
    }
    var figures: [InterferenceFigures] = []
    for one in running { figures.append(await one.stop()) }
    name(phase.bounds, in: &measured)
    if !figures.isEmpty {
      measured.run.load += ", with " + figures.map(\.name).joined(separator: " and ")
    }
    return (measured, figures)
  }

  /// Bounds relative to the capacity are shown as they were written, with their value.
  private func name(_ bounds: [ScenarioBound], in result: inout BenchResult) {
    guard bounds.count == result.verdicts.count else { return }
    for (index, bound) in bounds.enumerated() {
      if case .ofCapacity(let text, _, _, _) = bound {
        let value = result.verdicts[index].objective
        result.verdicts[index].objective = "\(text) (\(value))"
      }
    }
  }
}
