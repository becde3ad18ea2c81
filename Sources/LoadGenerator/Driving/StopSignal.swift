private import Synchronization

/// Asks a run to end early; from any thread, for example when the user interrupts.
package final class StopSignal: Sendable {
  private struct State {
    var isRaised = false
    var handlers: [Int: @Sendable () -> Void] = [:]
    var next = 0
  }

  private let state = Mutex(State())

  package init() {}

  /// Whether ``stop()`` was called.
  package var isRaised: Bool { state.withLock { $0.isRaised } }

  /// Ends what listens, now and later. A run ends with partial results.
  package func stop() {
    let handlers = state.withLock { state in
      state.isRaised = true
      defer { state.handlers = [:] }
      return state.handlers.values.map { $0 }
    }
    for handler in handlers { handler() }
  }

  /// Calls `handler` once, on the thread that stops, or at once if that has happened.
  ///
  /// - Returns: what ``remove(_:)`` takes.
  package func whenStopped(_ handler: @escaping @Sendable () -> Void) -> Int {
    let (place, isRaised) = state.withLock { state in
      state.next += 1
      if !state.isRaised { state.handlers[state.next] = handler }
      return (state.next, state.isRaised)
    }
    if isRaised { handler() }
    return place
  }

  /// Forgets a handler.
  package func remove(_ place: Int) {
    state.withLock { _ = $0.handlers.removeValue(forKey: place) }
  }
}
