import ArgumentParser
import Decisions
import Definitions
import Foundation
import Records

/// `needletail records replay FILE --pipeline NEW`: decides records again.
struct RecordsReplayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Decides recorded requests with another pipeline and says what flips.",
    discussion: """
      Each record is decided with the inputs and the features that it was decided with. Records \
      that lack what the pipeline needs are counted and passed over. The file is only read, also \
      while a server writes to it. Ends with status 3 if more flips than --flips-max.
      """)

  @Argument(help: "The file of records (SQLite).")
  var file: String

  @Option(help: "The pipeline that decides (YAML).")
  var pipeline: String

  @Option(help: "The file of views (YAML) instead of the one that the pipeline names.")
  var views: String?

  @Option(help: "The folder of models; needless for a pipeline without models.")
  var modelRepository: String?

  @Option(name: .customLong("onnxruntime-library"), help: "The library of ONNX Runtime.")
  var onnxRuntimeLibrary = ""

  @Option(help: "Records of this pipeline; by default of the one with the same name.")
  var of: String?

  @Option(help: "The earliest time, included: 2026-05-01T12:00:00Z.")
  var from: String?

  @Option(help: "The latest time, not included.")
  var to: String?

  @Option(help: "The most records.")
  var limit: Int?

  @Option(help: "Where each flip is written (JSON, one a line); '-' for the standard output.")
  var output: String?

  @Flag(help: "Let the budget and timeouts count, as in service.")
  var timeLimits = false

  @Option(help: "The most flips, in percent of what was decided: 1%.")
  var flipsMax: String?

  func validate() throws {
    _ = try from.map { try RecordsOutput.instant($0, "--from") }
    _ = try to.map { try RecordsOutput.instant($0, "--to") }
    _ = try flipsMax.map(Self.share)
    if let limit, limit < 1 { throw ValidationError("--limit is \(limit); it is at least 1") }
  }

  func run() async throws {
    let asServed = try read()
    let definition = timeLimits ? asServed : asServed.withoutTimeLimits()
    if !definition.tiers.allSatisfy({ !$0.asksModel }), modelRepository == nil {
      throw ValidationError("the pipeline asks models: give --model-repository DIR")
    }
    let reader = try RecordsOutput.failing { try RecordReader(path: file) }
    let pages = RecordPages(
      reader, pipeline: of ?? definition.name,
      from: try from.map { try RecordsOutput.instant($0, "--from") },
      to: try to.map { try RecordsOutput.instant($0, "--to") }, limit: limit ?? .max)
    let session = try await DecideSession.open(
      definition, models: modelRepository, library: onnxRuntimeLibrary, records: nil)
    do {
      try await replay(session, pages, definition)
      await session.close()
    } catch {
      await session.close()
      throw error
    }
  }

  private func replay(
    _ session: DecideSession, _ pages: RecordPages, _ definition: PipelineDefinition
  ) async throws {
    let problems = try await session.modelProblems()
    guard problems.isEmpty else {
      for problem in problems { Terminal.complain(problem) }
      throw ExitCode(1)
    }
    let report: ReplayReport
    do {
      report = try await session.replay(
        pages, reader: ReplayReader(definition), sink: try DecideSink(output))
    } catch let failure as RecordFailure {
      Terminal.complain(failure.description)
      throw ExitCode(1)
    }
    for line in RecordsReplayText.lines(report) { Terminal.complain(line) }
    guard report.replayed > 0 else {
      Terminal.complain(
        "\(file): nothing was decided; "
          + (report.total == 0
            ? "no record of '\(of ?? definition.name)' is in the time asked for"
            : "see above why not"))
      throw ExitCode(1)
    }
    if let most = try flipsMax.map(Self.share), report.flipShare > most {
      Terminal.complain("more flips than --flips-max \(flipsMax ?? "")")
      throw ExitCode(3)
    }
  }

  private func read() throws -> PipelineDefinition {
    guard let text = Self.text(pipeline) else {
      Terminal.complain("\(pipeline): cannot be read as UTF-8; check the path")
      throw ExitCode(1)
    }
    do throws(DefinitionError) {
      return try PipelineFile.parse(text, path: pipeline) { Self.text(views ?? $0) }
    } catch {
      for problem in error.problems { Terminal.complain(problem.description) }
      throw ExitCode(1)
    }
  }

  private static func text(_ path: String) -> String? {
    FileManager.default.contents(atPath: path).flatMap { String(data: $0, encoding: .utf8) }
  }

  /// `1%` or `0.01`, as a share of one.
  private static func share(_ text: String) throws -> Double {
    let isPercent = text.hasSuffix("%")
    let number = Double(isPercent ? String(text.dropLast()) : text)
    guard let number, number >= 0, number <= (isPercent ? 100 : 1) else {
      throw ValidationError("--flips-max is '\(text)'; write it as 1% or 0.01")
    }
    return isPercent ? number / 100 : number
  }
}
