internal import COnnxRuntime
internal import Tensors

/// Everything one run needs for inputs of certain shapes, made once and used again.
///
/// It points into its instance's memory: the instance drops its plans before that memory moves.
@safe
final class OnnxPlan {
  /// Where an output's bytes go.
  enum Place: Equatable {
    /// Into the instance's memory, at this offset; copied out after the run. For small outputs.
    case shared(offset: Int)
    /// Straight into the answer's own buffer, made for each run. For large outputs.
    case direct
    /// Wherever the runtime puts them, because the shape is not known before.
    case unknown
  }

  struct Input {
    /// Index into the signature.
    var index: Int
    var elementType: ElementType
    /// The whole batch's.
    var shape: TensorShape
    /// Bytes of one row; of the whole tensor if it is a scalar; 0 for strings.
    var rowByteCount: Int
    var byteCount: Int
  }

  struct Output {
    var elementType: ElementType
    var shape: TensorShape
    var byteCount: Int
    var place: Place
  }

  let library: OnnxLibrary
  let inputs: [Input]
  let outputs: [Output]
  /// Bytes of the instance's output memory that the outputs in it take.
  let sharedByteCount: Int
  /// Whether an output's shape was guessed.
  let hasGuesses: Bool

  /// For `run`: names of the inputs given.
  let inputNames: UnsafeMutablePointer<UnsafePointer<CChar>?>
  /// For `run`: the inputs. What is not in `gathered` is on loan for this run.
  let inputValues: UnsafeMutablePointer<OpaquePointer?>
  /// For `run`: the outputs. What is not in `prepared` is released after the run.
  let outputValues: UnsafeMutablePointer<OpaquePointer?>
  /// Tensors over the instance's input memory, made at first use.
  let gathered: UnsafeMutablePointer<OpaquePointer?>
  /// Tensors over the instance's output memory.
  let prepared: UnsafeMutablePointer<OpaquePointer?>

  init(
    library: OnnxLibrary, inputs: [Input], outputs: [Output], sharedByteCount: Int,
    names: OnnxTexts
  ) {
    self.library = library
    self.inputs = inputs
    self.outputs = outputs
    self.sharedByteCount = sharedByteCount
    hasGuesses = outputs.contains { $0.place != .unknown }
    unsafe inputNames = .allocate(capacity: max(1, inputs.count))
    unsafe inputNames.initialize(repeating: nil, count: inputs.count)
    for (position, input) in inputs.enumerated() {
      unsafe inputNames[position] = unsafe names.pointers[input.index]
    }
    unsafe inputValues = unsafe Self.empty(inputs.count)
    unsafe gathered = unsafe Self.empty(inputs.count)
    unsafe outputValues = unsafe Self.empty(outputs.count)
    unsafe prepared = unsafe Self.empty(outputs.count)
  }

  private static func empty(_ count: Int) -> UnsafeMutablePointer<OpaquePointer?> {
    let values = UnsafeMutablePointer<OpaquePointer?>.allocate(capacity: max(1, count))
    unsafe values.initialize(repeating: nil, count: max(1, count))
    return unsafe values
  }

  deinit {
    returnLoans()
    for position in inputs.indices { unsafe release(unsafe gathered[position]) }
    for position in outputs.indices { unsafe release(unsafe prepared[position]) }
    unsafe inputNames.deallocate()
    unsafe inputValues.deallocate()
    unsafe outputValues.deallocate()
    unsafe gathered.deallocate()
    unsafe prepared.deallocate()
  }

  private func release(_ value: OpaquePointer?) {
    if let value = unsafe value { unsafe library.api.pointee.release_value(value) }
  }

  /// Releases what was made for one run only, and puts back what is kept.
  func returnLoans() {
    for position in inputs.indices where unsafe inputValues[position] != gathered[position] {
      unsafe release(unsafe inputValues[position])
      unsafe inputValues[position] = unsafe gathered[position]
    }
    returnOutputs()
  }

  /// The same, for the outputs alone.
  func returnOutputs() {
    for position in outputs.indices where unsafe outputValues[position] != prepared[position] {
      if let value = unsafe outputValues[position] { unsafe release(unsafe value) }
      unsafe outputValues[position] = unsafe prepared[position]
    }
  }

  /// Leaves every output to the runtime, for one run.
  func forgetOutputs() {
    returnOutputs()
    for position in outputs.indices { unsafe outputValues[position] = nil }
  }

  /// A tensor over memory that must outlive it.
  func makeTensor(
    over bytes: UnsafeMutableRawPointer, _ byteCount: Int, _ type: ElementType,
    _ shape: TensorShape
  ) throws(OnnxError) -> OpaquePointer? {
    var dimensions = shape.onnxDimensions
    var value: OpaquePointer?
    try unsafe library.check(
      library.api.pointee.create_tensor_over(
        library.cpuMemory, bytes, byteCount, &dimensions, shape.rank, type.onnxNumber, &value))
    return unsafe value
  }
}

extension TensorShape {
  /// The dimensions as ONNX Runtime takes them.
  var onnxDimensions: [Int64] { (0..<rank).map { Int64(self[$0]) } }
}
