/// The dimensions of a tensor, stored in place so that a request's shapes cost no allocation.
///
/// At most ``rankMax`` dimensions; each is at least 0. A rank of 0 is a scalar.
package struct TensorShape: Sendable, Hashable {
  /// The largest rank a tensor may have. ONNX models in the field use 5 at most.
  package static let rankMax = 8

  private var dimensions: InlineArray<8, Int>
  /// The number of dimensions.
  package private(set) var rank: Int

  /// A scalar: no dimensions, one element.
  package init() {
    dimensions = InlineArray(repeating: 0)
    rank = 0
  }

  /// A shape with the given dimensions; `nil` if they are more than ``rankMax`` or one is
  /// negative.
  package init?(_ values: some Sequence<Int>) {
    self.init()
    for value in values {
      guard append(value) else { return nil }
    }
  }

  /// Adds a last dimension; `false`, and no change, if the rank is full or `dimension` negative.
  package mutating func append(_ dimension: Int) -> Bool {
    guard rank < Self.rankMax, dimension >= 0 else { return false }
    dimensions[rank] = dimension
    rank += 1
    return true
  }

  /// The dimension at `axis`, `0 ..< rank`.
  package subscript(axis: Int) -> Int {
    get {
      precondition(axis < rank, "axis \(axis) of a shape of rank \(rank)")
      return dimensions[axis]
    }
    set {
      precondition(axis < rank && newValue >= 0, "axis \(axis), rank \(rank), size \(newValue)")
      dimensions[axis] = newValue
    }
  }

  /// The number of elements: the product of the dimensions; `nil` if it overflows an `Int`.
  package var elementCount: Int? {
    var count = 1
    for axis in 0..<rank {
      let (product, overflow) = count.multipliedReportingOverflow(by: dimensions[axis])
      if overflow { return nil }
      count = product
    }
    return count
  }

  /// This shape with its first dimension replaced; the rank must be at least 1.
  package func withFirst(_ dimension: Int) -> TensorShape {
    var copy = self
    copy[0] = dimension
    return copy
  }

  /// This shape with a new first dimension before the others; `nil` if the rank is full.
  package func prepending(_ dimension: Int) -> TensorShape? {
    guard rank < Self.rankMax else { return nil }
    var result = TensorShape()
    _ = result.append(dimension)
    for axis in 0..<rank { _ = result.append(dimensions[axis]) }
    return result
  }

  /// Whether the dimensions after the first are equal, that is, whether rows can share a batch.
  package func hasSameRow(as other: TensorShape) -> Bool {
    guard rank == other.rank else { return false }
    var axis = 1
    while axis < rank {
      if dimensions[axis] != other.dimensions[axis] { return false }
      axis += 1
    }
    return true
  }

  /// The dimensions as an array.
  package var values: [Int] { (0..<rank).map { dimensions[$0] } }

  package static func == (a: TensorShape, b: TensorShape) -> Bool {
    guard a.rank == b.rank else { return false }
    for axis in 0..<a.rank where a.dimensions[axis] != b.dimensions[axis] { return false }
    return true
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(rank)
    for axis in 0..<rank { hasher.combine(dimensions[axis]) }
  }
}

extension TensorShape: CustomStringConvertible {
  /// `[1,30]`: the form in which the field's error messages print shapes.
  package var description: String {
    "[" + values.map(String.init).joined(separator: ",") + "]"
  }
}

extension TensorShape: ExpressibleByArrayLiteral {
  package init(arrayLiteral elements: Int...) {
    guard let shape = TensorShape(elements) else {
      preconditionFailure("a shape literal holds at most 8 dimensions of at least 0: \(elements)")
    }
    self = shape
  }
}
