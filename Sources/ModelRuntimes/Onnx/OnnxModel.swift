internal import Tensors

/// A model loaded by ONNX Runtime. Any thread.
package final class OnnxModel: LoadedModel {
  /// What the model says of its tensors; outputs that are not tensors are left out.
  package let signature: ModelSignature

  let session: OnnxSession
  /// For each output, how its shape follows from the inputs, or `nil` if only a run can tell.
  let outputRules: [OnnxShapeRule?]

  init(session: OnnxSession, subject: String) throws(RuntimeFailure) {
    self.session = session
    let inputs = try session.tensors(.input, subject: subject)
    let outputs = try session.tensors(.output, subject: subject)
    guard !outputs.isEmpty else {
      throw RuntimeFailure(.unsupported, "\(subject): none of its outputs is a tensor")
    }
    signature = ModelSignature(inputs: inputs.map(\.spec), outputs: outputs.map(\.spec))
    outputRules = outputs.map { OnnxShapeRule(output: $0, inputs: inputs) }
  }

  /// A new instance with its own buffers; the weights are shared. Any thread.
  package func makeInstance() throws(RuntimeFailure) -> any ModelInstance {
    OnnxInstance(model: self)
  }
}
