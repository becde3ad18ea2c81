private import Dispatch
internal import Synchronization

/// What removing old records did.
package struct PruneReport: Sendable, Equatable {
  /// Records that were removed.
  package var removedRows: Int64 = 0
  /// The last record that was removed; 0 if none ever was.
  package var throughSequence: Int64 = 0
  /// Of one step: whether another may find more.
  var hasMore = false

  package init() {}
}

/// A wish to remove old records, which the writer fulfils bit by bit.
final class PruneJob: Sendable {
  /// Nanoseconds since 1970.
  let before: Int64
  private let outcome = Mutex<Result<PruneReport, RecordFailure>>(.success(PruneReport()))
  private let finished = DispatchSemaphore(value: 0)

  init(before: Int64) { self.before = before }

  /// Adds what one step removed. On the writer's thread.
  func add(_ step: PruneReport) {
    outcome.withLock { outcome in
      guard case .success(var report) = outcome else { return }
      report.removedRows += step.removedRows
      report.throughSequence = step.throughSequence
      outcome = .success(report)
    }
  }

  /// Ends the job; `failure` if it did not reach its end.
  func finish(_ failure: RecordFailure? = nil) {
    if let failure { outcome.withLock { $0 = .failure(failure) } }
    finished.signal()
  }

  /// Blocks until the job is done.
  func wait() throws(RecordFailure) -> PruneReport {
    finished.wait()
    return try outcome.withLock { $0 }.get()
  }
}
