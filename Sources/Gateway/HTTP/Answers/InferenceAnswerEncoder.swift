package import Inference
package import NIOCore
internal import Tensors

/// Writes the answer of an inference: JSON, then the outputs that are binary.
package struct InferenceAnswerEncoder {
  /// Binary outputs of at least this many bytes are sent as they are, without a copy.
  private static let copiedBytesMax = 65_536

  /// JSON and copied binary outputs, with room for a head in front.
  package var answer: HTTPAnswerBuffer
  /// What follows it, uncopied.
  package private(set) var rest: [ByteBuffer] = []
  /// Bytes of the JSON if binary outputs follow.
  package private(set) var jsonLength: Int?

  private let version: ServedVersion
  private let sharedMemory: SharedMemoryRegistry

  package init(
    version: ServedVersion, sharedMemory: SharedMemoryRegistry, allocator: ByteBufferAllocator
  ) {
    self.version = version
    self.sharedMemory = sharedMemory
    answer = HTTPAnswerBuffer(allocator: allocator, capacity: 1_024)
  }

  /// Writes the body.
  ///
  /// - Parameters:
  ///   - id: the request's id as JSON has it, without quotes; empty leaves it out.
  ///   - requested: the outputs asked for; empty for all.
  ///   - isBinaryDefault: the form of outputs where none are asked for by name.
  package mutating func encode(
    _ outputs: InferenceOutputs, id: ByteBuffer, requested: [RequestedOutput],
    isBinaryDefault: Bool
  ) throws(InferenceError) {
    writeStart(id)
    var binary: [ByteBuffer] = []
    if requested.isEmpty {
      for index in outputs.tensors.indices {
        if index > 0 { answer.buffer.writeInteger(UInt8(0x2C)) }
        let output = RequestedOutput(index: index, isBinary: isBinaryDefault)
        try write(output, outputs.tensors[index], &binary)
      }
    } else {
      for (place, output) in requested.enumerated() {
        if place > 0 { answer.buffer.writeInteger(UInt8(0x2C)) }
        try write(output, outputs.tensors[output.index], &binary)
      }
    }
    answer.buffer.writeStaticString("]}")
    if binary.isEmpty { return }
    jsonLength = answer.buffer.readableBytes
    for bytes in binary {
      if rest.isEmpty, bytes.readableBytes < Self.copiedBytesMax {
        answer.buffer.writeImmutableBuffer(bytes)
      } else {
        rest.append(bytes)
      }
    }
  }

  private mutating func writeStart(_ id: ByteBuffer) {
    if id.readableBytes > 0 {
      answer.buffer.writeStaticString("{\"id\":\"")
      answer.buffer.writeImmutableBuffer(id)
      answer.buffer.writeStaticString("\",\"model_name\":")
    } else {
      answer.buffer.writeStaticString("{\"model_name\":")
    }
    answer.buffer.writeJSON(string: version.name)
    answer.buffer.writeStaticString(",\"model_version\":\"")
    answer.buffer.writeString(version.versionText)
    answer.buffer.writeStaticString("\",\"outputs\":[")
  }

  private mutating func write(
    _ output: RequestedOutput, _ result: Tensor, _ binary: inout [ByteBuffer]
  ) throws(InferenceError) {
    var tensor = result
    if output.classes > 0 {
      tensor = try Classification.encode(
        result, top: output.classes, version: version, output: output.index)
    }
    writeDescription(version.outputs[output.index].name, tensor)
    if let placement = output.placement {
      try place(tensor, at: placement)
    } else if output.isBinary {
      answer.buffer.writeStaticString(",\"parameters\":{\"binary_data_size\":")
      answer.buffer.writeJSON(integer: tensor.bytes.readableBytes)
      answer.buffer.writeStaticString("}}")
      binary.append(tensor.bytes)
    } else {
      answer.buffer.writeStaticString(",\"data\":[")
      try answer.buffer.writeJSON(elements: tensor, output: version.outputs[output.index].name)
      answer.buffer.writeStaticString("]}")
    }
  }

  private mutating func writeDescription(_ name: String, _ tensor: Tensor) {
    answer.buffer.writeStaticString("{\"name\":")
    answer.buffer.writeJSON(string: name)
    answer.buffer.writeStaticString(",\"datatype\":\"")
    answer.buffer.writeString(tensor.elementType.wireName)
    answer.buffer.writeStaticString("\",\"shape\":[")
    for axis in 0..<tensor.shape.rank {
      if axis > 0 { answer.buffer.writeInteger(UInt8(0x2C)) }
      answer.buffer.writeJSON(integer: tensor.shape[axis])
    }
    answer.buffer.writeInteger(UInt8(0x5D))
  }

  private mutating func place(_ tensor: Tensor, at placement: SharedMemoryPlacement)
    throws(InferenceError)
  {
    do throws(SharedMemoryError) {
      try sharedMemory.write(tensor.bytes, to: placement)
    } catch {
      throw error.inferenceError
    }
    // No parameters: the C++ client takes any object of that name for a binary size.
    answer.buffer.writeInteger(UInt8(0x7D))
  }
}
