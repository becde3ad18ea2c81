package import Tensors

extension JSONCursor {
  /// Reads the `shape` of a tensor: an array of whole numbers of at least 0, one a dimension.
  package mutating func shape(_ bytes: Span<UInt8>) throws(JSONError) -> TensorShape {
    var shape = TensorShape()
    var isFirst = true
    while try nextElement(bytes, &isFirst) {
      let number = try number(bytes)
      guard let dimension = number.integer(as: Int.self), dimension >= 0 else {
        throw JSONError(
          "a dimension of 'shape' must be a whole number of at least 0",
          at: number.range.lowerBound)
      }
      guard shape.append(dimension) else {
        throw JSONError(
          "'shape' has more than \(TensorShape.rankMax) dimensions", at: number.range.lowerBound)
      }
    }
    return shape
  }
}
