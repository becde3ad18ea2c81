package import ModelRuntimes

/// One loaded version of one model: the unit that is served, leased and unloaded.
///
/// **A strong reference is the lease.** Whoever serves a request holds a reference from the moment
/// the version is resolved until the answer is complete; unloading drops the store's own reference
/// and ``release`` fires when the last one is gone, after the model's memory was given back.
package final class ServableVersion: Sendable {
  /// The model's name, as the repository's folder is called.
  package let modelName: String
  /// The version: the number of its folder, at least 1.
  package let version: Int64
  /// The model's configuration, completed from the model itself.
  package let configuration: ModelConfiguration
  /// The model in memory.
  package let model: any LoadedModel
  /// Fires once this object and its model are gone.
  package let release: ReleaseSignal
  /// Declared last: properties go in their order, so the model goes before the signal fires.
  private let trigger: ReleaseTrigger

  package init(
    modelName: String, version: Int64, configuration: ModelConfiguration, model: any LoadedModel,
    release: ReleaseSignal = ReleaseSignal()
  ) {
    self.modelName = modelName
    self.version = version
    self.configuration = configuration
    self.model = model
    self.release = release
    trigger = ReleaseTrigger(release)
  }
}

/// Fires a signal when it goes.
private final class ReleaseTrigger: Sendable {
  private let signal: ReleaseSignal
  init(_ signal: ReleaseSignal) { self.signal = signal }
  deinit { signal.fire() }
}
