package import Records

/// Keeps decisions. Any thread.
package protocol DecisionRecorder: Sendable {
  /// Takes one decision; never blocks for long.
  ///
  /// `completion` is called once, on any thread, maybe before this returns: for
  /// ``DecisionDurability/afterResponse`` when the record is queued, else when it is on disk.
  ///
  /// - Throws: if the record is refused at once; `completion` is then not called.
  func record(
    _ record: DecisionRecord, durability: DecisionDurability,
    completion: @escaping @Sendable (Result<RecorderOutcome, RecorderFailure>) -> Void
  ) throws(RecorderFailure)

  /// Whether the request is known to have a record on disk. Asks memory only, so `false` says
  /// nothing.
  func isRecorded(pipeline: String, requestID: String) -> Bool

  /// Reads a request's record from the disk, on another thread; `nil` if there is none.
  ///
  /// - Returns: false if too many wait; `completion` is then not called.
  func find(
    pipeline: String, requestID: String,
    completion: @escaping @Sendable (Result<DecisionRecord?, RecorderFailure>) -> Void
  ) -> Bool
}

extension DecisionRecorder {
  /// Knows of nothing.
  package func isRecorded(pipeline: String, requestID: String) -> Bool { false }

  /// Finds nothing.
  package func find(
    pipeline: String, requestID: String,
    completion: @escaping @Sendable (Result<DecisionRecord?, RecorderFailure>) -> Void
  ) -> Bool { false }
}

/// What became of a record.
package enum RecorderOutcome: Sendable, Equatable {
  case recorded
  /// A decision with this request id was there.
  case duplicate(DecisionRecord)
}

/// Why a decision was not kept.
package struct RecorderFailure: Error, Sendable, Equatable {
  package var message: String

  package init(_ message: String) { self.message = message }
}
