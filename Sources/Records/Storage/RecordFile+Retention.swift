internal import GRDB

extension RecordFile {
  /// How many records one step of removal takes, so that appends wait for a step at most.
  static let pruneStepRows = 256
  /// And so many bytes at most, but for its last record.
  private static let pruneStepBytes = 8 << 20

  /// Removes the oldest records that were decided before `instant` (nanoseconds since 1970), a step
  /// of them, from the start of the chain up to the first that is younger.
  ///
  /// - Returns: what was removed, and whether there may be more.
  mutating func prune(before instant: Int64) throws(RecordFailure) -> PruneReport {
    var report = PruneReport()
    do {
      try queue.writeWithoutTransaction { db in
        try db.inTransaction(.immediate) {
          report = try Self.pruneStep(db, before: instant, path: path, index.hasher)
          return .commit
        }
      }
    } catch {
      throw .writing(error, path: path)
    }
    removedThrough = max(removedThrough, report.throughSequence)
    return report
  }

  private static func pruneStep(
    _ db: Database, before instant: Int64, path: String, _ hasher: RequestHasher
  ) throws -> PruneReport {
    guard let state = try ChainState.read(db) else {
      throw RecordFailure.corrupt(path: path, reason: "the table 'chain' is empty")
    }
    var report = PruneReport()
    report.throughSequence = state.removed.sequence
    var verifier = ChainVerifier(start: state.removed, removedRows: 0)
    let rows = try RecordRows.rows(
      db, after: state.removed.sequence, limit: pruneStepRows, bytes: pruneStepBytes)
    let removed = rows.prefix { $0.record.decidedAt < instant }
    for stored in removed {
      verifier.take(stored)
      report.removedRows += 1
    }
    guard report.removedRows > 0 else { return report }
    report.hasMore = removed.count == rows.count
    // Evidence of tampering is not removed.
    if let problem = verifier.report.problems.first {
      throw RecordFailure.corrupt(path: path, reason: "\(problem); nothing was removed from there")
    }
    report.throughSequence = verifier.head.sequence
    try db.execute(
      sql: "DELETE FROM decisions WHERE sequence <= ?", arguments: [report.throughSequence])
    for stored in removed { try RequestRows.remove(db, stored, hasher) }
    try db.execute(
      sql: "DELETE FROM requests_new WHERE sequence <= ?", arguments: [report.throughSequence])
    try db.execute(
      sql: """
        UPDATE chain SET removed_through = ?, removed_hash = ?, removed_rows = removed_rows + ?
        """,
      arguments: [report.throughSequence, verifier.head.hash.data, report.removedRows])
    return report
  }

  /// Copies what is left of the write-ahead log into the file, so that the log starts again.
  func checkpoint() throws(RecordFailure) {
    do {
      _ = try queue.writeWithoutTransaction { db in try db.checkpoint(.passive) }
    } catch {
      throw .writing(error, path: path)
    }
  }

  /// Closes the file; its write-ahead log is copied into it and removed.
  func close() throws(RecordFailure) {
    defer { lock.release() }
    do { try queue.close() } catch { throw .writing(error, path: path) }
  }
}
