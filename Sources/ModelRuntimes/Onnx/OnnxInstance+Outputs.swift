internal import COnnxRuntime
internal import NIOCore
internal import Tensors

extension OnnxInstance {
  /// Makes the buffers that large outputs are written into, and the tensors over them.
  ///
  /// - Returns: One buffer for each direct output, in order.
  func makeAnswers(_ plan: OnnxPlan) throws(RuntimeFailure) -> [ByteBuffer] {
    var answers: [ByteBuffer] = []
    for index in plan.outputs.indices where plan.outputs[index].place == .direct {
      let output = plan.outputs[index]
      var buffer = ByteBufferAllocator().buffer(capacity: output.byteCount)
      buffer.moveWriterIndex(to: output.byteCount)
      // The storage is this buffer's alone and stays where it is while the buffer is held.
      let place = unsafe buffer.withUnsafeReadableBytesWithStorageManagement { bytes, _ in
        bytes.baseAddress
      }
      guard let place = unsafe place else {
        throw RuntimeFailure(.runFailed, "no memory for \(output.byteCount) bytes of output")
      }
      do throws(OnnxError) {
        unsafe plan.outputValues[index] = try unsafe plan.makeTensor(
          over: UnsafeMutableRawPointer(mutating: place), output.byteCount, output.elementType,
          output.shape)
      } catch {
        throw error.running
      }
      answers.append(buffer)
    }
    return answers
  }

  /// The outputs of a run, each with bytes of its own or of this answer.
  func collect(
    _ plan: OnnxPlan, _ answers: [ByteBuffer]
  ) throws(RuntimeFailure) -> [Tensor] {
    var shared = ByteBuffer()
    if plan.sharedByteCount > 0 {
      shared = ByteBufferAllocator().buffer(capacity: plan.sharedByteCount)
      unsafe shared.writeBytes(
        UnsafeRawBufferPointer(start: outputMemory.start, count: plan.sharedByteCount))
    }
    var nextAnswer = 0
    var tensors: [Tensor] = []
    tensors.reserveCapacity(plan.outputs.count)
    for index in plan.outputs.indices {
      let output = plan.outputs[index]
      switch output.place {
      case .shared(let offset):
        let bytes = shared.getSlice(at: offset, length: output.byteCount) ?? ByteBuffer()
        tensors.append(
          Tensor(elementType: output.elementType, shape: output.shape, bytes: bytes))
      case .direct:
        tensors.append(
          Tensor(
            elementType: output.elementType, shape: output.shape, bytes: answers[nextAnswer]))
        nextAnswer += 1
      case .unknown:
        tensors.append(try copyOut(plan, index))
      }
    }
    return tensors
  }

  /// Copies an output that the runtime placed.
  func copyOut(_ plan: OnnxPlan, _ index: Int) throws(RuntimeFailure) -> Tensor {
    let type = outputSpecs[index].elementType
    guard let value = unsafe plan.outputValues[index] else {
      throw RuntimeFailure(.runFailed, "output '\(outputSpecs[index].name)' was not produced")
    }
    let shape: TensorShape
    do throws(OnnxError) {
      shape = try unsafe readShape(unsafe value, index)
    } catch {
      throw error.running
    }
    guard let elements = shape.elementCount,
      elements <= Self.tensorByteCountMax / (type.byteWidth ?? 4)
    else {
      throw RuntimeFailure(
        .runFailed,
        "output '\(outputSpecs[index].name)' of shape \(shape) is too large; at most"
          + " \(Self.tensorByteCountMax) bytes are served")
    }
    guard let width = type.byteWidth else {
      let bytes = try unsafe readStrings(unsafe value, count: elements)
      return Tensor(elementType: type, shape: shape, bytes: bytes)
    }
    var bytes = ByteBuffer()
    if elements > 0 {
      var start: UnsafeMutableRawPointer?
      do throws(OnnxError) {
        try unsafe session.library.check(
          session.library.api.pointee.tensor_bytes(value, &start))
      } catch {
        throw error.running
      }
      bytes = ByteBufferAllocator().buffer(capacity: elements * width)
      unsafe bytes.writeBytes(UnsafeRawBufferPointer(start: start, count: elements * width))
    }
    return Tensor(elementType: type, shape: shape, bytes: bytes)
  }

  /// A value's shape, once it is known to be a tensor of the output's type.
  private func readShape(
    _ value: OpaquePointer, _ index: Int
  ) throws(OnnxError) -> TensorShape {
    let library = session.library
    let api = unsafe library.api
    let name = outputSpecs[index].name
    var isTensor: Int32 = 0
    try unsafe library.check(api.pointee.is_tensor(value, &isTensor))
    guard isTensor == 1 else {
      throw OnnxError(code: .other, text: "output '\(name)' is not a tensor")
    }
    var made: OpaquePointer?
    try unsafe library.check(api.pointee.tensor_info(value, &made))
    guard let facts = unsafe made else {
      throw OnnxError(code: .other, text: "output '\(name)' has no shape")
    }
    defer { unsafe api.pointee.release_tensor_info(facts) }
    var type: Int32 = 0
    try unsafe library.check(api.pointee.element_type(facts, &type))
    var rank = 0
    try unsafe library.check(api.pointee.rank(facts, &rank))
    guard type == outputSpecs[index].elementType.onnxNumber, rank <= TensorShape.rankMax else {
      throw OnnxError(
        code: .other, text: "output '\(name)' has ONNX type \(type) and \(rank) dimensions")
    }
    var dimensions: InlineArray<8, Int64> = [0, 0, 0, 0, 0, 0, 0, 0]
    var span = dimensions.mutableSpan
    try unsafe library.check(
      span.withUnsafeMutableBufferPointer { sizes in
        guard let start = sizes.baseAddress else { return nil }
        return unsafe api.pointee.dimensions(facts, start, rank)
      })
    var shape = TensorShape()
    for axis in 0..<rank where !shape.append(Int(dimensions[axis])) {
      throw OnnxError(code: .other, text: "output '\(name)' has a dimension below 0")
    }
    return shape
  }
}
