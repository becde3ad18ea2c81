private import Foundation
internal import Gateway
internal import NIOCore
internal import SwiftProtobuf
internal import Tensors

/// Writes one inference as a gRPC message, tensors as raw contents.
struct GRPCInferenceWriter {
  let model: ModelDescription
  let options: RequestOptions
  /// Where the inputs lie in shared memory, in their order; `nil` sends them.
  let placed: [SharedMemoryLayout.Slot]?
  /// Outputs that the server writes to shared memory.
  let placedOutputs: [SharedMemoryLayout.Slot]

  /// The call.
  func write(_ inputs: NamedTensors) throws(BenchInputError) -> GRPCRequestBytes {
    var message = Inference_ModelInferRequest()
    message.modelName = model.name
    message.modelVersion = model.version
    if options.stampsID { message.id = String(repeating: "0", count: Stamp.width) }
    if options.sentDeadlineMicroseconds > 0 {
      message.parameters["timeout"] = .with { $0.int64Param = options.sentDeadlineMicroseconds }
    }
    if options.priority > 0 {
      message.parameters["priority"] = .with { $0.uint64Param = UInt64(options.priority) }
    }
    for (index, input) in inputs.enumerated() {
      message.inputs.append(self.input(input.name, input.tensor, placed?[index]))
      if placed == nil {
        message.rawInputContents.append(Data(input.tensor.bytes.readableBytesView))
      }
    }
    message.outputs = outputs()
    let bytes: [UInt8]
    do {
      bytes = try message.serializedBytes()
    } catch {
      throw BenchInputError("the request for model '\(model.name)' cannot be encoded: \(error)")
    }
    let framed = try GRPCFrame.wrap(bytes)
    return GRPCRequestBytes(
      path: GRPCMethod.modelInfer.path.description, message: framed,
      stamps: options.stampsID ? [Stamp(offset: idOffset)] : [],
      timeoutMicroseconds: options.sentDeadlineMicroseconds,
      metadata: options.headers.map { ($0.name.lowercased(), $0.value) })
  }

  /// Fields are written in the order of their numbers: the id comes after the model's name and
  /// version, each a tag of one byte, a length and its bytes, and only if it is not empty.
  private var idOffset: Int {
    var offset = GRPCFrame.prefixLength
    for text in [model.name, model.version] where !text.isEmpty {
      let count = text.utf8.count
      offset += 1 + (count < 0x80 ? 1 : count < 0x4000 ? 2 : 3) + count
    }
    return offset + 2
  }

  private func input(
    _ name: String, _ tensor: Tensor, _ slot: SharedMemoryLayout.Slot?
  ) -> Inference_ModelInferRequest.InferInputTensor {
    .with {
      $0.name = name
      $0.datatype = tensor.elementType.wireName
      $0.shape = tensor.shape.values.map(Int64.init)
      if let slot { $0.parameters = parameters(slot) }
    }
  }

  private func outputs() -> [Inference_ModelInferRequest.InferRequestedOutputTensor] {
    if placedOutputs.isEmpty { return options.outputs.map { name in .with { $0.name = name } } }
    return placedOutputs.map { slot in
      .with {
        $0.name = slot.name
        $0.parameters = parameters(slot)
      }
    }
  }

  private func parameters(_ slot: SharedMemoryLayout.Slot) -> [String: Inference_InferParameter] {
    [
      "shared_memory_region": .with { $0.stringParam = slot.region },
      "shared_memory_offset": .with { $0.int64Param = Int64(slot.offset) },
      "shared_memory_byte_size": .with { $0.int64Param = Int64(slot.byteSize) },
    ]
  }
}

/// The five bytes in front of each gRPC message.
enum GRPCFrame {
  static let prefixLength = 5

  /// The message behind its prefix, not compressed.
  static func wrap(_ message: [UInt8]) throws(BenchInputError) -> ByteBuffer {
    guard message.count <= Int(Int32.max) else {
      throw BenchInputError(
        "a gRPC message of \(message.count) bytes is larger than \(Int32.max); use smaller inputs")
    }
    var framed = ByteBufferAllocator().buffer(capacity: prefixLength + message.count)
    framed.writeInteger(UInt8(0))
    framed.writeInteger(UInt32(message.count))
    framed.writeBytes(message)
    return framed
  }
}
