internal import Admission
internal import Batching

extension InferenceEngine {
  /// The version that answers for `model` and `version`, from any thread.
  package func served(model: String, version: String) throws(InferenceError) -> ServedVersion {
    try currentSnapshot().resolve(model: model, version: version)
  }

  /// Whether the version can serve; an unknown model throws ``InferenceError/Code/unknownModel``.
  package func isReady(model: String, version: String) throws(InferenceError) -> Bool {
    let snapshot = currentSnapshot()
    guard let known = snapshot.models[model] else {
      throw InferenceError(.unknownModel, "Request for unknown model: '\(model)' is not found")
    }
    if version.isEmpty { return known.defaultVersion != nil }
    guard let number = Int64(version) ?? known.aliases[version] else { return false }
    return known.versions[number] != nil
  }

  /// The numbers of the ready versions, ascending.
  package func readyVersions(model: String) -> [String] {
    (currentSnapshot().models[model]?.versions.keys.sorted() ?? []).map(String.init)
  }

  /// Every ready version, by name, then version.
  package func servedModels() -> [ServedVersion] {
    currentSnapshot().models.sorted { $0.key < $1.key }.flatMap { model in
      model.value.versions.sorted { $0.key < $1.key }.map(\.value)
    }
  }

  /// What the versions have done since they were loaded, by name, then version.
  ///
  /// - Parameters: empty for all models, or all versions of the model.
  package func statistics(model: String, version: String) throws(InferenceError)
    -> [ModelStatistics]
  {
    if model.isEmpty { return servedModels().map { $0.currentStatistics() } }
    if !version.isEmpty {
      return [try served(model: model, version: version).currentStatistics()]
    }
    guard currentSnapshot().models[model] != nil else {
      throw InferenceError(.unknownModel, "Request for unknown model: '\(model)' is not found")
    }
    return servedModels().filter { $0.name == model }.map { $0.currentStatistics() }
  }
}

extension ServedVersion {
  /// The merged statistics with the gauges of this moment.
  func currentStatistics() -> ModelStatistics {
    var result = statistics.merged(name: name, version: versionText)
    result.pending = lane.pending
    result.runsInline = runsInline
    let service = curve.service
    result.curve = (service.fixedNanoseconds, service.perRowNanoseconds)
    return result
  }
}
