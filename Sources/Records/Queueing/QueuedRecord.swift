internal import Timing

/// Called once with what became of a record.
package typealias AppendCompletion = @Sendable (Result<AppendOutcome, RecordFailure>) -> Void

/// A record on its way to the writer.
final class QueuedRecord: Sendable {
  let record: DecisionRecord
  let durability: Durability
  let completion: AppendCompletion
  let byteCount: Int
  /// When it must be written at the latest, if the disk allows.
  let due: MonotonicInstant

  init(
    _ record: DecisionRecord, durability: Durability, due: MonotonicInstant,
    completion: @escaping AppendCompletion
  ) {
    self.record = record
    self.durability = durability
    self.due = due
    self.completion = completion
    byteCount = record.byteCount
  }

  /// Whether its sender still waits to hear of it.
  var isAwaited: Bool { durability != .afterResponse }
}
