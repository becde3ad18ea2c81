package import ModelRuntimes
internal import SwiftProtobuf
package import Tensors

/// A model's configuration, completed from the model itself and checked against it.
package struct ModelConfiguration: Sendable {
  /// The completed message, as the protocol's clients read it.
  package let message: Inference_ModelConfig
  /// The inputs in the order of the model's signature, the batch dimension (-1) included.
  package let inputs: [TensorSpec]
  /// The outputs in the order of the model's signature, the batch dimension (-1) included.
  package let outputs: [TensorSpec]
  /// The classification labels of each output, in the order of `outputs`; empty where none.
  package let labels: [[String]]
  /// What the configuration says to this server alone.
  package let settings: ServingSettings

  init(
    message: Inference_ModelConfig, inputs: [TensorSpec], outputs: [TensorSpec],
    labels: [[String]], settings: ServingSettings
  ) {
    self.message = message
    self.inputs = inputs
    self.outputs = outputs
    self.labels = labels
    self.settings = settings
  }

  /// Completes what `text` says (in the form of `config.pbtxt`) from a model's signature.
  ///
  /// - Throws: every problem found, with its line and column.
  package init(
    modelName: String, signature: ModelSignature, text: String = ""
  ) throws(ConfigurationFailure) {
    let parsed = try ParsedConfiguration(text: Array(text.utf8), file: "config.pbtxt")
    self = try ConfigurationCompletion.complete(
      parsed, modelName: modelName, signature: signature, labelFiles: [:],
      modelSettings: ModelSettings(), autoComplete: true)
  }

  /// The model's name.
  package var name: String { message.name }

  /// The most rows of one batch; 0 where the model has no batch dimension.
  package var maxBatchSize: Int { Int(message.maxBatchSize) }

  /// The number of instances that may run at once, over all groups; at least 1.
  package var instanceCount: Int {
    max(1, message.instanceGroup.reduce(0) { $0 + Int($1.count) })
  }

  /// The configuration as JSON: names of the schema, enums by name, 64-bit integers as numbers.
  package func jsonText() -> String {
    guard let bytes: [UInt8] = try? message.serializedBytes() else { return "{}" }
    return ConfigurationPrinter.json(bytes)
  }
}
