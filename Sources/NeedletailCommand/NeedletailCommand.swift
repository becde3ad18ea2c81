import ArgumentParser

/// The product `needletail`.
@main
struct NeedletailCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "needletail",
    abstract: "Serves models over HTTP and gRPC: the Open Inference Protocol, as Triton speaks it.",
    version: NeedletailVersion.text,
    subcommands: [
      ServeCommand.self, CheckCommand.self, ModelsCommand.self, BenchCommand.self,
      DecideCommand.self, RecordsCommand.self, FeaturesCommand.self, RulesCommand.self,
      VersionCommand.self,
    ],
    defaultSubcommand: ServeCommand.self)
}

/// The version of this build.
enum NeedletailVersion {
  static let text = "0.1.0"
}

/// `needletail version`.
struct VersionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "version", abstract: "Prints the version.")

  func run() { print("needletail \(NeedletailVersion.text)") }
}
