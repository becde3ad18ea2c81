/// How the store finds and loads models.
package struct StoreOptions: Sendable {
  /// Who decides which models are loaded.
  package enum Mode: Sendable, Equatable {
    /// All of them, once, at the start.
    case none
    /// All of them; changes on disk are followed, looking every so many seconds
    /// (0.01 to a day).
    case poll(seconds: Double)
    /// Those named here at the start (`*` is all), then as requests ask.
    case explicit(load: [String])
  }

  /// Paths of the repositories; a model's name must be in one of them only.
  package var repositories: [String]
  package var mode: Mode
  /// The most models that load at once, at least 1.
  package var loadThreads: Int
  /// Whether configurations must be complete as they are written.
  package var disableAutoComplete: Bool
  /// Whether model names are limited to letters, digits, `.`, `_` and `-`.
  package var strictNames: Bool
  /// Settings of single models, over those in the models' own configurations.
  package var modelSettings: [String: ModelSettings]

  package init(
    repositories: [String], mode: Mode = .none, loadThreads: Int = 2,
    disableAutoComplete: Bool = false, strictNames: Bool = false,
    modelSettings: [String: ModelSettings] = [:]
  ) {
    self.repositories = repositories
    self.mode = mode
    self.loadThreads = loadThreads
    self.disableAutoComplete = disableAutoComplete
    self.strictNames = strictNames
    self.modelSettings = modelSettings
  }
}
