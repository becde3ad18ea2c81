/// Keeps decisions. Any thread.
package protocol DecisionRecorder: Sendable {
  /// Takes one decision; never blocks for long.
  ///
  /// `completion` is called once, on any thread, maybe before this returns: for
  /// ``DecisionDurability/afterResponse`` when the entry is queued, else when it is on disk.
  ///
  /// - Throws: if the entry is refused at once; `completion` is then not called.
  func record(
    _ entry: DecisionEntry, durability: DecisionDurability,
    completion: @escaping @Sendable (Result<RecordedEntry, RecorderFailure>) -> Void
  ) throws(RecorderFailure)

  /// Whether the request is known to have a record on disk. Asks memory only, so `false` says
  /// nothing.
  func isRecorded(pipeline: String, requestID: String) -> Bool

  /// Reads the body of a request's record from the disk, on another thread; `nil` if there is none.
  ///
  /// - Returns: false if too many wait; `completion` is then not called.
  func find(
    pipeline: String, requestID: String,
    completion: @escaping @Sendable (Result<[UInt8]?, RecorderFailure>) -> Void
  ) -> Bool
}

extension DecisionRecorder {
  /// Knows of nothing.
  package func isRecorded(pipeline: String, requestID: String) -> Bool { false }

  /// Finds nothing.
  package func find(
    pipeline: String, requestID: String,
    completion: @escaping @Sendable (Result<[UInt8]?, RecorderFailure>) -> Void
  ) -> Bool { false }
}

/// What is kept of a decision.
package struct DecisionEntry: Sendable, Equatable {
  package var id: String
  /// Unique within a pipeline.
  package var requestID: String?
  package var pipeline: String
  package var digest: String
  /// Nanoseconds since 1970.
  package var decidedAt: Int64
  package var outcome: String
  package var isDegraded: Bool
  /// JSON: the decision, its inputs without the sensitive ones, and its features.
  package var body: [UInt8]
}

/// What became of an entry.
package enum RecordedEntry: Sendable, Equatable {
  case recorded
  /// A decision with this request id was there: its body.
  case duplicate(body: [UInt8])
}

/// Why a decision was not kept.
package struct RecorderFailure: Error, Sendable, Equatable {
  package var message: String

  package init(_ message: String) { self.message = message }
}
