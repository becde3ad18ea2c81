package import Tensors
package import Timing

/// What a model file says of itself: its tensors with every dimension, the batch one included.
package struct ModelSignature: Sendable, Hashable {
  package var inputs: [TensorSpec]
  package var outputs: [TensorSpec]

  package init(inputs: [TensorSpec], outputs: [TensorSpec]) {
    self.inputs = inputs
    self.outputs = outputs
  }
}

/// One input of one request: which of the signature's inputs it is, and its data.
package struct InputTensor: Sendable {
  /// Index into ``ModelSignature/inputs``.
  package var index: Int
  package var tensor: Tensor

  package init(index: Int, tensor: Tensor) {
    self.index = index
    self.tensor = tensor
  }
}

/// What one run of a model produced.
package struct RunResult: Sendable {
  /// One tensor for each of the signature's outputs, in that order, for the whole batch.
  package var outputs: [Tensor]
  /// When the inputs were gathered and the model started.
  package var runStarted: MonotonicInstant
  /// When the model returned.
  package var runEnded: MonotonicInstant

  package init(outputs: [Tensor], runStarted: MonotonicInstant, runEnded: MonotonicInstant) {
    self.outputs = outputs
    self.runStarted = runStarted
    self.runEnded = runEnded
  }
}

/// An engine that can load model files, such as ONNX Runtime.
package protocol ModelRuntime: Sendable {
  /// The name a model configuration's `platform` uses, for example `onnxruntime_onnx`.
  var platform: String { get }
  /// The name a model configuration's `backend` uses, for example `onnxruntime`.
  var backend: String { get }
  /// The engine's own version, for example `1.31.1`.
  var version: String { get }

  /// Loads a model file. Blocking and slow: never call it on a serving thread.
  func load(_ options: LoadOptions) throws(RuntimeFailure) -> any LoadedModel
}

/// A model in memory; any number of instances run it. Any thread.
package protocol LoadedModel: AnyObject, Sendable {
  var signature: ModelSignature { get }
  /// A new instance with its own buffers; the weights are shared.
  func makeInstance() throws(RuntimeFailure) -> any ModelInstance
}

/// One place where batches of a model run, one at a time, on one thread at a time.
package protocol ModelInstance: AnyObject {
  /// Gathers the requests' inputs into a batch, runs the model, returns the batch's outputs.
  ///
  /// - Parameters:
  ///   - requests: at least one. With several, each tensor has the same type and the same
  ///     dimensions after the first, and they are joined along the first dimension in this order.
  ///     Each request names the same inputs, ordered by index.
  /// - Throws: ``RuntimeFailure``; the instance stays usable.
  func run(_ requests: [[InputTensor]]) throws(RuntimeFailure) -> RunResult
}

/// Why a runtime could not load or run a model; `message` is fit for the caller.
package struct RuntimeFailure: Error, Sendable, Equatable, CustomStringConvertible {
  /// What went wrong, for machines.
  package enum Code: Sendable, Equatable {
    /// The runtime library itself is missing or unusable.
    case libraryUnavailable
    /// The model file is missing, truncated or not a model.
    case invalidModel
    /// The model or its options ask for what this build cannot do, for example a provider.
    case unsupported
    /// The request's tensors do not fit the model.
    case invalidInput
    /// The runtime failed while running.
    case runFailed
  }

  package var code: Code
  package var message: String

  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  package var description: String { message }
}
