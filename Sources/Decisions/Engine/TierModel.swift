internal import Features
internal import Inference
internal import ModelRuntimes
internal import NIOCore
internal import Tensors
internal import Timing

/// From a decision's values to a model's tensors, and from its outputs to a score.
enum TierModel {
  /// The request that a tier's model is asked with.
  static func request(
    _ tier: borrowing TierDefinition, _ call: DecisionCall, version: ServedVersion, deadline: Int64,
    receiver: any InferenceReceiver
  ) throws(InferenceError) -> InferenceRequest {
    var draft = RequestDraft(version: version, receivedAt: .now())
    draft.priority = tier.priority
    draft.deadline = MonotonicInstant(nanoseconds: deadline)
    for place in tier.inputs.indices {
      let input = tier.inputs[place]
      guard let index = version.inputs.firstIndex(where: { $0.name == input.name }) else {
        throw InferenceError(
          .invalidArgument, "the model '\(version.name)' has no input '\(input.name)'")
      }
      try draft.add(input: index, try tensor(input, version.inputs[index], call))
    }
    return try draft.makeRequest(receiver: receiver)
  }

  private static func tensor(
    _ input: ModelInput, _ spec: TensorSpec, _ call: DecisionCall
  ) throws(InferenceError) -> Tensor {
    let width = spec.elementType.byteWidth ?? 8
    var bytes = ByteBufferAllocator().buffer(capacity: input.columns.count * width)
    let pipeline = call.request.pipeline
    for column in input.columns {
      var value: Double
      switch column {
      case .feature(let place):
        value = call.vector.values.isEmpty ? .nan : call.vector.values[place]
      case .field(let index):
        value = call.request.input.number(
          index, pipeline.definition.inputs.fields[index].type)
      }
      if value.isNaN { value = input.missing }
      switch spec.elementType {
      case .fp32: bytes.writeInteger(Float(value).bitPattern, endianness: .little)
      case .fp64: bytes.writeInteger(value.bitPattern, endianness: .little)
      default:
        throw InferenceError(
          .invalidArgument,
          "the input '\(input.name)' is of type \(spec.elementType.wireName); tiers fill FP32 "
            + "and FP64")
      }
    }
    let columns = input.columns.count
    let shape: TensorShape = spec.dimensions.count == 1 ? [columns] : [1, columns]
    return Tensor(elementType: spec.elementType, shape: shape, bytes: bytes)
  }

  /// The raw score in a model's outputs; `nil` if it is not there.
  static func score(
    _ tier: borrowing TierDefinition, _ outputs: InferenceOutputs, _ version: ServedVersion
  ) -> Double? {
    let output = tier.scoreOutput
    guard let index = version.outputs.firstIndex(where: { $0.name == output }),
      outputs.tensors.indices.contains(index)
    else { return nil }
    let tensor = outputs.tensors[index]
    let start = tensor.bytes.readerIndex
    switch tensor.elementType {
    case .fp32:
      guard tensor.bytes.readableBytes >= (tier.scoreIndex + 1) * 4 else { return nil }
      return tensor.bytes.getInteger(
        at: start + tier.scoreIndex * 4, endianness: .little, as: UInt32.self
      ).map { Double(Float(bitPattern: $0)) }
    case .fp64:
      guard tensor.bytes.readableBytes >= (tier.scoreIndex + 1) * 8 else { return nil }
      return tensor.bytes.getInteger(
        at: start + tier.scoreIndex * 8, endianness: .little, as: UInt64.self
      ).map { Double(bitPattern: $0) }
    default: return nil
    }
  }
}
