internal import COnnxRuntime
internal import Tensors

extension OnnxInstance {
  /// The plan for these requests' shapes: an earlier one if there is one.
  func plan(for requests: [[InputTensor]]) throws(RuntimeFailure) -> OnnxPlan {
    guard let first = requests.first else {
      throw RuntimeFailure(.invalidInput, "a batch of no requests; give at least one")
    }
    try measure(first)
    if requests.count > 1 { try addRows(requests) }
    if let latestPlan, fits(latestPlan, first) { return latestPlan }
    if let found = plans.first(where: { fits($0, first) }) {
      latestPlan = found
      return found
    }
    let made = try makePlan(first)
    if plans.count < Self.planCountMax {
      plans.append(made)
    } else {
      plans[oldestPlan] = made
      oldestPlan = (oldestPlan + 1) % Self.planCountMax
    }
    latestPlan = made
    return made
  }

  /// Starts the batch's shapes with those of its first request.
  private func measure(_ first: [InputTensor]) throws(RuntimeFailure) {
    batchShapes.removeAll(keepingCapacity: true)
    guard first.count == specs.count else { throw wrongCount(first) }
    var last = -1
    for input in first {
      guard input.index > last, input.index < specs.count else {
        throw RuntimeFailure(
          .invalidInput,
          "input number \(input.index) after \(last) of a model with \(specs.count); name each"
            + " once, in order")
      }
      last = input.index
      guard input.tensor.elementType == specs[input.index].elementType else {
        throw wrongType(input)
      }
      batchShapes.append(input.tensor.shape)
    }
  }

  /// Adds the rows of the requests after the first to the batch's shapes.
  ///
  /// Elements are read where they lie, not copied out: this is paid for every request.
  private func addRows(_ requests: [[InputTensor]]) throws(RuntimeFailure) {
    for position in requests[0].indices {
      let index = requests[0][position].index
      let type = specs[index].elementType
      guard batchShapes[position].rank > 0 else { throw unlikeRows(index, requests, 1) }
      var rows = batchShapes[position][0]
      for number in 1..<requests.count {
        guard requests[number].count == requests[0].count,
          requests[number][position].index == index
        else {
          throw RuntimeFailure(.invalidInput, "requests with different inputs in one batch")
        }
        guard requests[number][position].tensor.elementType == type else {
          throw wrongType(requests[number][position])
        }
        guard requests[number][position].tensor.shape.hasSameRow(as: batchShapes[position])
        else { throw unlikeRows(index, requests, number) }
        let (sum, overflow) = rows.addingReportingOverflow(
          requests[number][position].tensor.shape[0])
        guard !overflow else { throw tooLarge(index, batchShapes[position]) }
        rows = sum
      }
      batchShapes[position][0] = rows
    }
  }

  private func unlikeRows(
    _ index: Int, _ requests: [[InputTensor]], _ number: Int
  ) -> RuntimeFailure {
    let shapes = [requests[0], requests[number]].map { request in
      request.first { $0.index == index }?.tensor.shape.description ?? "none"
    }
    return RuntimeFailure(
      .invalidInput,
      "input '\(specs[index].name)' has shapes \(shapes[0]) and \(shapes[1]), which cannot share"
        + " a batch")
  }

  private func fits(_ plan: OnnxPlan, _ first: [InputTensor]) -> Bool {
    guard plan.inputs.count == first.count else { return false }
    for position in first.indices {
      guard plan.inputs[position].index == first[position].index,
        plan.inputs[position].shape == batchShapes[position]
      else { return false }
    }
    return true
  }

  private func makePlan(_ first: [InputTensor]) throws(RuntimeFailure) -> OnnxPlan {
    var inputs: [OnnxPlan.Input] = []
    for position in first.indices {
      inputs.append(try planInput(first[position].index, batchShapes[position]))
    }
    var outputs: [OnnxPlan.Output] = []
    var sharedByteCount = 0
    for index in outputSpecs.indices {
      outputs.append(planOutput(index, inputs, &sharedByteCount))
    }
    if !outputMemory.holds(sharedByteCount) {
      dropPlans()
      outputMemory.grow(to: sharedByteCount)
    }
    let plan = OnnxPlan(
      library: session.library, inputs: inputs, outputs: outputs,
      sharedByteCount: sharedByteCount, names: inputNames)
    do throws(OnnxError) {
      for (index, output) in outputs.enumerated() {
        guard case .shared(let offset) = output.place else { continue }
        unsafe plan.prepared[index] = try unsafe plan.makeTensor(
          over: outputMemory.start + offset, output.byteCount, output.elementType, output.shape)
        unsafe plan.outputValues[index] = unsafe plan.prepared[index]
      }
    } catch {
      throw error.running
    }
    return plan
  }

  private func planInput(
    _ index: Int, _ shape: TensorShape
  ) throws(RuntimeFailure) -> OnnxPlan.Input {
    let type = specs[index].elementType
    guard let elements = shape.elementCount, elements <= Self.tensorByteCountMax else {
      throw tooLarge(index, shape)
    }
    guard let width = type.byteWidth else {
      return OnnxPlan.Input(
        index: index, elementType: type, shape: shape, rowByteCount: 0, byteCount: 0)
    }
    // The product without the first dimension is counted even when that is 0.
    guard let rowElements = shape.rank == 0 ? 1 : shape.withFirst(1).elementCount,
      rowElements <= Self.tensorByteCountMax, elements * width <= Self.tensorByteCountMax
    else { throw tooLarge(index, shape) }
    return OnnxPlan.Input(
      index: index, elementType: type, shape: shape, rowByteCount: rowElements * width,
      byteCount: elements * width)
  }

  private func planOutput(
    _ index: Int, _ inputs: [OnnxPlan.Input], _ sharedByteCount: inout Int
  ) -> OnnxPlan.Output {
    let type = outputSpecs[index].elementType
    let guess = rules[index]?.shape { input in
      inputs.first { $0.index == input }?.shape
    }
    guard let shape = guess, let width = type.byteWidth, let elements = shape.elementCount,
      elements <= Self.tensorByteCountMax / width
    else {
      return OnnxPlan.Output(
        elementType: type, shape: TensorShape(), byteCount: 0, place: .unknown)
    }
    let byteCount = elements * width
    var place = OnnxPlan.Place.direct
    if byteCount < Self.copiedByteCountMax {
      place = .shared(offset: sharedByteCount)
      let alignment = OnnxMemory.alignment
      sharedByteCount += (byteCount + alignment - 1) / alignment * alignment
    }
    return OnnxPlan.Output(elementType: type, shape: shape, byteCount: byteCount, place: place)
  }

  private func wrongCount(_ given: [InputTensor]) -> RuntimeFailure {
    if let missing = specs.indices.first(where: { index in
      !given.contains { $0.index == index }
    }) {
      return RuntimeFailure(
        .invalidInput, "input '\(specs[missing].name)' is missing; the model needs it")
    }
    return RuntimeFailure(
      .invalidInput, "\(given.count) inputs for a model with \(specs.count); name each once")
  }

  private func wrongType(_ input: InputTensor) -> RuntimeFailure {
    let spec = specs[input.index]
    return RuntimeFailure(
      .invalidInput,
      "input '\(spec.name)' has elements of \(input.tensor.elementType.wireName);"
        + " the model takes \(spec.elementType.wireName)")
  }

  func tooLarge(_ index: Int, _ shape: TensorShape) -> RuntimeFailure {
    RuntimeFailure(
      .invalidInput,
      "input '\(specs[index].name)' of shape \(shape) is too large; a batch's tensor holds at"
        + " most \(Self.tensorByteCountMax) bytes")
  }
}
