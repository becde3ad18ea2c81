/// What a model says of one of its inputs or outputs.
package struct TensorSpec: Sendable, Hashable {
  package var name: String
  package var elementType: ElementType
  /// Dimensions as the model file states them, the batch dimension included; -1 is variable.
  package var dimensions: [Int]
  /// Whether a request may leave this input out.
  package var isOptional: Bool

  package init(
    name: String, elementType: ElementType, dimensions: [Int], isOptional: Bool = false
  ) {
    self.name = name
    self.elementType = elementType
    self.dimensions = dimensions
    self.isOptional = isOptional
  }

  /// Whether `shape` has this rank and agrees with each dimension that is not variable.
  package func accepts(_ shape: TensorShape) -> Bool {
    guard shape.rank == dimensions.count else { return false }
    for axis in 0..<shape.rank where dimensions[axis] >= 0 && dimensions[axis] != shape[axis] {
      return false
    }
    return true
  }
}
