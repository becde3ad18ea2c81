import ArgumentParser
import LoadGenerator
import NIOCore
import NIOPosix

/// `needletail bench scenario`: measurements written down, with what must hold.
struct BenchScenarioCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scenario",
    abstract: "Runs scenario files: phases, interference and bounds.",
    discussion: """
      needletail bench scenario Examples/bench/*.yaml -u http://localhost:8000

      Exit status: 0 every bound held, 1 a run broke off, 3 a bound is missed.
      """)

  @Argument(help: "Scenario files, run one after the other.")
  var file: [String]
  @OptionGroup var address: AddressFlags
  @Option(help: "Factor of all durations, above 0 and up to 100.")
  var durationScale = 1.0
  @Flag(help: "The same as --duration-scale 0.1: a first look that proves nothing.")
  var quick = false
  @Option(help: "Where random arrivals, inputs and mixes start.")
  var seed: UInt64 = 1
  @OptionGroup(title: "Target") var target: TargetFlags
  @OptionGroup(title: "Output") var output: OutputFlags

  /// All flags and files, checked.
  struct Options: Sendable {
    var scenarios: [Scenario]
    var target: TargetOptions
    var seed: UInt64
    var output: OutputOptions
  }

  func resolve() throws(BenchInputError) -> Options {
    let output = try output.resolve()
    if file.count > 1, let flag = Self.fileFlag(output) {
      throw BenchInputError("\(flag) holds one scenario; run the files one at a time")
    }
    guard durationScale.isFinite, durationScale > 0, durationScale <= 100 else {
      throw BenchInputError("--duration-scale is \(durationScale); use a number up to 100")
    }
    let target = try target.resolve(url: address.url)
    var scenarios: [Scenario] = []
    for path in file {
      let scenario = try ScenarioFile.scenario(path: path)
      if target.endpoint == nil, !scenario.interference.isEmpty {
        throw BenchInputError(
          "\(path): interference needs a server; there is none in-process, use a URL")
      }
      scenarios.append(scenario.scaled(by: quick ? 0.1 : durationScale))
    }
    return Options(scenarios: scenarios, target: target, seed: seed, output: output)
  }

  private static func fileFlag(_ output: OutputOptions) -> String? {
    [("--json", output.json), ("--csv", output.csv), ("--html", output.html)]
      .first { $0.1 != nil }?.0
  }

  func run() async throws {
    let options = try BenchRunner.checked(resolve)
    try await BenchRunner.run { stop in
      let outputs = BenchOutputs(options: options.output)
      var results: [BenchResult] = []
      for scenario in options.scenarios {
        let result = try await ScenarioSession(
          scenario: scenario, target: options.target, seed: options.seed, outputs: outputs
        ).run(label: options.output.label ?? "", stop: stop)
        outputs.eraseProgress()
        try outputs.write(.scenario(result))
        results += result.phases.map(\.result)
        if result.interruption != nil { return BenchExit.failed }
        if stop.isRaised { break }
      }
      return BenchVerdict.exit(of: results)
    }
  }
}

/// One scenario against one target.
struct ScenarioSession: Sendable {
  let scenario: Scenario
  let target: TargetOptions
  let seed: UInt64
  let outputs: BenchOutputs

  /// - Throws: what `BenchSession` throws, and `TargetError` if the server refuses an interference.
  func run(label: String, stop: StopSignal) async throws -> ScenarioResult {
    let workload = WorkloadOptions(entries: scenario.requests)
    return try await BenchSession.with(target, workload, seed: seed, stop: stop) { session in
      // A thread of its own: what disturbs the server must not disturb the measurement.
      let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
      let result: Result<ScenarioResult, any Error>
      do {
        result = .success(try await run(session, label: label, on: group))
      } catch {
        result = .failure(error)
      }
      try? await group.shutdownGracefully()
      return try result.get()
    }
  }

  private func run(
    _ session: BenchSession, label: String, on group: MultiThreadedEventLoopGroup
  ) async throws -> ScenarioResult {
    outputs.note("\(scenario.name): \(scenario.about)")
    let surroundings = surroundings(session)
    if let surroundings {
      for one in scenario.interference { try await one.check(surroundings, on: group) }
    }
    let (seed, outputs) = (seed, outputs)
    return try await ScenarioRun(
      scenario,
      plan: { pacing in
        session.plan(
          PacingOptions(
            pacing: pacing, durationNanoseconds: 1_000_000_000, requestsMax: nil,
            warmUpNanoseconds: 0, seed: seed))
      },
      measure: { _, plan, objectives in
        var plan = plan
        plan.windowNanoseconds = BenchSession.window(plan.durationNanoseconds)
        let measurement = try await session.measure(plan, progress: outputs.progress)
        return session.result(measurement, of: plan, label: label, objectives: objectives)
      },
      begin: { interference in
        guard let surroundings else {
          throw BenchInputError("interference needs a server; there is none in-process")
        }
        return try await interference.begin(surroundings, on: group)
      }
    ).run { Self.note($0, outputs) }
  }

  private func surroundings(_ session: BenchSession) -> Interference.Surroundings? {
    target.endpoint.map {
      Interference.Surroundings(
        endpoint: $0, dialer: session.target.dialer,
        requests: session.workload.entries.flatMap(\.requests), model: session.workload.model)
    }
  }

  private static func note(_ event: ScenarioRun.Event, _ outputs: BenchOutputs) {
    switch event {
    case .measuringCapacity: outputs.note("measuring the capacity")
    case .capacity(let rate): outputs.note("capacity: \(FigureText.rate(rate))")
    case .began(let phase):
      outputs.note("\(phase.name): \(FigureText.duration(phase.durationNanoseconds))")
    case .ended(let phase, let result, let interferences):
      for figures in interferences { outputs.note("  \(figures)") }
      let missed = result.verdicts.filter { $0.state != .held }.map(\.objective)
      let end = missed.isEmpty ? "" : ", not held: \(missed.joined(separator: ", "))"
      outputs.note(
        "\(phase.name): p99 \(FigureText.duration(result.summary.latency["p99"] ?? 0)), "
          + "goodput \(FigureText.rate(result.summary.goodput))\(end)")
    }
  }
}
