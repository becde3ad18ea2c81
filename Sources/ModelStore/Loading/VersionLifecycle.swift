/// The life of one version of one model, as a pure value: events in, the next state out.
///
/// A reload keeps the old contents serving until the new ones are ready, so `reloading` is a
/// state that serves.
package struct VersionLifecycle: Sendable, Equatable {
  /// Where a version is in its life.
  package enum State: Sendable, Equatable {
    /// Never asked for.
    case unknown
    /// Loading for the first time, or again after it was unavailable.
    case loading
    /// Serving.
    case ready
    /// Serving, and loading what will replace it.
    case reloading
    /// No longer published; requests that hold it are finishing.
    case unloading
    /// Not serving, and why.
    case unavailable(reason: String)
  }

  /// What happens to a version.
  package enum Event: Sendable, Equatable {
    case loadStarted
    case loadSucceeded
    case loadFailed(reason: String)
    case unloadStarted
    /// The last request let go of it.
    case released
  }

  package private(set) var state = State.unknown
  /// Why the last load failed while an older one serves; empty if it did not.
  package private(set) var lastFailure = ""

  package init() {}

  /// Whether requests may be answered by this version.
  package var isServing: Bool { state == .ready || state == .reloading }

  /// The state and reason that the repository index prints.
  package var indexed: (state: VersionState, reason: String) {
    switch state {
    case .unknown: (.unknown, "")
    case .loading: (.loading, "")
    case .ready, .reloading: (.ready, lastFailure)
    case .unloading: (.unloading, "")
    case .unavailable(let reason): (.unavailable, reason)
    }
  }

  /// Takes the step of `event`; `false`, and no change, if the state does not allow it.
  package mutating func handle(_ event: Event) -> Bool {
    switch (state, event) {
    case (.unknown, .loadStarted), (.unavailable, .loadStarted):
      state = .loading
    case (.ready, .loadStarted):
      state = .reloading
    case (.loading, .loadSucceeded), (.reloading, .loadSucceeded):
      state = .ready
      lastFailure = ""
    case (.loading, .loadFailed(let reason)):
      state = .unavailable(reason: reason)
    case (.reloading, .loadFailed(let reason)):
      state = .ready
      lastFailure = reason
    case (.ready, .unloadStarted):
      state = .unloading
      lastFailure = ""
    case (.unloading, .released):
      state = .unavailable(reason: "unloaded")
    case (.unknown, .loadSucceeded), (.unknown, .loadFailed), (.unknown, .unloadStarted),
      (.unknown, .released),
      (.loading, .loadStarted), (.loading, .unloadStarted), (.loading, .released),
      (.ready, .loadSucceeded), (.ready, .loadFailed), (.ready, .released),
      (.reloading, .loadStarted), (.reloading, .unloadStarted), (.reloading, .released),
      (.unloading, .loadStarted), (.unloading, .loadSucceeded), (.unloading, .loadFailed),
      (.unloading, .unloadStarted),
      (.unavailable, .loadSucceeded), (.unavailable, .loadFailed), (.unavailable, .unloadStarted),
      (.unavailable, .released):
      return false
    }
    return true
  }
}
