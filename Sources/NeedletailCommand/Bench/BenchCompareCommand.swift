import ArgumentParser
import LoadGenerator

/// `needletail bench compare`: is B faster or slower than A?
struct BenchCompareCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Compares two servers in interleaved rounds, or two result files, with a verdict.",
    discussion: """
      needletail bench compare http://localhost:8000 http://localhost:9000 -m digits --rate 2000

      Exit status: 0 the same or faster, 3 slower, 4 cannot tell; with --gate 0 unless slower.
      """)

  @Argument(help: "URL or result file of the first.")
  var a: String
  @Argument(help: "URL or result file of the second.")
  var b: String
  @OptionGroup(title: "Comparison") var compare: CompareFlags
  @OptionGroup(title: "Requests") var workload: WorkloadFlags
  @OptionGroup(title: "Load") var pacing: PacingFlags
  @OptionGroup(title: "Target") var target: TargetFlags
  @OptionGroup(title: "Output") var output: OutputFlags

  /// What is compared.
  enum Sides: Sendable {
    case files(a: String, b: String)
    case servers(a: TargetOptions, b: TargetOptions, WorkloadOptions, PacingOptions)
  }

  /// All flags, checked.
  struct Options: Sendable {
    var sides: Sides
    var compare: CompareOptions
    var output: OutputOptions
  }

  func resolve() throws(BenchInputError) -> Options {
    let output = try output.resolve()
    if output.csv != nil {
      throw BenchInputError("--csv has no columns for a comparison; use --json or --html")
    }
    let compare = try compare.resolve(seed: pacing.seed)
    return Options(sides: try sides(compare), compare: compare, output: output)
  }

  private func sides(_ compare: CompareOptions) throws(BenchInputError) -> Sides {
    switch (Self.isURL(a), Self.isURL(b)) {
    case (false, false):
      if workload.model != nil || workload.mix != nil || workload.path != nil {
        throw BenchInputError(
          "'\(a)' and '\(b)' are result files, which were measured already; leave the requests "
            + "out, or give URLs")
      }
      try FlagCheck.readable(a, "A")
      try FlagCheck.readable(b, "B")
      return .files(a: a, b: b)
    case (true, true):
      let pacing = try pacing.resolve(
        nil, durationNanoseconds: compare.roundNanoseconds, warmUpDefault: "250ms")
      let (first, second) = (try target.resolve(url: a), try target.resolve(url: b))
      let requests = try workload.resolve(wire: first.endpoint?.wire)
      _ = try workload.resolve(wire: second.endpoint?.wire)
      return .servers(a: first, b: second, requests, pacing)
    case (let isURL, _):
      throw BenchInputError(
        "'\(isURL ? a : b)' is a URL and '\(isURL ? b : a)' a file; give two URLs or two files")
    }
  }

  /// Whether an argument is a URL rather than a file.
  static func isURL(_ text: String) -> Bool {
    text.contains("://") || text.lowercased().hasPrefix("in-process:")
  }

  func run() async throws {
    let options = try BenchRunner.checked(resolve)
    try await BenchRunner.run { stop in
      let outputs = BenchOutputs(options: options.output)
      let result: ComparisonResult
      switch options.sides {
      case .files(let a, let b):
        result = try FileComparison.compare(a, b, options.compare)
      case .servers(let a, let b, let workload, let pacing):
        result = try await BenchSession.with(a, workload, seed: pacing.seed, stop: stop) { first in
          try await BenchSession.with(b, workload, seed: pacing.seed, stop: stop) { second in
            try await InterleavedRounds(
              a: first, b: second, options: options.compare, pacing: pacing, outputs: outputs
            ).run()
          }
        }
        outputs.eraseProgress()
      }
      try outputs.write(.comparison(result))
      for case let side? in [result.a, result.b]
      where side.interruption != nil || side.diedAt != nil || side.lacksSuccess {
        return BenchExit.failed
      }
      return Self.exit(result.verdict, isGate: options.compare.isGate)
    }
  }

  /// How a verdict ends the program.
  static func exit(_ verdict: ComparisonResult.Verdict, isGate: Bool) -> ExitCode? {
    switch verdict {
    case .slower: BenchExit.missed
    case .cannotTell, .notJudged: isGate ? nil : BenchExit.cannotTell
    case .faster, .same: nil
    }
  }
}
