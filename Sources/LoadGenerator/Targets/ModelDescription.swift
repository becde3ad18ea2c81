package import Inference
package import Tensors

/// What a server says of one model: what a request must hold.
package struct ModelDescription: Sendable, Equatable {
  package var name: String
  /// The version asked for; empty lets the server choose.
  package var version: String
  /// The server's word for what runs it, for example `onnxruntime_onnx`; may be empty.
  package var platform: String
  /// Rows of one request at most; 0 if the server says no bound, or has no batches.
  package var maxBatchSize: Int
  /// Inputs with their batch dimension; -1 is variable.
  package var inputs: [TensorSpec]
  /// Outputs with their batch dimension; -1 is variable.
  package var outputs: [TensorSpec]

  package init(
    name: String, version: String = "", platform: String = "", maxBatchSize: Int = 0,
    inputs: [TensorSpec], outputs: [TensorSpec]
  ) {
    self.name = name
    self.version = version
    self.platform = platform
    self.maxBatchSize = maxBatchSize
    self.inputs = inputs
    self.outputs = outputs
  }

  /// A version that this process serves.
  package init(_ served: ServedVersion) {
    self.init(
      name: served.name, version: served.versionText, maxBatchSize: served.maxBatchSize,
      inputs: served.inputs, outputs: served.outputs)
  }

  /// Whether the first dimension of every input counts rows.
  ///
  /// Servers without a configuration endpoint do not say; there a first dimension that is variable
  /// in every input is taken for rows.
  package var countsRows: Bool {
    maxBatchSize > 0
      || !inputs.isEmpty && inputs.allSatisfy { $0.dimensions.first.map { $0 < 0 } ?? false }
  }

  /// The input of this name.
  package func input(_ name: String) -> TensorSpec? { inputs.first { $0.name == name } }

  /// For errors: `x FP32 [-1,4], ids INT64 [-1]`.
  package var inputList: String {
    inputs.map { "\($0.name) \($0.elementType.wireName) \(Self.text($0.dimensions))" }
      .joined(separator: ", ")
  }

  /// For errors: `[-1,4]`.
  package static func text(_ dimensions: [Int]) -> String {
    "[" + dimensions.map(String.init).joined(separator: ",") + "]"
  }
}
