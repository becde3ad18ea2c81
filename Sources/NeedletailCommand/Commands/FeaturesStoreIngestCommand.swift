import ArgumentParser
import Definitions
import Features
import Foundation
import Synchronization

/// `needletail features ingest`: takes events into a durable store.
struct FeaturesStoreIngestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ingest",
    abstract: "Takes events into a durable store of features.",
    discussion: """
      An event counts once, however often it is given: after a crash, give the same file again. \
      The state is what was acknowledged, also after kill -9 and a loss of power.
      """)

  @Option(help: "The file of feature views (YAML).")
  var views: String

  @Option(help: "The folder of the store; made if it is not there.")
  var store: String

  @Option(
    help: "Events: FILE.csv, .ndjson or .jsonl, or - for NDJSON on the standard input.")
  var events: String?

  @Option(help: "The source of the events; needless where there is one.")
  var source: String?

  @Flag(help: "Take in the files of attributes that the views name, before the events.")
  var attributes = false

  @Option(help: "Events of one acknowledgement, 1 to 8192.")
  var batch = 512

  @Flag(help: "Print the number of events stored whenever it grows, after the disk has them.")
  var progress = false

  @Flag(help: "Write a snapshot at the end.")
  var snapshot = false

  @Option(help: "Bytes of log after which a snapshot is written.")
  var snapshotBytes = 64 << 20

  @Flag(help: "Build the state from the log alone, for views that have changed.")
  var rebuild = false

  @Flag(help: "Keep all of the log, so that the state can be built anew from the beginning.")
  var keepLog = false

  func validate() throws {
    guard (1...8192).contains(batch) else { throw ValidationError("--batch is 1 to 8192") }
    guard snapshotBytes > 0 else { throw ValidationError("--snapshot-bytes is above 0") }
  }

  func run() async throws {
    do {
      let definitions = try FeaturesFiles.definitions(views)
      var options = StoreOptions()
      options.snapshotBytes = snapshotBytes
      options.rebuilds = rebuild
      options.keepsLog = keepLog
      let opened = try FeatureStore.open(definitions, path: store, options)
      FeaturesStoreText.report(opened.recovery)
      var run = FeaturesStoreIngestion(opened, batch: batch, tellsProgress: progress)
      if attributes { try run.takeAttributes(besides: views) }
      if let events { try run.take(events, source: sourceIndex(definitions)) }
      if snapshot { try await writeSnapshot(of: opened) }
      try opened.close()
      for line in run.lines() { Terminal.complain(line) }
    } catch let problem as DefinitionError {
      for problem in problem.problems { Terminal.complain(problem.description) }
      throw ExitCode(1)
    } catch let problem as RecordProblem {
      Terminal.complain(problem.description)
      throw ExitCode(1)
    } catch let failure as StoreFailure {
      Terminal.complain(failure.description)
      throw ExitCode(1)
    }
  }

  /// Writes a snapshot as of now. One that is being written already lacks the last events: it is
  /// waited for.
  private func writeSnapshot(of store: FeatureStore) async throws {
    while true {
      do throws(StoreFailure) {
        try store.writeSnapshot()
        return
      } catch {
        guard error == .snapshotRunning else { throw error }
      }
      try await Task.sleep(for: .milliseconds(10))
    }
  }

  private func sourceIndex(_ definitions: FeatureDefinitions) throws -> Int {
    let names = definitions.sources.map(\.name).joined(separator: ", ")
    guard source != nil || definitions.sources.count == 1 else {
      throw ValidationError("--source is one of \(names)")
    }
    guard let index = source.map({ definitions.source(named: $0) }) ?? 0 else {
      throw ValidationError("no source is named '\(source ?? "")': there are \(names)")
    }
    return index
  }
}
