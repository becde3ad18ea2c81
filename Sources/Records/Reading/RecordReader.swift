internal import GRDB

/// Reads a file of records, also while a store writes to it. Any thread; calls may block on the
/// disk.
package final class RecordReader: Sendable {
  package let path: String
  private let pool: DatabasePool

  /// Opens the file for reading only.
  package init(path: String) throws(RecordFailure) {
    self.path = path
    // A writer has looked already, and goes on writing.
    if !FileLock.isHeld(path: path) { try LogInspection.check(database: path) }
    do {
      var configuration = Configuration()
      configuration.readonly = true
      configuration.maximumReaderCount = 4
      configuration.persistentReadOnlyConnections = true
      configuration.label = "records.reader"
      pool = try DatabasePool(path: path, configuration: configuration)
      switch try pool.read({ db in try RecordSchema.kind(db) }) {
      case .records: break
      case .empty: throw RecordFailure.unusable(path: path, reason: "the file is empty")
      case .other(let reason): throw RecordFailure.unusable(path: path, reason: reason)
      }
    } catch {
      throw .opening(error, path: path)
    }
  }

  /// The record with this id; `nil` if there is none.
  package func find(id: String) throws(RecordFailure) -> StoredRecord? {
    try read { db in try RecordRows.record(db, id: id) }
  }

  /// The record of this request; `nil` if there is none. Reads the notes of the newest requests
  /// through: some milliseconds.
  package func find(
    pipeline: String, requestID: String
  ) throws(RecordFailure) -> StoredRecord? {
    try read { db in
      guard let state = try ChainState.read(db) else { return nil }
      let hash = state.hasher.hash(pipeline: pipeline, requestID: requestID)
      return try RequestRows.find(db, pipeline, requestID, hash)
        ?? RequestRows.findNew(db, pipeline, requestID, hash)
    }
  }

  /// The same for the store, which knows where the newest records are.
  func find(
    pipeline: String, requestID: String, hash: UInt64, hint: Int64?
  ) throws(RecordFailure) -> StoredRecord? {
    try read { db in
      if let hint, let found = try RequestRows.record(db, hint, pipeline, requestID) {
        return found
      }
      return try RequestRows.find(db, pipeline, requestID, hash)
    }
  }

  /// Closes the file.
  package func close() {
    // A reader has nothing to lose.
    try? pool.close()
  }

  /// Runs `query` on a connection of its own, in one snapshot.
  func read<Value: Sendable>(
    _ query: @Sendable (Database) throws -> Value
  ) throws(RecordFailure) -> Value {
    do { return try pool.read(query) } catch { throw .reading(error, path: path) }
  }
}
