/// The state of one version, as the repository index prints it.
package enum VersionState: String, Sendable, Equatable, CaseIterable {
  case unknown = "UNKNOWN"
  case ready = "READY"
  case unavailable = "UNAVAILABLE"
  case loading = "LOADING"
  case unloading = "UNLOADING"
}

/// One row of the repository index.
package struct IndexEntry: Sendable, Equatable {
  package var name: String
  /// Empty where the repository holds the model but no version was ever loaded.
  package var version: String
  /// `nil` prints as an empty string: never loaded.
  package var state: VersionState?
  /// Why it is not ready: `unloaded`, or the load error.
  package var reason: String

  package init(name: String, version: String, state: VersionState?, reason: String) {
    self.name = name
    self.version = version
    self.state = state
    self.reason = reason
  }
}

/// One model as served right now: immutable, swapped as a whole.
package struct ServableModel: Sendable {
  package var name: String
  /// The ready versions by number; may be empty while everything loads or failed.
  package var versions: [Int64: ServableVersion]
  /// Named versions: labels from the configuration, and `latest`.
  package var aliases: [String: Int64]

  package init(name: String, versions: [Int64: ServableVersion], aliases: [String: Int64]) {
    self.name = name
    self.versions = versions
    self.aliases = aliases
  }

  /// The version that answers when a request names none: the highest ready one.
  package var defaultVersion: ServableVersion? {
    versions.keys.max().flatMap { versions[$0] }
  }
}

/// Everything that is served right now: immutable, swapped as a whole.
package struct StoreSnapshot: Sendable {
  /// Every model the store knows, also those without a ready version.
  package var models: [String: ServableModel]

  package init(models: [String: ServableModel] = [:]) { self.models = models }
}

/// What the store needs from whoever serves: prepare a version, then publish what is served.
package protocol ServingHost: Sendable {
  /// Gets a version ready to serve (instances, measurement) before it is published.
  ///
  /// Blocking; called on a loading thread, never on a serving one.
  func prepare(_ version: ServableVersion) throws(StoreError)

  /// Makes `snapshot` what is served, by one swap. Returns once no new request can resolve a
  /// version that the snapshot lacks.
  func publish(_ snapshot: StoreSnapshot) async
}

/// Why the store could not do what was asked; `message` is fit for the caller.
package struct StoreError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What went wrong, for machines.
  package enum Code: Sendable, Equatable {
    /// No repository holds such a model.
    case notFound
    /// The configuration, an override or a file is invalid.
    case invalid
    /// The model could not be loaded.
    case loadFailed
    /// The control mode or the state of the store does not allow this now.
    case unavailable
  }

  package var code: Code
  package var message: String

  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  package var description: String { message }
}
