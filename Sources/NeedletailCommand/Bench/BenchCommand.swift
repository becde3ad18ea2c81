import ArgumentParser

/// `needletail bench`: the load generator and what is made of its measurements.
struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measures a server of the Open Inference Protocol: open loop, honest percentiles.",
    discussion: """
      Latency is counted from the moment a request was due, not from when it could be sent. URLs: \
      http://HOST:PORT, https://, grpc://, grpcs://, http+unix:///PATH, grpc+unix:///PATH, and \
      in-process:MODEL_REPOSITORY for the engine without a network.

      Exit status: 0 fine; 1 the run failed or was stopped (what was measured is still printed); \
      3 a bound or objective is missed, or B is slower; 4 the comparison cannot tell; 64 wrong \
      usage.
      """,
    subcommands: [
      BenchLoadCommand.self, BenchSearchCommand.self, BenchCompareCommand.self,
      BenchScenarioCommand.self, BenchReportCommand.self,
    ],
    defaultSubcommand: BenchLoadCommand.self)
}

/// How `needletail bench` ends.
enum BenchExit {
  /// The target is dead, the run broke off, or a signal stopped it; partial results are written.
  static let failed = ExitCode(1)
  /// A bound or objective does not hold, or B is slower than A.
  static let missed = ExitCode(3)
  /// The rounds of a comparison do not settle it.
  static let cannotTell = ExitCode(4)
  /// Flags or files that make no sense.
  static let usage = ExitCode(64)
}
