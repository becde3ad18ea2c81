internal import COnnxRuntime
internal import NIOCore
internal import Tensors

extension OnnxInstance {
  /// Makes the string tensor of a batch. It serves one run: kept, it would hold the last
  /// caller's text.
  func gatherStrings(
    _ requests: [[InputTensor]], at position: Int, by plan: OnnxPlan
  ) throws(RuntimeFailure) {
    let input = plan.inputs[position]
    let library = session.library
    var dimensions = input.shape.onnxDimensions
    do throws(OnnxError) {
      try unsafe library.check(
        library.api.pointee.create_tensor(
          library.allocator, &dimensions, input.shape.rank, input.elementType.onnxNumber,
          &plan.inputValues[position]))
    } catch {
      throw error.running
    }
    guard let value = unsafe plan.inputValues[position] else {
      throw RuntimeFailure(.runFailed, "the runtime made no tensor for strings")
    }
    var next = 0
    for request in requests {
      let tensor = request[position].tensor
      let count = tensor.shape.elementCount ?? 0
      do {
        try BytesElements.validate(tensor.bytes, elementCount: count)
      } catch {
        throw RuntimeFailure(
          .invalidInput,
          "input '\(specs[input.index].name)' does not hold \(count) strings, each a length and"
            + " its bytes")
      }
      do throws(OnnxError) {
        next = try unsafe fill(unsafe value, from: next, with: tensor.bytes)
      } catch {
        throw error.running
      }
    }
  }

  /// Copies well-formed elements into a string tensor; returns the index after the last.
  private func fill(
    _ value: OpaquePointer, from start: Int, with bytes: ByteBuffer
  ) throws(OnnxError) -> Int {
    var index = start
    var rest = bytes
    while let length = rest.readInteger(endianness: .little, as: UInt32.self) {
      let count = Int(length)
      var target: UnsafeMutablePointer<CChar>?
      try unsafe session.library.check(
        session.library.api.pointee.resize_text(value, index, count, &target))
      if count > 0, let target = unsafe target {
        unsafe rest.withUnsafeReadableBytes { source in
          if let place = source.baseAddress, source.count >= count {
            unsafe UnsafeMutableRawPointer(target).copyMemory(from: place, byteCount: count)
          }
        }
      }
      rest.moveReaderIndex(forwardBy: min(count, rest.readableBytes))
      index += 1
    }
    return index
  }

  /// A string tensor of the runtime in wire form.
  func readStrings(_ value: OpaquePointer, count: Int) throws(RuntimeFailure) -> ByteBuffer {
    guard count > 0 else { return ByteBuffer() }
    do throws(OnnxError) {
      let library = session.library
      var byteCount = 0
      try unsafe library.check(library.api.pointee.text_byte_count(value, &byteCount))
      guard byteCount <= Self.tensorByteCountMax - 4 * count else {
        throw OnnxError(code: .other, text: "an output holds \(byteCount) bytes of strings")
      }
      var text = [UInt8](repeating: 0, count: max(1, byteCount))
      var offsets = [Int](repeating: 0, count: count)
      try unsafe library.check(
        library.api.pointee.text_content(value, &text, byteCount, &offsets, count))
      var buffer = ByteBufferAllocator().buffer(capacity: byteCount + 4 * count)
      for index in 0..<count {
        let end = index + 1 < count ? offsets[index + 1] : byteCount
        BytesElements.append(text[offsets[index]..<end], to: &buffer)
      }
      return buffer
    } catch {
      throw error.running
    }
  }
}
