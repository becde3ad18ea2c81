internal import GRDB

/// The one writing connection to a file of records. On the writer's thread, once it is open.
struct RecordFile: RecordTarget {
  static let pageSize = 4_096

  let path: String
  let options: RecordOptions
  /// The connection; its queue is entered by one thread only, so it never waits.
  let queue: DatabaseQueue
  /// The chain as it is on the disk.
  private(set) var chain: HashChain
  private var scratch: [UInt8] = []
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
      chain = try Self.prepare(opened, path: path, options: options)
    } catch {
      throw .opening(error, path: path)
    }
    queue = opened
  }

  private static var configuration: Configuration {
    var configuration = Configuration()
    configuration.journalMode = .wal
    configuration.busyMode = .timeout(5)
    configuration.label = "records"
    configuration.prepareDatabase { db in try db.execute(sql: "PRAGMA page_size = \(pageSize)") }
    return configuration
  }

  private static func prepare(
    _ queue: DatabaseQueue, path: String, options: RecordOptions
  ) throws -> HashChain {
    try queue.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA synchronous = FULL")
      // Copying the log into the file is this program's business: never within a commit.
      try db.execute(sql: "PRAGMA wal_autocheckpoint = 0")
      // The index of requests is written at random places: those pages should be at hand.
      try db.execute(sql: "PRAGMA cache_size = -\(options.pageCacheBytes / 1_024)")
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
      _ = try db.checkpoint(.passive)
      return state.end
    }
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

  /// Writes a group in one transaction. Afterwards all of it is on the disk, or none of it is.
  ///
  /// - Returns: what became of each record; a record that cannot be kept does not harm the others.
  mutating func commit(
    _ group: [DecisionRecord]
  ) throws(RecordFailure) -> [Result<AppendOutcome, RecordFailure>] {
    var head = chain
    var bytes = scratch
    scratch = []
    defer { scratch = bytes }
    var results: [Result<AppendOutcome, RecordFailure>] = []
    results.reserveCapacity(group.count)
    do {
      try queue.writeWithoutTransaction { db in
        try db.inTransaction(.immediate) {
          for record in group {
            results.append(try Self.insert(record, after: &head, scratch: &bytes, db))
          }
          if head != chain { try Self.moveEnd(db, from: chain, to: head) }
          return .commit
        }
      }
    } catch {
      throw .writing(error, path: path)
    }
    chain = head
    return results
  }

  private static func insert(
    _ record: DecisionRecord, after head: inout HashChain, scratch: inout [UInt8], _ db: Database
  ) throws -> Result<AppendOutcome, RecordFailure> {
    let next = head.next(record, scratch: &scratch)
    let statement = try db.cachedStatement(
      sql: """
        INSERT INTO decisions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, CAST(? AS TEXT))
        ON CONFLICT (pipeline, request_id) WHERE request_id IS NOT NULL DO NOTHING
        ON CONFLICT (id) DO NOTHING
        """)
    statement.setUncheckedArguments([
      next.sequence, record.id, record.requestID, record.pipeline, record.pipelineDigest,
      record.decidedAt, record.outcome, record.isDegraded ? 1 : 0, next.hash.data,
      record.body.data,
    ])
    try statement.execute()
    if db.changesCount == 1 {
      head = next
      return .success(.recorded(sequence: next.sequence, hash: next.hash))
    }
    if let requestID = record.requestID,
      let stored = try RecordRows.record(db, pipeline: record.pipeline, requestID: requestID)
    {
      return .success(.duplicate(stored.record))
    }
    return .failure(.duplicateID(record.id))
  }

  /// Notes the new end; that the old one is still there shows that nobody else has written.
  private static func moveEnd(_ db: Database, from old: HashChain, to new: HashChain) throws {
    let statement = try db.cachedStatement(
      sql: "UPDATE chain SET end_sequence = ?, end_hash = ? WHERE end_sequence = ?")
    try statement.execute(arguments: [new.sequence, new.hash.data, old.sequence])
    guard db.changesCount == 1 else {
      throw RecordFailure.durability("another program has written to the file")
    }
  }
}
