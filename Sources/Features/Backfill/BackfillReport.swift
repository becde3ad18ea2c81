/// What a backfill is asked to write.
package struct BackfillOptions: Sendable {
  /// The service whose vector is written.
  package var service: Int
  /// Whether the age of each feature follows in a column of its own, in seconds.
  package var writesAges = false
  /// Whether the status of each feature follows in a column of its own.
  package var writesStatuses = false
  /// Fields of the request that are written before the features: a label, an amount.
  package var kept: [Int] = []
  /// What is taken for the present: events beyond it and beyond all others are of the future.
  package var now: Int64
  /// Whether the first record that is wrong ends it; otherwise such records are left out.
  package var isStrict = false

  /// - Parameters:
  ///   - service: an index of the definitions' services.
  ///   - now: nanoseconds since 1970.
  package init(service: Int, now: Int64) {
    self.service = service
    self.now = now
  }
}

/// What a backfill did.
package struct BackfillReport: Sendable, Equatable {
  /// By source.
  package internal(set) var events: [IngestCounts] = []
  package internal(set) var rows = 0
  package internal(set) var attributes = 0
  /// Records that could not be read or were refused for their values; the first 20 are reported.
  package internal(set) var badRecords = 0
  package internal(set) var problems: [RecordProblem] = []
  /// Keys forgotten because nothing could want them any more.
  package internal(set) var expiredKeys = 0
  /// Events that a filter had no answer for, by view.
  package internal(set) var filterFailures: [Int] = []
  /// Bytes of state at the end, about.
  package internal(set) var stateBytes = 0

  package static let problemsMax = 20
}
