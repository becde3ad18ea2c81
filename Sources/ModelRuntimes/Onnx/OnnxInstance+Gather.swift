internal import COnnxRuntime
private import NIOCore
internal import Tensors

extension OnnxInstance {
  /// Brings the requests' inputs together where the plan's tensors look for them.
  func gather(_ requests: [[InputTensor]], by plan: OnnxPlan) throws(RuntimeFailure) {
    for position in plan.inputs.indices {
      let input = plan.inputs[position]
      if input.elementType == .bytes {
        try gatherStrings(requests, at: position, by: plan)
        continue
      }
      if requests.count == 1, input.byteCount >= Self.copiedByteCountMax,
        input.elementType != .bool,
        try lend(requests[0][position].tensor, at: position, by: plan)
      {
        continue
      }
      let memory = inputMemory[input.index]
      if !memory.holds(input.byteCount) { try makeRoom(input, keeping: plan) }
      try copy(requests, input, at: position, to: memory)
      try lookAtGathered(input, at: position, memory, plan)
    }
  }

  /// Grows an input's memory. Other plans point into it, and so may this one.
  private func makeRoom(
    _ input: OnnxPlan.Input, keeping plan: OnnxPlan
  ) throws(RuntimeFailure) {
    dropPlans()
    plan.dropGathered(input.index)
    inputMemory[input.index].grow(to: input.byteCount)
    plans.append(plan)
    latestPlan = plan
  }

  private func copy(
    _ requests: [[InputTensor]], _ input: OnnxPlan.Input, at position: Int,
    to memory: OnnxMemory
  ) throws(RuntimeFailure) {
    let isBool = input.elementType == .bool
    let rowByteCount = input.rowByteCount
    let start = unsafe memory.start
    var offset = 0
    for number in requests.indices {
      let rows = input.shape.rank == 0 ? 1 : requests[number][position].tensor.shape[0]
      let expected = rows * rowByteCount
      guard requests[number][position].tensor.bytes.readableBytes == expected else {
        throw wrongByteCount(requests[number][position].tensor, input)
      }
      unsafe requests[number][position].tensor.bytes.withUnsafeReadableBytes { bytes in
        guard let source = bytes.baseAddress, expected > 0 else { return }
        let target = unsafe start + offset
        if isBool {
          // Kernels rely on a truth value being 0 or 1; a caller may send anything.
          for index in 0..<expected {
            let byte: UInt8 = unsafe bytes[index] == 0 ? 0 : 1
            unsafe target.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
          }
        } else {
          unsafe target.copyMemory(from: source, byteCount: expected)
        }
      }
      offset += expected
    }
  }

  private func wrongByteCount(_ tensor: Tensor, _ input: OnnxPlan.Input) -> RuntimeFailure {
    RuntimeFailure(
      .invalidInput,
      "input '\(specs[input.index].name)' has \(tensor.bytes.readableBytes) bytes, which is not"
        + " what shape \(tensor.shape) of \(input.elementType.wireName) takes")
  }

  /// Makes sure the plan's tensor over the gathered bytes exists.
  private func lookAtGathered(
    _ input: OnnxPlan.Input, at position: Int, _ memory: OnnxMemory, _ plan: OnnxPlan
  ) throws(RuntimeFailure) {
    if unsafe plan.gathered[position] != nil { return }
    do throws(OnnxError) {
      unsafe plan.gathered[position] = try unsafe plan.makeTensor(
        over: memory.start, input.byteCount, input.elementType, input.shape)
      unsafe plan.inputValues[position] = unsafe plan.gathered[position]
    } catch {
      throw error.running
    }
  }

  /// Lets the run read one request's bytes where they lie; `false` if they lie badly.
  private func lend(
    _ tensor: Tensor, at position: Int, by plan: OnnxPlan
  ) throws(RuntimeFailure) -> Bool {
    let input = plan.inputs[position]
    guard tensor.bytes.readableBytes == input.byteCount else {
      throw wrongByteCount(tensor, input)
    }
    // The storage stays where it is while the request is held, which the run does.
    let place = unsafe tensor.bytes.withUnsafeReadableBytesWithStorageManagement { bytes, _ in
      bytes.baseAddress
    }
    guard let place = unsafe place, Int(bitPattern: place) % 16 == 0 else { return false }
    do throws(OnnxError) {
      unsafe plan.inputValues[position] = try unsafe plan.makeTensor(
        over: UnsafeMutableRawPointer(mutating: place), input.byteCount, input.elementType,
        input.shape)
    } catch {
      throw error.running
    }
    return true
  }
}

extension OnnxPlan {
  /// Gives up the tensor over an input's memory, because that memory is about to move.
  func dropGathered(_ index: Int) {
    for position in inputs.indices where inputs[position].index == index {
      guard let value = unsafe gathered[position] else { continue }
      unsafe library.api.pointee.release_value(value)
      unsafe gathered[position] = nil
      unsafe inputValues[position] = nil
    }
  }
}
