internal import Features
package import Inference
internal import ModelRuntimes
internal import NIOCore
internal import Tensors
internal import Timing

/// From a decision's values to a model's tensors, and from its outputs to a score.
enum TierModel {
  /// The request that a tier's model is asked with.
  static func request(
    _ tier: TierDefinition, _ call: DecisionCall, version: ServedVersion, deadline: Int64,
    receiver: any InferenceReceiver
  ) throws(InferenceError) -> InferenceRequest {
    var draft = RequestDraft(version: version, receivedAt: .now())
    draft.priority = tier.priority
    draft.deadline = MonotonicInstant(nanoseconds: deadline)
    for input in tier.inputs {
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
    let fields = call.request.pipeline.definition.inputs.fields
    for column in input.columns {
      var value: Double
      switch column {
      case .feature(let place):
        value = call.vector.values.isEmpty ? .nan : call.vector.values[place]
      case .field(let index): value = call.request.input.number(index, fields[index].type)
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
    _ tier: TierDefinition, _ outputs: InferenceOutputs, _ version: ServedVersion
  ) -> Double? {
    guard let index = version.outputs.firstIndex(where: { $0.name == tier.scoreOutput }),
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

extension PipelineDefinition {
  /// What does not fit between the tiers and the models that are served; empty if all fits.
  package func modelProblems(_ port: InferencePort) -> [String] {
    var problems: [String] = []
    for tier in tiers {
      do throws(InferenceError) {
        let version = try port.resolve(model: tier.model, version: tier.version)
        problems += Self.problems(tier, version)
      } catch {
        problems.append("tier '\(tier.name)': \(error.message)")
      }
    }
    return problems
  }

  private static func problems(_ tier: TierDefinition, _ version: ServedVersion) -> [String] {
    var problems: [String] = []
    func add(_ text: String) { problems.append("tier '\(tier.name)': \(text)") }
    let known = version.inputs.map(\.name)
    for input in tier.inputs {
      guard let spec = version.inputs.first(where: { $0.name == input.name }) else {
        add("the model '\(tier.model)' has no input '\(input.name)'; it has \(known)")
        continue
      }
      if spec.elementType != .fp32, spec.elementType != .fp64 {
        let type = spec.elementType.wireName
        add("input '\(input.name)' is of type \(type); tiers fill FP32 and FP64")
      }
      let wide = spec.dimensions.last ?? -1
      if wide >= 0, wide != input.columns.count {
        add("input '\(input.name)' takes \(wide) columns; the tier lists \(input.columns.count)")
      }
    }
    for spec in version.inputs
    where !spec.isOptional && !tier.inputs.contains(where: { $0.name == spec.name }) {
      add("the model's input '\(spec.name)' is not filled")
    }
    guard let output = version.outputs.first(where: { $0.name == tier.scoreOutput }) else {
      add("no output '\(tier.scoreOutput)'; the model has \(version.outputs.map(\.name))")
      return problems
    }
    if output.elementType != .fp32, output.elementType != .fp64 {
      add("output '\(output.name)' is of type \(output.elementType.wireName), not FP32 or FP64")
    }
    if let last = output.dimensions.last, output.dimensions.count > 1, last >= 0,
      tier.scoreIndex >= last
    {
      add("output '\(output.name)' has \(last) columns; there is no index \(tier.scoreIndex)")
    }
    return problems
  }
}
