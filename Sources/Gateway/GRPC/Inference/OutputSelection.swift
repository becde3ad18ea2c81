internal import Inference
internal import NIOCore
internal import Tensors

/// Which outputs a request wants, in which order, and where they go.
struct OutputSelection {
  struct Output {
    /// Index into the model's outputs.
    var index: Int
    /// How many classes to give instead of the values; 0 gives the values.
    var classes: Int
    /// Where in shared memory the bytes go instead of into the answer.
    var placement: SharedMemoryPlacement?
  }

  var outputs: [Output] = []
}

/// Makes the tensors of a response out of a model's outputs.
enum ResponseTensors {
  /// The most bytes of all outputs that one message can carry, less room for names.
  private static let bytesMax = Int(Int32.max) - (16 << 20)

  /// - Parameter selection: `nil` gives all outputs as they are.
  /// - Throws: ``InferenceError`` if an output cannot be classified or does not fit its region.
  static func make(
    _ outputs: InferenceOutputs, of request: InferenceRequest, selection: OutputSelection?,
    sharedMemory: SharedMemoryRegistry
  ) throws(InferenceError) -> [ResponseTensor] {
    let version = request.version
    var result: [ResponseTensor] = []
    guard let selection else {
      result.reserveCapacity(outputs.tensors.count)
      try check(outputs.tensors.reduce(0) { $0 + $1.bytes.readableBytes })
      for (index, tensor) in outputs.tensors.enumerated() {
        result.append(
          ResponseTensor(
            name: version.outputs[index].name, datatype: tensor.elementType.wireName,
            shape: tensor.shape, bytes: tensor.bytes))
      }
      return result
    }
    result.reserveCapacity(selection.outputs.count)
    for output in selection.outputs {
      var tensor = outputs.tensors[output.index]
      if output.classes > 0 {
        tensor = try Classification.encode(
          tensor, top: output.classes, version: version, output: output.index)
      }
      if let placement = output.placement {
        do throws(SharedMemoryError) {
          try sharedMemory.write(tensor.bytes, to: placement)
        } catch {
          throw error.inferenceError
        }
        tensor.bytes.clear()
      }
      result.append(
        ResponseTensor(
          name: version.outputs[output.index].name, datatype: tensor.elementType.wireName,
          shape: tensor.shape, bytes: tensor.bytes))
    }
    try check(result.reduce(0) { $0 + $1.bytes.readableBytes })
    return result
  }

  /// Refuses outputs that no gRPC message can carry.
  private static func check(_ count: Int) throws(InferenceError) {
    guard count <= bytesMax else {
      throw InferenceError(
        .unsupported,
        "the outputs have \(count) bytes and one message carries \(bytesMax); ask for fewer rows "
          + "at once, or use shared memory")
    }
  }
}
