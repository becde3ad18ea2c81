import ArgumentParser
import LoadGenerator

/// `needletail bench load`: one load, measured.
struct BenchLoadCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "load", abstract: "Sends one load and reports latency, errors and goodput.",
    discussion: """
      needletail bench -m digits --rate 2000 --bound 'p99<10ms,errors<0.1%'

      Ctrl-C ends the run early; what was measured is printed and written, and the exit status is 1.
      """)

  @OptionGroup var address: AddressFlags
  @OptionGroup(title: "Requests") var workload: WorkloadFlags
  @OptionGroup(title: "Load") var pacing: PacingFlags
  @OptionGroup(title: "Length") var length: LengthFlags
  @OptionGroup(title: "Target") var target: TargetFlags
  @OptionGroup(title: "Output") var output: OutputFlags
  @Option(
    help: "What must hold, or exit with 3: 'p99<5ms,errors<0.1%,goodput>99%'; repeat for several.")
  var bound: [String] = []

  /// All flags, checked.
  struct Options: Sendable {
    var target: TargetOptions
    var workload: WorkloadOptions
    var pacing: PacingOptions
    var output: OutputOptions
    var objectives: [Objective]
  }

  func resolve() throws(BenchInputError) -> Options {
    let output = try output.resolve()
    let pacing = try pacing.resolve(length)
    var objectives: [Objective] = []
    for text in bound { objectives += try Objective.parse(text) }
    let target = try target.resolve(url: address.url)
    let workload = try workload.resolve(wire: target.endpoint?.wire)
    return Options(
      target: target, workload: workload, pacing: pacing, output: output, objectives: objectives)
  }

  func run() async throws {
    let options = try BenchRunner.checked(resolve)
    try await BenchRunner.run { stop in
      let outputs = BenchOutputs(options: options.output)
      let result = try await BenchSession.with(
        options.target, options.workload, seed: options.pacing.seed, stop: stop
      ) { session in
        let plan = session.plan(options.pacing)
        let measurement = try await session.measure(plan, progress: outputs.progress)
        return session.result(
          measurement, of: plan, label: options.output.label ?? "",
          objectives: options.objectives)
      }
      outputs.eraseProgress()
      try outputs.write(.load(result))
      return BenchVerdict.exit(of: [result])
    }
  }
}

/// How results end the program.
enum BenchVerdict {
  /// 1 for a run that broke off or whose target died, 3 for a bound that did not hold, 1 for a run
  /// without any success, `nil` if all is well.
  static func exit(of results: [BenchResult]) -> ExitCode? {
    if results.contains(where: { $0.interruption != nil || $0.diedAt != nil }) {
      return BenchExit.failed
    }
    guard results.allSatisfy(\.holds) else { return BenchExit.missed }
    return results.contains(where: \.lacksSuccess) ? BenchExit.failed : nil
  }
}
