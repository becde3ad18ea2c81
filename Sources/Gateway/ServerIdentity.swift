/// What the server says of itself to clients that ask.
package struct ServerIdentity: Sendable, Equatable {
  /// For example `needletail`.
  package var name: String
  /// For example `0.1.0`.
  package var version: String
  /// Names of the protocol's extensions that work, in the order of the field's reference server.
  package var extensions = [
    "classification", "model_repository", "model_repository(unload_dependents)",
    "schedule_policy", "model_configuration", "system_shared_memory", "binary_tensor_data",
    "parameters", "statistics", "trace", "logging",
  ]

  package init(name: String = "needletail", version: String) {
    self.name = name
    self.version = version
  }
}
