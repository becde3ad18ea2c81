import ArgumentParser
import ModelStore

/// `needletail check`: everything that is wrong, and nothing started.
struct CheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Reports every error of the configuration and the models; starts nothing.")

  @OptionGroup var flags: ConfigurationFlags

  func run() async throws {
    let (options, problems) = flags.resolve()
    let inspection = RepositoryReport(options: options)
    let all = problems + inspection.problems
    guard all.isEmpty else {
      for problem in all { print(problem) }
      print("\(all.count) \(all.count == 1 ? "problem" : "problems")")
      throw ExitCode(1)
    }
    let source = flags.config.map { "\($0), " } ?? ""
    print("OK: \(source)\(inspection.summary)")
  }
}
