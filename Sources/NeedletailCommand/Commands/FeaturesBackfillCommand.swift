import ArgumentParser
import Definitions
import Features
import Foundation

/// `needletail features backfill`.
struct FeaturesBackfillCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backfill",
    abstract: "Writes a training set: the features of each row as of its own time.",
    discussion: """
      Without --rows, each event of the source that requests are is a row, asked for before the \
      event itself is taken in. Lines of a file of events stand in the order of arrival.
      """)

  @Option(help: "The file of feature views (YAML).")
  var views: String

  @Option(help: "Events: FILE.csv, .ndjson or .jsonl; SOURCE=FILE where there are several sources.")
  var events: [String]

  @Option(help: "The rows to be asked for, ascending by time; without it, the events are.")
  var rows: String?

  @Option(help: "The service whose features are written; needless where there is one.")
  var service: String?

  @Option(help: "The file to be written; it appears when it is complete.")
  var output: String

  @Option(help: "A field of the row to be written too, as a label; may be given several times.")
  var keep: [String] = []

  @Flag(help: "Also write the age of each feature, in seconds.")
  var ages = false

  @Flag(help: "Also write the status of each feature: fresh, stale, missing or default.")
  var statuses = false

  @Flag(help: "End at the first record that is wrong; otherwise such records are left out.")
  var strict = false

  @Option(help: "The present (RFC 3339): later events are refused. Without it, the clock's.")
  var now: String?

  func run() async throws {
    do {
      let definitions = try FeaturesFiles.definitions(views)
      let report = try backfill(definitions)
      for line in Self.lines(report, definitions) { Terminal.complain(line) }
    } catch let problem as DefinitionError {
      for problem in problem.problems { Terminal.complain(problem.description) }
      throw ExitCode(1)
    } catch let problem as RecordProblem {
      Terminal.complain(problem.description)
      throw ExitCode(1)
    }
  }

  private func backfill(_ definitions: FeatureDefinitions) throws -> BackfillReport {
    let options = try options(definitions)
    var inputs: [(source: Int, reader: RecordReader)] = []
    for entry in events {
      let (source, path) = try source(entry, definitions)
      let schema = definitions.sources[source].schema
      inputs.append((source, try FeaturesFiles.reader(path, schema)))
    }
    let folder = URL(fileURLWithPath: views).deletingLastPathComponent()
    var attributes: [(view: Int, reader: RecordReader)] = []
    for file in definitions.attributeFiles
    where definitions.services[options.service].views.contains(file.view) {
      let path = file.file.hasPrefix("/") ? file.file : folder.appending(path: file.file).path
      attributes.append((file.view, try FeaturesFiles.reader(path, file.schema)))
    }
    var asked: RecordReader?
    if let rows, let schema = definitions.request {
      let read = definitions.services[options.service].requestFields
      asked = try FeaturesFiles.reader(rows, schema, wanted: read.union(options.kept))
    } else if let source = definitions.requestSource {
      guard inputs.contains(where: { $0.source == source }) else {
        let name = definitions.sources[source].name
        throw ValidationError("the rows are the events of '\(name)': give them, or --rows")
      }
    } else {
      throw ValidationError("requests are declared by themselves in \(views): give --rows")
    }
    return try write(definitions, options, inputs, attributes, asked)
  }

  /// Writes beside the output, which takes its name when it is whole.
  private func write(
    _ definitions: FeatureDefinitions, _ options: BackfillOptions,
    _ inputs: [(source: Int, reader: RecordReader)],
    _ attributes: [(view: Int, reader: RecordReader)], _ rows: RecordReader?
  ) throws -> BackfillReport {
    let partial = output + ".partial"
    guard FileManager.default.createFile(atPath: partial, contents: nil),
      let file = FileHandle(forWritingAtPath: partial)
    else {
      throw RecordProblem(
        input: output, line: 0, column: 0, message: "cannot be written; check its folder")
    }
    var backfill = Backfill(definitions, options)
    do {
      let report = try backfill.run(
        events: inputs, attributes: attributes, rows: rows,
        sink: { try file.write(contentsOf: Data($0)) })
      try file.close()
      guard unsafe rename(partial, output) == 0 else {
        throw RecordProblem(
          input: output, line: 0, column: 0, message: "cannot be replaced; see \(partial)")
      }
      return report
    } catch {
      try? FileManager.default.removeItem(atPath: partial)
      throw error
    }
  }

  private func options(_ definitions: FeatureDefinitions) throws -> BackfillOptions {
    let names = definitions.services.map(\.name).joined(separator: ", ")
    guard !definitions.services.isEmpty else {
      throw ValidationError("\(views) declares no services: add 'services: {NAME: [VIEW.*]}'")
    }
    guard service != nil || definitions.services.count == 1 else {
      throw ValidationError("--service is one of \(names)")
    }
    guard let index = service.map({ definitions.service(named: $0) }) ?? 0 else {
      throw ValidationError("no service is named '\(service ?? "")': there are \(names)")
    }
    var present = Int64(Date().timeIntervalSince1970 * 1e9)
    if let now {
      guard let instant = Instant.parse(now) else {
        throw ValidationError("--now is '\(now)'; write it as 2026-05-01T12:00:00Z")
      }
      present = instant
    }
    var options = BackfillOptions(service: index, now: present)
    options.writesAges = ages
    options.writesStatuses = statuses
    options.isStrict = strict
    for name in keep {
      guard let field = definitions.request?.index(of: name) else {
        let known = definitions.request?.fields.map(\.name).joined(separator: ", ") ?? ""
        throw ValidationError("--keep: a row has no field '\(name)'; it has \(known)")
      }
      options.kept.append(field)
    }
    return options
  }

  private func source(
    _ entry: String, _ definitions: FeatureDefinitions
  ) throws -> (source: Int, path: String) {
    let parts = entry.split(separator: "=", maxSplits: 1).map(String.init)
    if parts.count == 2, let source = definitions.source(named: parts[0]) {
      return (source, parts[1])
    }
    guard definitions.sources.count == 1 else {
      let names = definitions.sources.map(\.name).joined(separator: ", ")
      throw ValidationError("--events \(entry): write SOURCE=FILE with a source of \(names)")
    }
    return (0, entry)
  }

  /// The report in words; the first line is what was done.
  static func lines(_ report: BackfillReport, _ definitions: FeatureDefinitions) -> [String] {
    var lines = report.problems.map(\.description)
    if report.badRecords > report.problems.count {
      lines.append("… and \(report.badRecords - report.problems.count) more of the kind")
    }
    if report.badRecords > 0 { lines.append("\(report.badRecords) bad records were left out") }
    for (source, counts) in zip(definitions.sources, report.events) where counts.total > 0 {
      lines.append(
        "\(source.name): \(counts.accepted) events accepted, \(counts.duplicate) duplicate, "
          + "\(counts.late) late, \(counts.future) of the future, \(counts.refused) refused")
      if counts.late * 100 > counts.total {
        lines.append(
          "\(source.name): more than 1 % are late: sort the events by time, or raise 'lateness'")
      }
    }
    for (view, failures) in zip(definitions.views, report.filterFailures) where failures > 0 {
      lines.append("\(view.name): a filter had no answer for \(failures) events")
    }
    lines.append("\(report.rows) rows written")
    return lines
  }
}
