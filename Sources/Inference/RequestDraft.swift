internal import ModelRuntimes
internal import NIOCore
package import Tensors
package import Timing

/// A request as a decoder fills it in; ``makeRequest(receiver:)`` checks it against the model.
///
/// The wording of the checks follows Triton's, which is what users search for.
package struct RequestDraft {
  package let version: ServedVersion
  /// The caller's id; may be empty.
  package var id = ""
  /// 1 is the most urgent; 0 takes the model's default.
  package var priority = 0
  /// The `timeout` parameter, in microseconds from the first byte; 0 is none.
  package var timeoutMicroseconds: Int64 = 0
  /// An absolute deadline, from a header; the earliest of all deadlines counts.
  package var deadline = MonotonicInstant.distantFuture

  private let receivedAt: MonotonicInstant
  private let firstByteAt: MonotonicInstant
  private var inputs: [InputTensor] = []

  /// A draft for `version`.
  ///
  /// - Parameters:
  ///   - receivedAt: when the request's last byte was read.
  ///   - firstByteAt: when its first was, from which relative deadlines count.
  package init(
    version: ServedVersion, receivedAt: MonotonicInstant, firstByteAt: MonotonicInstant? = nil
  ) {
    self.version = version
    self.receivedAt = receivedAt
    self.firstByteAt = firstByteAt ?? receivedAt
  }

  /// Adds one input by its signature index; a second one of the same name is an error.
  package mutating func add(input index: Int, _ tensor: Tensor) throws(InferenceError) {
    var place = inputs.count
    while place > 0, inputs[place - 1].index >= index {
      if inputs[place - 1].index == index {
        throw InferenceError(
          .invalidArgument,
          "input '\(version.inputs[index].name)' already exists in request for model "
            + "'\(version.name)'; name each input once")
      }
      place -= 1
    }
    inputs.insert(InputTensor(index: index, tensor: tensor), at: place)
  }

  /// The checked request.
  ///
  /// - Throws: ``InferenceError`` with ``InferenceError/Code/invalidArgument`` for missing inputs,
  ///   wrong types, shapes or sizes, or a batch that is too large.
  package consuming func makeRequest(receiver: any InferenceReceiver) throws(InferenceError)
    -> InferenceRequest
  {
    try checkPresence()
    var bytes = 0
    var rows: Int?
    for input in inputs {
      try check(input)
      bytes += input.tensor.bytes.readableBytes
      guard version.maxBatchSize > 0 else { continue }
      let inputRows = input.tensor.shape[0]
      if let rows, rows != inputRows {
        throw InferenceError(
          .invalidArgument,
          "input '\(version.inputs[input.index].name)' batch size does not match other inputs for "
            + "'\(version.name)': \(inputRows) rows, others have \(rows)")
      }
      rows = inputRows
    }
    if let rows, rows > version.maxBatchSize {
      throw InferenceError(
        .invalidArgument,
        "inference request batch-size must be <= \(version.maxBatchSize) for '\(version.name)', "
          + "got \(rows)")
    }
    var stages = StageClock(received: receivedAt)
    stages.decoded = .now()
    return InferenceRequest(
      version: version, inputs: inputs, rows: rows ?? 1, byteCount: bytes, id: id,
      priority: priority, deadline: earliestDeadline, stages: stages, receiver: receiver)
  }

  private var earliestDeadline: MonotonicInstant {
    var earliest = deadline
    if timeoutMicroseconds > 0 {
      let (timeout, overflow) = timeoutMicroseconds.multipliedReportingOverflow(by: 1_000)
      if !overflow { earliest = min(earliest, firstByteAt.advanced(byNanoseconds: timeout)) }
    }
    if earliest == .distantFuture, version.defaultTimeoutNanoseconds > 0 {
      earliest = firstByteAt.advanced(byNanoseconds: version.defaultTimeoutNanoseconds)
    }
    return earliest
  }

  private func checkPresence() throws(InferenceError) {
    if inputs.count == version.inputs.count { return }
    let given = inputs.map { version.inputs[$0.index].name }
    let missing = version.inputs.filter { !$0.isOptional && !given.contains($0.name) }
    if missing.isEmpty { return }
    let required = version.inputs.filter { !$0.isOptional }.count
    let bound =
      required == version.inputs.count
      ? "expected \(required) inputs"
      : "expected number of inputs between \(required) and \(version.inputs.count)"
    throw InferenceError(
      .invalidArgument,
      "\(bound) but got \(inputs.count) inputs for model '\(version.name)'. Got input(s) \(given), "
        + "but missing required input(s) \(missing.map(\.name)). Please provide all required "
        + "input(s).")
  }

  private func check(_ input: InputTensor) throws(InferenceError) {
    let spec = version.inputs[input.index]
    let tensor = input.tensor
    guard tensor.elementType == spec.elementType else {
      throw InferenceError(
        .invalidArgument,
        "inference input '\(spec.name)' data-type is '\(tensor.elementType.wireName)', but model "
          + "'\(version.name)' expects '\(spec.elementType.wireName)'")
    }
    guard spec.accepts(tensor.shape) else { throw shapeError(spec, tensor.shape) }
    do throws(TensorError) {
      try tensor.validate()
    } catch {
      throw InferenceError(tensor: error, input: spec.name, model: version.name)
    }
  }

  private func shapeError(_ spec: TensorSpec, _ shape: TensorShape) -> InferenceError {
    let expected = "[" + spec.dimensions.map(String.init).joined(separator: ",") + "]"
    let hint =
      version.maxBatchSize > 0
      ? " The first dimension is the batch (max_batch_size is \(version.maxBatchSize))." : ""
    return InferenceError(
      .invalidArgument,
      "unexpected shape for input '\(spec.name)' for model '\(version.name)'. Expected "
        + "\(expected), got \(shape).\(hint)")
  }
}

extension InferenceError {
  /// The caller's error for an input whose bytes are not its shape.
  init(tensor error: TensorError, input: String, model: String) {
    switch error {
    case .shapeTooLarge(let shape):
      self.init(
        .invalidArgument,
        "shape \(shape) of input '\(input)' for model '\(model)' has more elements than memory")
    case .byteCount(let found, let expected):
      self.init(
        .invalidArgument,
        "input byte size mismatch for input '\(input)' for model '\(model)'. Expected \(expected), "
          + "got \(found)")
    case .elementTruncated(let index, let length, let available):
      self.init(
        .invalidArgument,
        "incomplete string data for inference input '\(input)' for model '\(model)': element "
          + "\(index) says \(length) bytes, \(available) are left")
    case .elementCount(let found, let expected):
      self.init(
        .invalidArgument,
        "expected \(expected) string elements for inference input '\(input)' for model '\(model)', "
          + "got \(found)")
    }
  }
}
