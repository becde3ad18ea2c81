internal import Features
internal import Records
internal import Synchronization

/// What must be done from time to time while pipelines serve: snapshots, retention, and saying
/// what has failed.
final class HostCare: Sendable {
  /// Seconds between two looks.
  private static let seconds = 1
  /// Looks between two removals of old records.
  private static let looksPerRemoval = 600

  private struct State {
    var looks = 0
    /// By file of views: the failure that was told.
    var told: [String: String] = [:]
    var isStopped = false
  }

  private let queue = ControlQueue("decisions.care")
  private let state = Mutex(State())
  private weak let host: DecisionHost?

  /// Starts at once.
  init(_ host: DecisionHost) {
    self.host = host
    queue.execute { [weak self] in self?.look() }
  }

  /// Ends it; waits for what has begun.
  func stop() {
    state.withLock { $0.isStopped = true }
    queue.wait {}
  }

  private func look() {
    guard let host, !state.withLock({ $0.isStopped }) else { return }
    for (views, store) in host.stores {
      let report = host.report
      store.snapshotIfDue { failure in
        report(HostNotice(.warning, "\(views): no snapshot of the features: \(failure)"))
      }
      tell(views, store.failure?.description, report)
    }
    let isDue = state.withLock { state in
      defer { state.looks += 1 }
      return state.looks % Self.looksPerRemoval == 0
    }
    if isDue { removeOld(host) }
    queue.after(seconds: Self.seconds) { [weak self] in self?.look() }
  }

  /// Reports a failure that is new, or the end of one.
  private func tell(_ views: String, _ failure: String?, _ report: (HostNotice) -> Void) {
    let before = state.withLock { state in
      defer { state.told[views] = failure }
      return state.told[views]
    }
    guard before != failure else { return }
    if let failure {
      report(HostNotice(.error, "\(views): \(failure)"))
    } else {
      report(HostNotice(.info, "\(views): events are taken in again"))
    }
  }

  private func removeOld(_ host: DecisionHost) {
    guard let records = host.records, let kept = host.options.keepsRecordsNanoseconds else {
      return
    }
    do throws(RecordFailure) {
      _ = try records.prune(before: HostFiles.wallTime() - kept)
    } catch {
      host.report(HostNotice(.warning, "old records were not removed: \(error)"))
    }
  }
}
