internal import Inference
internal import NIOCore
internal import Tensors
internal import Timing

/// A `ModelInferRequest` as the engine takes it.
struct DecodedInference {
  var request: InferenceRequest
  /// `nil` for all outputs as they are.
  var selection: OutputSelection?
  /// Whether the caller wants each answer marked as the last one of its request.
  var marksFinal: Bool
}

/// When the bytes of a request arrived, and when its caller stops waiting.
struct RequestTimes {
  var firstByte: MonotonicInstant
  var lastByte: MonotonicInstant
  var deadline: MonotonicInstant
}

/// Turns `ModelInferRequest` messages into requests for the engine.
///
/// One decoder serves all connections of an event loop, and keeps its buffers between messages.
final class ModelInferDecoder {
  private let port: InferencePort
  private let sharedMemory: SharedMemoryRegistry
  private var fields = ModelInferFields()
  private var modelName = RecentText()
  private var modelVersion = RecentText()

  init(port: InferencePort, sharedMemory: SharedMemoryRegistry) {
    self.port = port
    self.sharedMemory = sharedMemory
  }

  /// Reads `message`, finds its model, and checks it against the model.
  ///
  /// - Throws: ``InferenceError`` in words for the caller.
  func decode(
    _ message: ByteBuffer, times: RequestTimes, receiver: any InferenceReceiver
  ) throws(InferenceError) -> DecodedInference {
    let bytes = message.readableBytesUInt8Span
    do throws(ProtobufError) { try fields.read(bytes) } catch {
      throw InferenceError(
        .invalidArgument, "the message is not a valid ModelInferRequest: \(error.message)")
    }
    let version = try port.resolve(
      model: modelName.text(of: fields.modelName, bytes),
      version: modelVersion.text(of: fields.modelVersion, bytes))
    var draft = RequestDraft(
      version: version, receivedAt: times.lastByte, firstByteAt: times.firstByte)
    draft.deadline = times.deadline
    if !fields.id.isEmpty { draft.id = bytes.text(fields.id) }
    try applyParameters(to: &draft, bytes)
    try addInputs(to: &draft, message, bytes)
    let selection = try outputs(of: version, bytes)
    let request = try draft.makeRequest(receiver: receiver)
    return DecodedInference(
      request: request, selection: selection,
      marksFinal: fields.emptyFinalResponse == .bool(true))
  }

  /// The id of the message that was decoded last; empty if it has none or was malformed.
  func lastID(of message: ByteBuffer) -> String {
    let bytes = message.readableBytesUInt8Span
    return fields.id.end <= bytes.count ? bytes.text(fields.id) : ""
  }

  private func applyParameters(
    to draft: inout RequestDraft, _ bytes: Span<UInt8>
  ) throws(InferenceError) {
    if let name = fields.reservedParameter {
      throw InferenceError(
        .invalidArgument,
        "parameter keys starting with 'triton_' are reserved for Triton usage. Only "
          + "'triton_enable_empty_final_response' is supported, got '\(bytes.text(name))'")
    }
    switch fields.priority {
    case .none: break
    case .uint64(let value): draft.priority = RequestParameters.priority(value)
    case .int64(let value) where value >= 0:
      draft.priority = RequestParameters.priority(UInt64(value))
    case .int64, .bool, .double, .text:
      throw InferenceError(
        .invalidArgument,
        "invalid value type for 'priority' parameter, expected uint64_param or int64_param of at "
          + "least 0")
    }
    switch fields.timeout {
    case .none: break
    case .int64(let value):
      draft.timeoutMicroseconds = try RequestParameters.timeout(microseconds: value)
    case .uint64(let value):
      draft.timeoutMicroseconds = Int64(clamping: value)
    case .bool, .double, .text:
      throw InferenceError(
        .invalidArgument,
        "invalid value type for 'timeout' parameter, expected int64_param in microseconds")
    }
  }

  private func outputs(
    of version: ServedVersion, _ bytes: Span<UInt8>
  ) throws(InferenceError) -> OutputSelection? {
    if fields.outputs.isEmpty { return nil }
    var selection = OutputSelection()
    selection.outputs.reserveCapacity(fields.outputs.count)
    for output in fields.outputs {
      guard let index = version.outputIndex(named: bytes.extracting(output.name.range)) else {
        throw InferenceError(
          .invalidArgument,
          "unexpected inference output '\(bytes.text(output.name))' for model '\(version.name)'")
      }
      guard !selection.outputs.contains(where: { $0.index == index }) else {
        throw InferenceError(
          .invalidArgument,
          "output '\(bytes.text(output.name))' is requested more than once for model "
            + "'\(version.name)'; name each output once")
      }
      var classes = 0
      if output.classification != .none {
        guard let count = output.classification.nonNegative, count >= 1 else {
          throw InferenceError(
            .invalidArgument,
            "invalid value for 'classification' parameter of output "
              + "'\(bytes.text(output.name))', expected int64_param of at least 1")
        }
        classes = count
      }
      let placement = try fields.placement(output.placement, tensor: output.name, bytes)
      guard classes == 0 || placement == nil else {
        throw InferenceError(
          .invalidArgument,
          "shared memory can not be used with classification for output "
            + "'\(bytes.text(output.name))'; ask for one of them")
      }
      selection.outputs.append(
        OutputSelection.Output(index: index, classes: classes, placement: placement))
    }
    return selection
  }

  private func addInputs(
    to draft: inout RequestDraft, _ message: ByteBuffer, _ bytes: Span<UInt8>
  ) throws(InferenceError) {
    var source = InputSource(message: message, sharedMemory: sharedMemory)
    for (position, input) in fields.inputs.enumerated() {
      guard let index = draft.version.inputIndex(named: bytes.extracting(input.name.range)) else {
        throw InferenceError(
          .invalidArgument,
          "unexpected inference input '\(bytes.text(input.name))' for model "
            + "'\(draft.version.name)'")
      }
      let tensor = try source.tensor(
        position, of: fields, bytes, modelName: draft.version.name)
      try draft.add(input: index, tensor)
    }
    guard source.rawUsed == fields.raw.count else {
      throw InferenceError(
        .invalidArgument,
        "unexpected additional input data for model '\(draft.version.name)': "
          + "\(fields.raw.count) raw_input_contents for \(source.rawUsed) inputs")
    }
  }
}
