import ArgumentParser
import ModelStore

/// `needletail check`: everything that is wrong, and nothing started.
struct CheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Reports every error of configuration, models and pipelines; starts nothing.")

  @OptionGroup var flags: ConfigurationFlags

  func run() async throws {
    let (options, problems) = flags.resolve()
    let inspection = RepositoryReport(options: options)
    let models = inspection.problems
    let pipelines = await PipelineReport(options: options, areModelsSound: models.isEmpty)
    let all = (problems + models).map { "\($0)" } + pipelines.problems
    guard all.isEmpty else {
      for problem in all { print(problem) }
      print("\(all.count) \(all.count == 1 ? "problem" : "problems")")
      throw ExitCode(1)
    }
    let source = flags.config.map { "\($0), " } ?? ""
    let summaries = [inspection.summary, pipelines.summary].filter { !$0.isEmpty }
    print("OK: \(source)\(summaries.joined(separator: ", ")), no problems")
  }
}
