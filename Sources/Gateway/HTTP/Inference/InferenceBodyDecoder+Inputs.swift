internal import Inference
internal import NIOCore
internal import Tensors

/// The members of one input as they are found; they come in any order.
private struct InputMembers {
  var name: JSONText?
  var elementType: ElementType?
  var shape: TensorShape?
  var parameters = TensorParameters()
  /// Where `data` stands, if it came before the type.
  var dataPosition: Int?
  var data: JSONTensorData?
}

extension InferenceBodyDecoder {
  /// Reads one element of `inputs` and adds its tensor to the draft.
  mutating func readInput(_ cursor: inout JSONCursor, _ bytes: Span<UInt8>) throws(JSONError) {
    let start = cursor.position
    var members = InputMembers()
    var isFirst = true
    while let key = try cursor.nextKey(bytes, &isFirst) {
      if key.equals("name", in: bytes) {
        members.name = try cursor.string(bytes)
      } else if key.equals("shape", in: bytes) {
        members.shape = try cursor.shape(bytes)
      } else if key.equals("datatype", in: bytes) {
        guard members.elementType == nil else {
          throw JSONError("an input has 'datatype' twice", at: cursor.position)
        }
        members.elementType = try readType(&cursor, bytes)
      } else if key.equals("data", in: bytes) {
        try readData(&cursor, bytes, into: &members)
      } else if key.equals("parameters", in: bytes) {
        try members.parameters.read(&cursor, bytes, depthMax: depthMax)
      } else {
        try cursor.skipValue(bytes, depthMax: depthMax)
      }
    }
    guard let name = members.name else { throw JSONError("an input has no 'name'", at: start) }
    guard let index = inputIndex(name, bytes) else {
      throw refused(
        "unexpected inference input '\(name.string(in: bytes))' for model '\(version.name)'")
    }
    guard let elementType = members.elementType, let shape = members.shape else {
      throw refused(
        "input '\(version.inputs[index].name)' for model '\(version.name)' needs 'shape' and "
          + "'datatype'")
    }
    let content = try content(of: &members, input: index, bytes, end: cursor.end)
    do throws(InferenceError) {
      try draft.add(input: index, Tensor(elementType: elementType, shape: shape, bytes: content))
    } catch {
      throw JSONError(refusal: error)
    }
  }

  private func inputIndex(_ name: JSONText, _ bytes: Span<UInt8>) -> Int? {
    if name.hasEscapes { return version.inputIndex(named: name.content(in: bytes).span) }
    return version.inputIndex(named: bytes.extracting(name.range))
  }

  private func readType(_ cursor: inout JSONCursor, _ bytes: Span<UInt8>) throws(JSONError)
    -> ElementType
  {
    let text = try cursor.string(bytes)
    guard let type = ElementType(wireName: bytes.extracting(text.range)) else {
      throw refused("invalid datatype '\(text.string(in: bytes))'; use for example 'FP32'")
    }
    return type
  }

  private func readData(
    _ cursor: inout JSONCursor, _ bytes: Span<UInt8>, into members: inout InputMembers
  ) throws(JSONError) {
    guard members.data == nil, members.dataPosition == nil else {
      throw JSONError("an input has 'data' twice", at: cursor.position)
    }
    guard let type = members.elementType else {
      _ = cursor.peek(bytes)
      members.dataPosition = cursor.position
      try cursor.skipTensorData(bytes, depthMax: depthMax)
      return
    }
    members.data = try decodeData(&cursor, bytes, type, shape: members.shape)
  }

  private func decodeData(
    _ cursor: inout JSONCursor, _ bytes: Span<UInt8>, _ type: ElementType, shape: TensorShape?
  ) throws(JSONError) -> JSONTensorData {
    if type == .fp16 || type == .bf16 {
      throw refused(
        "sending \(type.wireName) data via JSON is not supported. Please use the binary data "
          + "format for input")
    }
    // An element takes at least two bytes of JSON: a lying shape reserves no more than that.
    let hint = min(shape?.elementCount ?? 0, (cursor.end - cursor.position) / 2 + 1)
    var data = JSONTensorData(
      elementType: type, countHint: hint, allocator: ByteBufferAllocator())
    try data.read(&cursor, bytes)
    return data
  }

  /// The tensor's bytes, wherever the request has them.
  private mutating func content(
    of members: inout InputMembers, input: Int, _ bytes: Span<UInt8>, end: Int
  ) throws(JSONError) -> ByteBuffer {
    let name = version.inputs[input].name
    let parameters = members.parameters
    let hasData = members.data != nil || members.dataPosition != nil
    if let placement = try placement(parameters, name, bytes) {
      guard !hasData, parameters.binarySize == nil else {
        throw refused("input '\(name)' has both shared memory and data; send one of them")
      }
      do throws(SharedMemoryError) {
        return try sharedMemory.read(placement)
      } catch {
        throw JSONError(refusal: error.inferenceError)
      }
    }
    if let size = parameters.binarySize {
      guard !hasData else {
        throw refused("input '\(name)' has both 'data' and 'binary_data_size'; send one of them")
      }
      return try binaryContent(size, name)
    }
    if let position = members.dataPosition, let type = members.elementType {
      var cursor = JSONCursor(position..<end)
      members.data = try decodeData(&cursor, bytes, type, shape: members.shape)
    }
    guard let data = members.data else {
      throw refused(
        "input '\(name)' for model '\(version.name)' has no data; send 'data', "
          + "'binary_data_size' or 'shared_memory_region'")
    }
    guard let shape = members.shape, shape.elementCount == data.count else {
      throw refused(
        "Unable to parse 'data': Shape does not match true shape of 'data' field: input '\(name)' "
          + "has shape \(members.shape ?? TensorShape()) and \(data.count) elements")
    }
    return data.bytes
  }

  private mutating func binaryContent(_ size: Int, _ name: String) throws(JSONError) -> ByteBuffer {
    let start = body.readerIndex + binaryPosition
    guard size <= body.readableBytes - binaryPosition,
      let slice = body.getSlice(at: start, length: size)
    else {
      let missing = size - (body.readableBytes - binaryPosition)
      throw refused(
        "unexpected size for input '\(name)', expecting \(missing) additional bytes for model "
          + "'\(version.name)'")
    }
    binaryPosition += size
    return slice
  }
}

extension JSONCursor {
  /// Moves past tensor data whose type is not known yet: as any value, but with what only floats
  /// may hold.
  mutating func skipTensorData(_ bytes: Span<UInt8>, depthMax: Int) throws(JSONError) {
    guard peek(bytes) == 0x5B else { throw unexpected("an array") }
    var depth = 0
    repeat {
      switch peek(bytes) {
      case 0x5B:
        guard depth < depthMax else {
          throw JSONError("more than \(depthMax) arrays inside each other", at: position)
        }
        position += 1
        depth += 1
        guard skip(0x5D, bytes) else { continue }
        depth -= 1
      case 0x4E: try literal("NaN", bytes)
      case 0x49: try literal("Infinity", bytes)
      case 0x2D where HTTPCharacter.equals(bytes, position, "-Infinity"):
        try literal("-Infinity", bytes)
      default: try skipValue(bytes, depthMax: depthMax)
      }
      while depth > 0, !skip(0x2C, bytes) {
        guard skip(0x5D, bytes) else { throw unexpected("',' or ']'") }
        depth -= 1
      }
    } while depth > 0
  }
}
