import ArgumentParser
import Decisions
import Definitions
import Features
import Foundation

/// `needletail decide`: decides a file of requests in this process, in order.
struct DecideCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decide",
    abstract: "Decides a file of requests with a pipeline, in order, without a server.",
    discussion: """
      Each line of --events is one request (JSON). Its event time is the present, so the same file \
      gives the same decisions again. The summary goes to the standard error stream. Ends with \
      status 1 if a request was wrong or had no decision.
      """)

  @Option(help: "The pipeline (YAML).")
  var pipeline: String

  @Option(help: "The folder of models; needless for a pipeline without models.")
  var modelRepository: String?

  @Option(name: .customLong("onnxruntime-library"), help: "The library of ONNX Runtime.")
  var onnxRuntimeLibrary = ""

  @Option(help: "Requests: a file of JSON objects, one a line.")
  var events: String?

  @Option(help: "The file of records (SQLite); made if it is not there.")
  var records: String?

  @Option(help: "The decisions (JSON, one a line); '-' for the standard output.")
  var output: String?

  @Flag(help: "Write the features of each decision too.")
  var features = false

  @Flag(help: "Only report every error of the pipeline, and whether the models fit it.")
  var check = false

  func validate() throws {
    if !check, events == nil { throw ValidationError("give --events FILE, or --check") }
  }

  func run() async throws {
    let definition = try read()
    let needsModels =
      definition.tiers.contains(where: \.asksModel) && (!check || modelRepository != nil)
    if needsModels, modelRepository == nil {
      throw ValidationError("the pipeline asks models: give --model-repository DIR")
    }
    if check, modelRepository == nil {
      return Terminal.say("OK: \(Self.summary(definition)); models not looked at")
    }
    let session = try await DecideSession.open(
      definition, models: needsModels ? modelRepository : nil, library: onnxRuntimeLibrary,
      records: check ? nil : records)
    do {
      try await decide(session, definition)
      await session.close()
    } catch {
      await session.close()
      throw error
    }
  }

  private func decide(_ session: DecideSession, _ definition: PipelineDefinition) async throws {
    let problems = try await session.modelProblems()
    guard problems.isEmpty else {
      for problem in problems { Terminal.complain(problem) }
      throw ExitCode(1)
    }
    if check { return Terminal.say("OK: \(Self.summary(definition)); the models fit") }
    for problem in try session.loadAttributes(definition) { Terminal.complain(problem) }
    guard let events else { return }
    let summary = try await session.run(
      events: events, output: output, wantsFeatures: features)
    for line in summary.lines() { Terminal.complain(line) }
    if summary.wrong + summary.undecided > 0 { throw ExitCode(1) }
  }

  private func read() throws -> PipelineDefinition {
    guard let text = Self.text(pipeline) else {
      Terminal.complain("\(pipeline): cannot be read as UTF-8; check the path")
      throw ExitCode(1)
    }
    do throws(DefinitionError) {
      return try PipelineFile.parse(text, path: pipeline) { Self.text($0) }
    } catch {
      for problem in error.problems { Terminal.say(problem.description) }
      let count = error.problems.count
      Terminal.say("\(count) \(count == 1 ? "problem" : "problems")")
      throw ExitCode(1)
    }
  }

  private static func text(_ path: String) -> String? {
    FileManager.default.contents(atPath: path).flatMap { String(data: $0, encoding: .utf8) }
  }

  private static func summary(_ definition: PipelineDefinition) -> String {
    let tiers = definition.tiers.map(\.name).joined(separator: " > ")
    return "pipeline \(definition.name), \(tiers.isEmpty ? "rules only" : "tiers \(tiers)"), "
      + "digest \(definition.digest.prefix(16))"
  }
}
