internal import Inference
package import NIOCore
package import Tensors

/// One output of a response: what the message says of it, and its bytes.
package struct ResponseTensor {
  package var name: String
  package var datatype: String
  package var shape: TensorShape
  /// Empty for an output that was left in shared memory.
  package var bytes: ByteBuffer

  package init(name: String, datatype: String, shape: TensorShape, bytes: ByteBuffer) {
    self.name = name
    self.datatype = datatype
    self.shape = shape
    self.bytes = bytes
  }

  /// Bytes of the `InferOutputTensor` message.
  fileprivate var headBytes: Int {
    ProtobufSize.text(name.utf8.count) + ProtobufSize.text(datatype.utf8.count)
      + (shape.rank == 0 ? 0 : ProtobufSize.span(ProtobufSize.dimensions(shape)))
  }
}

/// Writes `ModelInferResponse` messages, framed for gRPC, straight into a buffer of the right size.
///
/// Tensor data always goes into `raw_output_contents`, one entry for each output, as clients index
/// it blindly.
package struct ModelInferResponseWriter {
  private static let prefixBytes = 5
  /// The entry `triton_final_response: true` of the response's parameters.
  private static let finalResponse: [UInt8] =
    [0x0A, 21] + Array("triton_final_response".utf8) + [0x12, 2, 0x08, 1]

  package var modelName: String
  package var modelVersion: String
  package var id: String
  /// Whether the parameters say that no other response follows.
  package var marksFinal = false

  package init(modelName: String, modelVersion: String, id: String) {
    self.modelName = modelName
    self.modelVersion = modelVersion
    self.id = id
  }

  /// A framed `ModelInferResponse`.
  package func write(_ outputs: [ResponseTensor]) -> ByteBuffer {
    let size = messageBytes(outputs)
    var buffer = Self.framed(size)
    append(outputs, to: &buffer)
    return buffer
  }

  /// A framed `ModelStreamInferResponse` around the response.
  package func writeStreamed(_ outputs: [ResponseTensor]) -> ByteBuffer {
    let size = messageBytes(outputs)
    var buffer = Self.framed(ProtobufSize.span(size))
    buffer.writeProtobufHead(field: 2, count: size)
    append(outputs, to: &buffer)
    return buffer
  }

  /// A framed `ModelStreamInferResponse` that says why the request with `id` has no response.
  package static func writeStreamed(error message: String, id: String) -> ByteBuffer {
    let inner = ProtobufSize.text(id.utf8.count)
    var buffer = framed(
      ProtobufSize.text(message.utf8.count) + (inner == 0 ? 0 : ProtobufSize.span(inner)))
    buffer.writeProtobufText(field: 1, message)
    if inner > 0 {
      buffer.writeProtobufHead(field: 2, count: inner)
      buffer.writeProtobufText(field: 3, id)
    }
    return buffer
  }

  /// A buffer that holds the prefix of a message of `count` bytes, and has room for it.
  static func framed(_ count: Int) -> ByteBuffer {
    var buffer = ByteBufferAllocator().buffer(capacity: prefixBytes + count)
    buffer.writeInteger(0 as UInt8)
    buffer.writeInteger(UInt32(count))
    return buffer
  }

  private func messageBytes(_ outputs: [ResponseTensor]) -> Int {
    var size =
      ProtobufSize.text(modelName.utf8.count) + ProtobufSize.text(modelVersion.utf8.count)
      + ProtobufSize.text(id.utf8.count)
    if marksFinal { size += ProtobufSize.span(Self.finalResponse.count) }
    for output in outputs {
      size += ProtobufSize.span(output.headBytes) + ProtobufSize.span(output.bytes.readableBytes)
    }
    return size
  }

  private func append(_ outputs: [ResponseTensor], to buffer: inout ByteBuffer) {
    buffer.writeProtobufText(field: 1, modelName)
    buffer.writeProtobufText(field: 2, modelVersion)
    buffer.writeProtobufText(field: 3, id)
    if marksFinal {
      buffer.writeProtobufHead(field: 4, count: Self.finalResponse.count)
      buffer.writeBytes(Self.finalResponse)
    }
    for output in outputs {
      buffer.writeProtobufHead(field: 5, count: output.headBytes)
      buffer.writeProtobufText(field: 1, output.name)
      buffer.writeProtobufText(field: 2, output.datatype)
      buffer.writeProtobufShape(field: 3, output.shape)
    }
    for output in outputs {
      buffer.writeProtobufHead(field: 6, count: output.bytes.readableBytes)
      buffer.writeImmutableBuffer(output.bytes)
    }
  }
}
