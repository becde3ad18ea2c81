package import Timing

/// What a store has done since it was opened.
package struct RecordStatistics: Sendable {
  /// Records that wait for the writer now, and their bytes.
  package var queuedRows = 0
  package var queuedBytes = 0
  /// Records that were written.
  package var recorded: UInt64 = 0
  /// Records that were not written, because their request was decided before.
  package var duplicates: UInt64 = 0
  /// Records that were turned away at once: the queue or the disk was full, or the disk failed.
  package var refused: UInt64 = 0
  /// Records that were accepted and then failed; their senders were told.
  package var failed: UInt64 = 0
  /// Records acknowledged under ``Durability/afterResponse`` that could not be written.
  package var lost: UInt64 = 0
  /// Transactions with records.
  package var groups: UInt64 = 0
  /// How long each of those took, fsync included.
  package var commitTime = LatencyHistogram(precision: .thirtySecond)
  /// How long copying the write-ahead log held up the writer.
  package var checkpointTime = LatencyHistogram(precision: .thirtySecond)
  /// The place of the newest record in the chain; 0 before the first.
  package var lastSequence: Int64 = 0
  /// Why the last try failed, while another is to come: the disk is full, or the file busy.
  package var pause: RecordFailure?
  /// Why nothing is accepted any more, if so.
  package var failure: RecordFailure?

  package init() {}
}
