import LoadGenerator

/// Runs what a ``CapacitySearch`` asks for.
struct RateSearch {
  let session: BenchSession
  let options: SearchOptions
  let outputs: BenchOutputs

  /// The search, to its end or to the first interruption.
  func run(label: String) async throws -> SearchResult {
    var search = CapacitySearch(
      objectives: options.objectives, from: options.from, to: options.to,
      precision: options.precision, confirmations: options.confirmations,
      curvePoints: options.curvePoints)
    var points: [SearchResult.Point] = []
    var last: BenchResult?
    var interruption: String?
    while let step = search.next() {
      let plan = try plan(step, number: points.count)
      let measurement: LoadMeasurement
      do throws(LoadFailure) {
        measurement = try await session.measure(plan, progress: outputs.progress)
      } catch {
        // What was found before the target died is worth a report.
        guard !points.isEmpty else { throw error }
        interruption = error.description
        break
      }
      let result = session.result(
        measurement, of: plan, label: label, objectives: options.objectives)
      interruption = result.interruption ?? result.diedAt.map { _ in "the target died" }
      if interruption != nil { break }
      let point = SearchResult.Point(
        rate: step.rate, held: result.holds, step: step.purpose.rawValue, result: result)
      // What holds in spite of a slow generator holds; what misses with one may be its fault.
      let isMissed = point.isKnown && !point.held
      search.report(
        held: point.held, isKnown: point.isKnown,
        generatorBound: isMissed && result.generator?.isBottleneck == true)
      points.append(point)
      outputs.note(line(step, point))
      last = result
    }
    outputs.eraseProgress()
    var found = result(points, search.outcome, last, label: label)
    found.interruption = interruption
    return found
  }

  private func plan(
    _ step: CapacitySearch.Step, number: Int
  ) throws(BenchInputError) -> LoadPlan {
    let process = try ArrivalProcess(parsing: options.arrivals, rate: step.rate)
    return session.plan(
      PacingOptions(
        pacing: .open(process), durationNanoseconds: options.nanoseconds(of: step),
        requestsMax: nil, warmUpNanoseconds: options.warmUpNanoseconds,
        // Each step its own arrivals: a repetition of the same would confirm nothing.
        seed: options.seed &+ UInt64(number)))
  }

  private func line(_ step: CapacitySearch.Step, _ point: SearchResult.Point) -> String {
    let judged = point.verdicts.map { verdict in
      verdict.measured.isEmpty
        ? "\(verdict.objective): \(verdict.state.rawValue)"
        : "\(verdict.objective): \(verdict.measured)"
    }
    let end = point.held ? "holds" : point.isKnown ? "missed" : "too few requests to know"
    return "\(step.purpose.rawValue) \(FigureText.rate(step.rate)): \(end)  "
      + judged.joined(separator: ", ")
  }

  private func result(
    _ points: [SearchResult.Point], _ outcome: CapacitySearch.Outcome?, _ last: BenchResult?,
    label: String
  ) -> SearchResult {
    var run =
      last?.run
      ?? session.description(
        of: session.plan(
          PacingOptions(
            pacing: .open(.poisson(rate: options.from)),
            durationNanoseconds: options.stepNanoseconds, requestsMax: nil,
            warmUpNanoseconds: options.warmUpNanoseconds, seed: options.seed)), label: label)
    run.seed = options.seed
    run.load = "search, \(options.arrivals), steps of "
      + FigureText.duration(options.stepNanoseconds)
    run.plannedRate = nil
    // The last step may have been a longer one, and had arrivals of its own.
    run.durationNanoseconds = options.stepNanoseconds
    run.seed = options.seed
    let best = outcome?.bestRate
    var result = SearchResult(
      run: run, objective: options.text, points: points, bestRate: best, kneeRate: nil,
      stoppingReason: outcome?.reason ?? "stopped before the search was over",
      machine: last?.machine, generator: last?.generator)
    let curve = result.curve
    let knee = Knee.find(
      curve.map { (x: $0.rate, y: Double($0.summary.latency["p99"] ?? 0)) })
    result.kneeRate = knee.map { curve[$0].rate }
    return result
  }
}

extension SearchOptions {
  /// Steps are made longer at most so many times.
  static let lengthMax = 12.0

  /// How long one step is measured.
  ///
  /// While the rate still doubles, a run too short to know costs nothing: the next has twice the
  /// requests. What halves the gap or confirms must be known, and gets the time for the requests
  /// that the objectives take, with three deviations of a Poisson process and 2 % of errors to
  /// spare; up to ``lengthMax`` steps.
  func nanoseconds(of step: CapacitySearch.Step) -> Int64 {
    let needed = Objective.requestsNeeded(objectives)
    guard step.purpose == .bisect || step.purpose == .confirm, needed > 0 else {
      return stepNanoseconds
    }
    let seconds = (needed + 3 * needed.squareRoot()) * 1.02 / step.rate
    let most = Double(stepNanoseconds) * Self.lengthMax
    return max(stepNanoseconds, Int64(min(most, seconds * 1e9)))
  }
}
