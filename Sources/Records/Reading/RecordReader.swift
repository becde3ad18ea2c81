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

  /// The record of this request; `nil` if there is none.
  package func find(
    pipeline: String, requestID: String
  ) throws(RecordFailure) -> StoredRecord? {
    try read { db in
      try RecordRows.record(db, pipeline: pipeline, requestID: requestID)
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
