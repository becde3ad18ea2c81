package import Inference
internal import ModelStore

/// Puts scripted models in front of an engine without a repository.
package enum ScriptedHost {
  /// One version to serve.
  package struct Entry: Sendable {
    package var name: String
    package var version: Int64
    package var model: ScriptedModel
    /// The text of `config.pbtxt`.
    package var configuration: String

    package init(
      _ name: String, version: Int64 = 1, model: ScriptedModel,
      configuration: String = "max_batch_size: 64"
    ) {
      self.name = name
      self.version = version
      self.model = model
      self.configuration = configuration
    }
  }

  /// Prepares and publishes `entries`; replaces what the engine served before.
  package static func serve(_ entries: [Entry], on engine: InferenceEngine) async throws {
    var snapshot = StoreSnapshot()
    for entry in entries {
      let servable = ServableVersion(
        modelName: entry.name, version: entry.version,
        configuration: try ModelConfiguration(
          modelName: entry.name, signature: entry.model.signature, text: entry.configuration),
        model: entry.model)
      try engine.prepare(servable)
      var model =
        snapshot.models[entry.name] ?? ServableModel(name: entry.name, versions: [:], aliases: [:])
      model.versions[entry.version] = servable
      snapshot.models[entry.name] = model
    }
    await engine.publish(snapshot)
  }
}
