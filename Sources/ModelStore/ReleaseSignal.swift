private import Synchronization

/// Fires once; any number of tasks may wait for it.
package final class ReleaseSignal: Sendable {
  private enum State {
    case waiting([CheckedContinuation<Void, Never>])
    case fired
  }

  private let state = Mutex(State.waiting([]))

  package init() {}

  /// Whether the signal has fired.
  package var hasFired: Bool {
    state.withLock { if case .fired = $0 { true } else { false } }
  }

  /// Resumes everyone who waits; later waits return at once. A second call is a no-op.
  package func fire() {
    let waiters = state.withLock { state -> [CheckedContinuation<Void, Never>] in
      defer { state = .fired }
      if case .waiting(let waiters) = state { return waiters }
      return []
    }
    for waiter in waiters { waiter.resume() }
  }

  /// Returns once the signal has fired.
  package func wait() async {
    await withCheckedContinuation { continuation in
      let fired = state.withLock { state -> Bool in
        switch state {
        case .fired: return true
        case .waiting(let waiters):
          state = .waiting(waiters + [continuation])
          return false
        }
      }
      if fired { continuation.resume() }
    }
  }
}
