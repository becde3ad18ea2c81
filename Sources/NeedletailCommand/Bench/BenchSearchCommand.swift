import ArgumentParser
import LoadGenerator

/// `needletail bench search`: the largest rate that keeps its objectives.
struct BenchSearchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search",
    abstract: "Finds the largest rate that keeps its objectives, and the latency curve.",
    discussion: """
      Doubles the rate until an objective is missed, halves the gap, and confirms both ends. \
      Percentiles need enough requests to be known: make steps longer for p99.9.
      """)

  @OptionGroup var address: AddressFlags
  @OptionGroup(title: "Requests") var workload: WorkloadFlags
  @OptionGroup(title: "Search") var search: SearchFlags
  @OptionGroup(title: "Target") var target: TargetFlags
  @OptionGroup(title: "Output") var output: OutputFlags

  /// All flags, checked.
  struct Options: Sendable {
    var target: TargetOptions
    var workload: WorkloadOptions
    var search: SearchOptions
    var output: OutputOptions
  }

  func resolve() throws(BenchInputError) -> Options {
    let output = try output.resolve()
    let search = try search.resolve()
    let target = try target.resolve(url: address.url)
    let workload = try workload.resolve(wire: target.endpoint?.wire)
    return Options(target: target, workload: workload, search: search, output: output)
  }

  func run() async throws {
    let options = try BenchRunner.checked(resolve)
    try await BenchRunner.run { stop in
      let outputs = BenchOutputs(options: options.output)
      let result = try await BenchSession.with(
        options.target, options.workload, seed: options.search.seed, stop: stop
      ) { session in
        try await RateSearch(session: session, options: options.search, outputs: outputs)
          .run(label: options.output.label ?? "")
      }
      try outputs.write(.search(result))
      if result.interruption != nil { return BenchExit.failed }
      return result.bestRate == nil ? BenchExit.missed : nil
    }
  }
}

/// What is searched, and how.
struct SearchFlags: ParsableArguments {
  @Option(help: "What must hold: 'p99.9<5ms,errors<0.1%'. Without a bound on errors: errors<1%.")
  var slo: String
  @Option(help: "Lowest rate to try, in requests a second.")
  var from = 100.0
  @Option(help: "Highest rate to try, in requests a second.")
  var to = 1_000_000.0
  @Option(help: "How arrivals are spread: poisson or constant.")
  var arrivals = "poisson"
  @Option(help: "Time measured at each rate.")
  var stepDuration = "5s"
  @Option(help: "Time of load before each measurement.")
  var warmUp = "500ms"
  @Option(help: "Runs at the rate found and at the one that missed; the majority counts.")
  var confirm = 3
  @Option(help: "Gap between the two, as a part of the rate: 5% or 0.05.")
  var precision = "5%"
  @Option(help: "Further rates along the latency curve; 0 leaves it out.")
  var curvePoints = 8
  @Option(help: "Where random arrivals, inputs and mixes start.")
  var seed: UInt64 = 1
}

/// ``SearchFlags``, checked.
struct SearchOptions: Sendable {
  var objectives: [Objective]
  var text: String
  var from: Double
  var to: Double
  var arrivals: String
  var stepNanoseconds: Int64
  var warmUpNanoseconds: Int64
  var confirmations: Int
  var precision: Double
  var curvePoints: Int
  var seed: UInt64
}

extension SearchFlags {
  func resolve() throws(BenchInputError) -> SearchOptions {
    let objectives = Objective.boundingErrors(try Objective.parse(slo))
    let lowest = try FlagCheck.rate(from, "--from")
    let highest = try FlagCheck.rate(to, "--to")
    guard lowest <= highest else {
      throw BenchInputError("--from is \(lowest), above --to \(highest); swap them")
    }
    return SearchOptions(
      objectives: objectives, text: objectives.map(\.text).joined(separator: ","),
      from: lowest, to: highest,
      arrivals: try FlagCheck.choice(arrivals, "--arrivals", ["poisson", "constant"]),
      stepNanoseconds: try FlagCheck.duration(
        stepDuration, "--step-duration", in: 10_000_000...3_600_000_000_000),
      warmUpNanoseconds: try FlagCheck.duration(
        warmUp, "--warm-up", in: 0...3_600_000_000_000),
      confirmations: try FlagCheck.number(confirm, "--confirm", in: 1...15),
      precision: try FlagCheck.fraction(precision, "--precision", in: 0.001..<1),
      curvePoints: try FlagCheck.number(curvePoints, "--curve-points", in: 0...100), seed: seed)
  }
}
