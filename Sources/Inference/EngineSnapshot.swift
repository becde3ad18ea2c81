/// Everything the engine serves at one moment: immutable, swapped as a whole.
struct EngineSnapshot: Sendable {
  /// One model: its ready versions and the names they go by.
  struct Model: Sendable {
    var versions: [Int64: ServedVersion] = [:]
    /// What answers when no version is named.
    var defaultVersion: ServedVersion?
    var aliases: [String: Int64] = [:]
  }

  var models: [String: Model] = [:]

  /// The version that a request for `model` and `version` means.
  ///
  /// - Parameter version: empty for the default, else a number or an alias.
  func resolve(model name: String, version: String) throws(InferenceError) -> ServedVersion {
    guard let model = models[name] else {
      throw InferenceError(.unknownModel, "Request for unknown model: '\(name)' is not found")
    }
    if version.isEmpty {
      if let served = model.defaultVersion { return served }
      throw InferenceError(
        .notReady, "Request for unknown model: '\(name)' has no available versions")
    }
    let number = Int64(version) ?? model.aliases[version]
    guard let number else {
      throw InferenceError(
        .unknownModel,
        "Request for unknown model: '\(name)' version '\(version)' is neither a number nor an "
          + "alias; aliases: \(model.aliases.keys.sorted())")
    }
    if let served = model.versions[number] { return served }
    throw InferenceError(
      .unknownModel,
      "Request for unknown model: '\(name)' version \(version) is not at ready state; ready: "
        + "\(model.versions.keys.sorted())")
  }
}
