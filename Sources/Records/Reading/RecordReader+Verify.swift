internal import GRDB

extension RecordReader {
  /// Checks every record against its hash, the chain against its start and its end, and, if asked,
  /// the file's own structure and indexes.
  ///
  /// The file may be written to meanwhile: each part is read in a snapshot of its own, so that the
  /// write-ahead log is never held up for long.
  ///
  /// - Parameters:
  ///   - anchor: a record's place and hash noted elsewhere before, which must still be there.
  ///   - checksStructure: also read every page and compare the indexes with the records.
  ///   - progress: called now and then with the records read so far and the number there are.
  package func verify(
    anchor: RecordAnchor? = nil, checksStructure: Bool = true,
    progress: (_ rows: Int64, _ of: Int64) -> Void = { _, _ in }
  ) throws(RecordFailure) -> VerificationReport {
    guard let state = try state() else {
      throw .corrupt(path: path, reason: "the table 'chain' is empty")
    }
    var verifier = ChainVerifier(
      start: state.removed, removedRows: state.removedRows, anchor: anchor)
    // Rows before the start are found too.
    var sequence = Int64.min
    do throws(RecordFailure) {
      while true {
        let part = try part(after: sequence, checksRequests: checksStructure)
        if let removed = part.state?.removed, removed.sequence > verifier.head.sequence {
          verifier.skip(to: removed, removedRows: part.state?.removedRows ?? 0)
        }
        for stored in part.records { verifier.take(stored) }
        for unfound in part.unfound { verifier.noteUnfound(unfound) }
        progress(verifier.report.rows, max(verifier.report.rows, state.end.sequence))
        guard let last = part.records.last else {
          if let end = part.state?.end { verifier.finish(end: end) }
          break
        }
        sequence = last.sequence
      }
      if checksStructure, let problem = try structureProblem() { verifier.stop(problem) }
    } catch {
      guard case .corrupt(_, let reason) = error else { throw error }
      verifier.stop(reason)
    }
    return verifier.report
  }

  private func state() throws(RecordFailure) -> ChainState? {
    try read { db in try ChainState.read(db) }
  }

  private struct Part {
    var records: [StoredRecord]
    var state: ChainState?
    /// Records that their request does not lead to.
    var unfound: [Int64] = []
  }

  private func part(
    after sequence: Int64, checksRequests: Bool
  ) throws(RecordFailure) -> Part {
    try read { db in
      var part = Part(
        records: try RecordRows.rows(db, after: sequence, limit: 256, bytes: 8 << 20),
        state: try ChainState.read(db))
      if checksRequests, let hasher = part.state?.hasher {
        part.unfound = try part.records.filter { try !RequestRows.leads(db, to: $0, hasher) }
          .map(\.sequence)
      }
      return part
    }
  }

  /// What SQLite finds wrong with its own file.
  private func structureProblem() throws(RecordFailure) -> String? {
    let found = try read { db in try String.fetchAll(db, sql: "PRAGMA integrity_check(1)") }
    return found.first.flatMap { $0 == "ok" ? nil : $0 }
  }
}
