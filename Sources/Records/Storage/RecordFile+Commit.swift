private import CThreads
internal import GRDB

extension RecordFile {
  /// Writes a group in one transaction. Afterwards all of it is on the disk, or none of it is.
  ///
  /// - Returns: what became of each record; a record that cannot be kept does not harm the others.
  mutating func commit(
    _ group: [DecisionRecord]
  ) throws(RecordFailure) -> [Result<AppendOutcome, RecordFailure>] {
    var head = chain
    var known = contexts
    var bytes = scratch
    scratch = []
    defer { scratch = bytes }
    var results: [Result<AppendOutcome, RecordFailure>] = []
    results.reserveCapacity(group.count)
    var step = index.step(group.count, end: chain.sequence)
    do {
      try queue.writeWithoutTransaction { db in
        try db.inTransaction(.immediate) {
          for record in group {
            // A thread that serves and wakes here would else wait for the whole group. With groups
            // as large as they may be the writer is behind, and keeps its turn.
            if group.count < options.groupRowsMaximum { needletail_give_way() }
            results.append(
              try Self.insert(
                record, after: &head, index, &step, &known, scratch: &bytes, db))
          }
          if head != chain { try Self.moveEnd(db, from: chain, to: head) }
          try step.bring(db, removedThrough: removedThrough)
          return .commit
        }
      }
    } catch {
      throw .writing(error, path: path)
    }
    chain = head
    contexts = known
    index.finish(step)
    return results
  }

  private static func insert(
    _ record: DecisionRecord, after head: inout HashChain, _ index: RequestIndex,
    _ step: inout RequestIndex.Step, _ contexts: inout RecordContexts,
    scratch: inout [UInt8], _ db: Database
  ) throws -> Result<AppendOutcome, RecordFailure> {
    var hash: UInt64 = 0
    if let requestID = record.requestID {
      hash = index.hasher.hash(pipeline: record.pipeline, requestID: requestID)
      if let first = try index.find(db, record.pipeline, requestID, hash) {
        return .success(.duplicate(first.record))
      }
    }
    let next = head.next(record, scratch: &scratch)
    let statement = try db.cachedStatement(
      sql: """
        INSERT INTO decisions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, CAST(? AS TEXT), ?)
        ON CONFLICT (id) DO NOTHING
        """)
    let context = try record.context.map { try contexts.number(of: $0, db) }
    statement.setUncheckedArguments([
      next.sequence, record.id, record.requestID, record.pipeline, record.pipelineDigest,
      record.decidedAt, record.outcome, record.isDegraded ? 1 : 0, next.hash.data,
      record.body.data, context,
    ])
    try statement.execute()
    guard db.changesCount == 1 else { return .failure(.duplicateID(record.id)) }
    if record.requestID != nil { try step.note(db, index, hash, next.sequence) }
    head = next
    return .success(.recorded(sequence: next.sequence, hash: next.hash))
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
