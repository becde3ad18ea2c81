import ArgumentParser
import Foundation
import Records

/// `needletail records`: looks into a file of decision records, also while a server writes to it.
struct RecordsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "records",
    abstract: "Checks and shows recorded decisions.",
    subcommands: [
      RecordsVerifyCommand.self, RecordsListCommand.self, RecordsShowCommand.self,
      RecordsReplayCommand.self, RecordsPruneCommand.self, RecordsStressCommand.self,
    ])
}

/// `needletail records verify FILE`.
struct RecordsVerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Checks that no record was altered, removed, added or moved.",
    discussion: """
      Prints the newest record's place and hash. Kept elsewhere and given with --anchor later, \
      they prove that nothing up to that record was rewritten. Ends with status 1 if \
      anything is wrong.
      """)

  @Argument(help: "The file of records (SQLite).")
  var file: String

  @Option(help: "SEQUENCE:HASH of a record, as an earlier run printed it; it must still be there.")
  var anchor: String?

  @Flag(help: "Leave out the check of the file's pages and indexes.")
  var skipStructure = false

  @Flag(help: "Say how far it is, on the standard error stream.")
  var progress = false

  func validate() throws {
    if let anchor, RecordAnchor(anchor) == nil {
      throw ValidationError(
        "--anchor is '\(anchor)'; write SEQUENCE:HASH with 64 hexadecimal digits")
    }
  }

  func run() async throws {
    let report = try RecordsOutput.failing {
      let reader = try RecordReader(path: file)
      var next: Int64 = 0
      return try reader.verify(
        anchor: anchor.flatMap { RecordAnchor($0) }, checksStructure: !skipStructure,
        progress: { rows, total in
          guard progress, rows >= next else { return }
          next = rows + 100_000
          Terminal.complain("\(rows) of about \(total) records")
        })
    }
    for problem in report.problems { Terminal.say("\(file): \(problem)") }
    if report.removedRows > 0 {
      Terminal.say("\(report.removedRows) records were removed by retention before these")
    }
    let end = "\(report.lastSequence):\(report.lastHash.hexadecimal)"
    guard report.isIntact else {
      let count = report.problems.count
      Terminal.say("BROKEN: \(file), \(count) \(count == 1 ? "problem" : "problems")")
      throw ExitCode(1)
    }
    if let anchor, let given = RecordAnchor(anchor), given.sequence < report.firstSequence {
      Terminal.say(
        "record \(given.sequence) of --anchor was removed by retention: nothing to compare")
      throw ExitCode(1)
    }
    Terminal.say("OK: \(file), \(report.rows) records, end \(end)")
  }
}

/// `needletail records list FILE`.
struct RecordsListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "Lists records by time, oldest first.")

  @Argument(help: "The file of records (SQLite).")
  var file: String

  @Option(help: "Only records of this pipeline.")
  var pipeline: String?

  @Option(help: "The earliest time, included: 2026-05-01T12:00:00Z.")
  var from: String?

  @Option(help: "The latest time, not included.")
  var to: String?

  @Option(help: "The most records.")
  var limit = 100

  @Option(help: "Go on after this place: the one that the last line of a list named.")
  var after: String?

  @Flag(help: "One JSON object a line, with everything that is recorded.")
  var json = false

  func validate() throws {
    guard limit > 0 else { throw ValidationError("--limit is \(limit); it is at least 1") }
    if let after, RecordCursor(after) == nil {
      throw ValidationError("--after is '\(after)'; give what an earlier list ended with")
    }
    _ = try from.map { try RecordsOutput.instant($0, "--from") }
    _ = try to.map { try RecordsOutput.instant($0, "--to") }
  }

  func run() async throws {
    let start = try from.map { try RecordsOutput.instant($0, "--from") }
    let end = try to.map { try RecordsOutput.instant($0, "--to") }
    var cursor = after.flatMap { RecordCursor($0) }
    var left = limit
    let reader = try RecordsOutput.failing { try RecordReader(path: file) }
    while left > 0 {
      let page = try RecordsOutput.failing {
        try reader.list(
          pipeline: pipeline, from: start, to: end,
          limit: min(left, RecordReader.pageRowsMaximum), after: cursor)
      }
      for stored in page.records {
        Terminal.say(json ? RecordsOutput.json(stored) : RecordsOutput.line(stored))
      }
      left -= page.records.count
      cursor = page.next
      if cursor == nil { return }
    }
    if let cursor { Terminal.complain("there are more: go on with --after \(cursor)") }
  }
}

/// `needletail records show FILE ID`.
struct RecordsShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Shows one record with all that was recorded, as JSON.")

  @Argument(help: "The file of records (SQLite).")
  var file: String

  @Argument(help: "The decision's id; or give --pipeline and --request.")
  var id: String?

  @Option(help: "The pipeline of --request.")
  var pipeline: String?

  @Option(help: "The caller's id of the request.")
  var request: String?

  func validate() throws {
    guard (id != nil) != (pipeline != nil && request != nil) else {
      throw ValidationError("give the decision's id, or --pipeline and --request")
    }
  }

  func run() async throws {
    let found = try RecordsOutput.failing {
      let reader = try RecordReader(path: file)
      if let id { return try reader.find(id: id) }
      return try reader.find(pipeline: pipeline ?? "", requestID: request ?? "")
    }
    guard let found else {
      let asked = id.map { "the id '\($0)'" } ?? "the request '\(request ?? "")'"
      Terminal.complain("\(file): no record has \(asked)")
      throw ExitCode(1)
    }
    Terminal.say(RecordsOutput.json(found))
  }
}

/// `needletail records prune FILE --before TIME`.
struct RecordsPruneCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune",
    abstract: "Removes the oldest records; what stays can still be verified.",
    discussion: """
      Stops at the first record that is younger, and at the first that was altered. No server may \
      have the file open.
      """)

  @Argument(help: "The file of records (SQLite).")
  var file: String

  @Option(help: "Records decided before this time are removed: 2026-05-01T12:00:00Z.")
  var before: String

  func validate() throws {
    _ = try RecordsOutput.instant(before, "--before")
    // A store would make a new file.
    guard FileManager.default.fileExists(atPath: file) else {
      throw ValidationError("\(file): no such file")
    }
  }

  func run() async throws {
    let instant = try RecordsOutput.instant(before, "--before")
    let report = try RecordsOutput.failing {
      let store = try RecordStore(path: file)
      defer { store.close() }
      return try store.prune(before: instant)
    }
    Terminal.say("OK: \(file), \(report.removedRows) records removed")
  }
}
