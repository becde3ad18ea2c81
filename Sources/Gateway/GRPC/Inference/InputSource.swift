internal import Inference
internal import NIOCore
internal import Tensors

/// Finds the data of a request's inputs: raw, typed, or in shared memory.
///
/// If one input has raw contents, all that are not in shared memory must, in their order.
struct InputSource {
  let message: ByteBuffer
  let sharedMemory: SharedMemoryRegistry
  /// How many raw contents belong to inputs seen so far.
  private(set) var rawUsed = 0

  init(message: ByteBuffer, sharedMemory: SharedMemoryRegistry) {
    self.message = message
    self.sharedMemory = sharedMemory
  }

  /// The tensor of the input at `position`; call once for each input, in order.
  mutating func tensor(
    _ position: Int, of fields: ModelInferFields, _ bytes: Span<UInt8>, modelName: String
  ) throws(InferenceError) -> Tensor {
    let input = fields.inputs[position]
    guard let type = ElementType(wireName: bytes.extracting(input.datatype.range)) else {
      throw InferenceError(
        .invalidArgument,
        "invalid datatype '\(bytes.text(input.datatype))' of input '\(bytes.text(input.name))'; "
          + "use BOOL, BYTES, BF16, FP16 to FP64, INT8 to INT64 or UINT8 to UINT64")
    }
    guard !input.shapeIsInvalid else {
      throw InferenceError(
        .invalidArgument,
        "invalid shape of input '\(bytes.text(input.name))': each dimension is at least 0 and "
          + "there are at most \(TensorShape.rankMax)")
    }
    var tensor = Tensor(elementType: type, shape: input.shape, bytes: ByteBuffer())
    if input.placement.isPresent {
      tensor.bytes = try shared(input, fields, bytes, modelName: modelName)
    } else if rawUsed < fields.raw.count {
      guard !input.hasContents else {
        throw InferenceError(
          .invalidArgument,
          "contents field must not be specified when using raw_input_contents for "
            + "'\(bytes.text(input.name))' for model '\(modelName)'")
      }
      let span = fields.raw[rawUsed]
      rawUsed += 1
      tensor.bytes =
        message.getSlice(at: message.readerIndex + span.start, length: span.count)
        ?? ByteBuffer()
    } else {
      tensor.bytes = try typed(position, type, fields, bytes, modelName: modelName)
    }
    return tensor
  }

  private func shared(
    _ input: InputFields, _ fields: ModelInferFields, _ bytes: Span<UInt8>, modelName: String
  ) throws(InferenceError) -> ByteBuffer {
    guard !input.hasContents else {
      throw InferenceError(
        .invalidArgument,
        "unexpected 'content' provided when using shared memory for input tensor "
          + "'\(bytes.text(input.name))' for model '\(modelName)'")
    }
    let found = try fields.placement(input.placement, tensor: input.name, bytes)
    guard let placement = found else { return ByteBuffer() }
    do throws(SharedMemoryError) { return try sharedMemory.read(placement) } catch {
      throw error.inferenceError
    }
  }

  private func typed(
    _ position: Int, _ type: ElementType, _ fields: ModelInferFields, _ bytes: Span<UInt8>,
    modelName: String
  ) throws(InferenceError) -> ByteBuffer {
    let input = fields.inputs[position]
    guard input.hasContents || input.shape.elementCount == 0 && fields.raw.isEmpty else {
      throw InferenceError(
        .invalidArgument,
        "unable to find data for input tensor '\(bytes.text(input.name))' for model "
          + "'\(modelName)' in request.")
    }
    var data = ByteBuffer()
    for contents in fields.contents where contents.input == position {
      do throws(TypedContents.Failure) {
        try TypedContents.append(contents.span, of: message, bytes, type: type, to: &data)
      } catch {
        throw Self.refusal(error, type, name: bytes.text(input.name), modelName: modelName)
      }
    }
    return data
  }

  private static func refusal(
    _ failure: TypedContents.Failure, _ type: ElementType, name: String, modelName: String
  ) -> InferenceError {
    let input = "for input tensor '\(name)' for model '\(modelName)' of type '\(type.wireName)'"
    let text =
      switch failure {
      case .malformed(let error): "malformed contents \(input): \(error.message)"
      case .otherType where TypedContents.field(of: type) == nil:
        "unexpected explicit tensor data \(input); send it in raw_input_contents"
      case .otherType:
        "unexpected explicit tensor data \(input); fill only the contents field of that type"
      case .outOfRange: "a value in the contents \(input) is out of the type's range"
      case .tooLarge:
        "the contents \(input) exceed \(TypedContents.byteCountMax) bytes; send less at once"
      }
    return InferenceError(.invalidArgument, text)
  }
}

extension ModelInferFields {
  /// The shared memory placement that a tensor's parameters describe; `nil` if they name none.
  func placement(
    _ placement: PlacementFields, tensor: FieldSpan, _ bytes: Span<UInt8>
  ) throws(InferenceError) -> SharedMemoryPlacement? {
    guard placement.isPresent else { return nil }
    let name = bytes.text(tensor)
    var region: String?
    switch placement.region {
    case .none: break
    case .text(let span): region = bytes.text(span)
    case .bool, .int64, .uint64, .double:
      throw InferenceError(
        .invalidArgument,
        "invalid value type for 'shared_memory_region' parameter for tensor '\(name)', expected "
          + "string_param.")
    }
    return try RequestParameters.placement(
      region: region,
      offset: size(placement.offset, "shared_memory_offset", tensor: name),
      byteSize: size(placement.byteSize, "shared_memory_byte_size", tensor: name),
      tensor: name)
  }

  private func size(
    _ value: ParameterValue, _ parameter: String, tensor: String
  ) throws(InferenceError) -> UInt64? {
    if value == .none { return nil }
    guard let size = value.nonNegative else {
      throw InferenceError(
        .invalidArgument,
        "invalid value type for '\(parameter)' parameter for tensor '\(tensor)', expected "
          + "int64_param of at least 0.")
    }
    return UInt64(size)
  }
}
