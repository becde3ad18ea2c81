/// What became of a record that was handed to the store.
package enum AppendOutcome: Sendable, Equatable {
  /// It is on the disk, at this place of the chain.
  case recorded(sequence: Int64, hash: [UInt8])
  /// The request was decided before: this is the record that stands.
  case duplicate(DecisionRecord)
  /// It waits to be written (``Durability/afterResponse`` only).
  case queued
}

/// What memory knows of a request id; see ``RecordStore/recall(pipeline:requestID:)``.
package enum RequestRecall: Sendable, Equatable {
  /// Not among the recent ones.
  case unknown
  /// Its record waits to be written.
  case queued(DecisionRecord)
  /// Its record was written lately: `find` reads it from the disk.
  case written
}
