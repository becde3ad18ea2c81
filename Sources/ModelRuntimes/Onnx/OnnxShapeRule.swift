internal import Tensors

/// How an output's shape follows from the inputs' shapes, so that its memory can be ready before
/// the run.
///
/// A rule is a guess: a model file may name its dimensions wrongly. ONNX Runtime refuses to run
/// into memory of another shape, and the instance then runs again without the guess.
struct OnnxShapeRule: Equatable {
  enum Dimension: Equatable {
    case fixed(Int)
    /// As long as this axis of this input (an index into the signature).
    case sameAs(input: Int, axis: Int)
  }

  private(set) var dimensions: [Dimension]

  /// The rule for an output; `nil` if some dimension follows from nothing.
  init?(output: OnnxTensorFacts, inputs: [OnnxTensorFacts]) {
    // A string tensor's memory is the runtime's own, and a model that states no shape at all
    // looks like one that gives a scalar.
    guard output.spec.elementType != .bytes, !output.spec.dimensions.isEmpty else { return nil }
    dimensions = []
    for (axis, dimension) in output.spec.dimensions.enumerated() {
      if dimension >= 0 {
        dimensions.append(.fixed(dimension))
      } else if let found = Self.origin(output.dimensionNames[axis], axis, inputs) {
        dimensions.append(found)
      } else {
        return nil
      }
    }
  }

  private static func origin(
    _ name: String, _ axis: Int, _ inputs: [OnnxTensorFacts]
  ) -> Dimension? {
    if !name.isEmpty {
      for (index, input) in inputs.enumerated() {
        if let axis = input.dimensionNames.firstIndex(of: name) {
          return .sameAs(input: index, axis: axis)
        }
      }
    }
    // A first dimension that varies is taken for the batch, as in files that name none.
    guard axis == 0, inputs.first?.spec.dimensions.first == -1 else { return nil }
    return .sameAs(input: 0, axis: 0)
  }

  /// The output's shape; `nil` if an input it follows from is not given.
  func shape(_ inputShape: (Int) -> TensorShape?) -> TensorShape? {
    var shape = TensorShape()
    for dimension in dimensions {
      switch dimension {
      case .fixed(let size):
        guard shape.append(size) else { return nil }
      case .sameAs(let input, let axis):
        guard let source = inputShape(input), axis < source.rank, shape.append(source[axis])
        else { return nil }
      }
    }
    return shape
  }
}
