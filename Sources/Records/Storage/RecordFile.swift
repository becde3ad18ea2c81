internal import GRDB

/// The one writing connection to a file of records. On the writer's thread, once it is open.
struct RecordFile: RecordTarget {
  static let pageSize = 4_096
  /// How long another program's write lock is waited for.
  private static let busySeconds = 5

  let path: String
  let options: RecordOptions
  /// The connection; its queue is entered by one thread only, so it never waits.
  let queue: DatabaseQueue
  /// The chain as it is on the disk.
  var chain: HashChain
  /// The last record that retention removed.
  var removedThrough: Int64
  var index: RequestIndex
  /// Those that are in the file.
  var contexts: RecordContexts
  var scratch: [UInt8] = []
  let lock: FileLock

  /// Opens or creates the file, lets SQLite finish what a crash interrupted, and checks the newest
  /// records against their hashes.
  init(path: String, options: RecordOptions) throws(RecordFailure) {
    self.path = path
    self.options = options
    lock = try FileLock(path: path)
    try LogInspection.check(database: path)
    let opened: DatabaseQueue
    do {
      opened = try DatabaseQueue(path: path, configuration: Self.configuration)
      let state = try Self.prepare(opened, path: path, options: options)
      chain = state.end
      removedThrough = state.removed.sequence
      (index, contexts) = try opened.writeWithoutTransaction { db in
        (try RequestIndex(db, state, options: options), try RecordContexts(db))
      }
    } catch {
      throw .opening(error, path: path)
    }
    queue = opened
  }

  private static var configuration: Configuration {
    var configuration = Configuration()
    configuration.journalMode = .wal
    configuration.busyMode = .timeout(Double(busySeconds))
    configuration.label = "records"
    configuration.prepareDatabase { db in try db.execute(sql: "PRAGMA page_size = \(pageSize)") }
    return configuration
  }

  private static func prepare(
    _ queue: DatabaseQueue, path: String, options: RecordOptions
  ) throws -> ChainState {
    try queue.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA synchronous = FULL")
      // Copying the log into the file is this program's business: never within a commit.
      try db.execute(sql: "PRAGMA wal_autocheckpoint = 0")
      // The index of requests is written at random places: those pages should be at hand.
      try db.execute(sql: "PRAGMA cache_size = -\(options.pageCacheBytes / 1_024)")
      // Pages go to the log at the commit only, in their order: LogWalk relies on it.
      try db.execute(sql: "PRAGMA cache_spill = OFF")
      try db.inTransaction(.immediate) {
        switch try RecordSchema.kind(db) {
        case .empty: try RecordSchema.create(db)
        case .records: break
        case .other(let reason): throw RecordFailure.unusable(path: path, reason: reason)
        }
        return .commit
      }
      guard let state = try ChainState.read(db) else {
        throw RecordFailure.corrupt(path: path, reason: "the table 'chain' is empty")
      }
      try checkTail(db, state, path: path, rows: options.rowsCheckedAtOpen)
      try clearLog(db)
      return state
    }
  }

  /// Empties the log, so that nothing of an earlier run is left in it beside what comes; a reader
  /// can prevent that, and is not waited for.
  private static func clearLog(_ db: Database) throws {
    _ = try db.checkpoint(.passive)
    try db.execute(sql: "PRAGMA busy_timeout = 0")
    _ = try? db.checkpoint(.truncate)
    try db.execute(sql: "PRAGMA busy_timeout = \(busySeconds * 1_000)")
  }

  /// Checks the newest records, so that nothing is chained to a damaged end.
  private static func checkTail(
    _ db: Database, _ state: ChainState, path: String, rows: Int
  ) throws {
    var start = state.removed
    let from = state.end.sequence - Int64(rows)
    if from > start.sequence {
      let sql = "SELECT hash FROM decisions WHERE sequence = ?"
      guard let hash = try DataBytes.fetchOne(db, sql: sql, arguments: [from]) else {
        throw corrupt(path, ChainProblem(sequence: from, kind: .missing(through: from)))
      }
      start = HashChain(sequence: from, hash: Array(hash))
    }
    var verifier = ChainVerifier(start: start, removedRows: 0)
    for stored in try RecordRows.rows(db, after: start.sequence, limit: rows + 1) {
      verifier.take(stored)
    }
    verifier.finish(end: state.end)
    if let problem = verifier.report.problems.first { throw corrupt(path, problem) }
  }

  private static func corrupt(_ path: String, _ problem: ChainProblem) -> RecordFailure {
    .corrupt(
      path: path,
      reason: "\(problem); see 'needletail records verify', then restore a copy or start a new file"
    )
  }
}
