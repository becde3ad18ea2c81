internal import NIOCore
internal import Tensors

/// Inputs drawn at random to fit a model's metadata; the same seed gives the same bytes.
package struct RandomInputs: Sendable {
  /// How floating-point numbers are spread.
  package enum Floats: Sendable, Equatable {
    /// Evenly in `0 ..< 1`.
    case uniform
    /// Around 0 with standard deviation 1.
    case normal
  }

  /// Sets drawn where nobody says how many.
  package static let countDefault = 64
  /// Bytes up to which that many are drawn; larger inputs get fewer sets.
  private static let bytesDefaultMax = 256 << 20

  package var seed: UInt64 = 1
  /// How many requests differ: a repeated row flatters tree models and caches. `nil` draws
  /// ``countDefault``, or fewer of large inputs.
  package var count: Int?
  /// Sizes of one row, by input, for inputs with more open dimensions than the batch.
  package var shapes: [String: [Int]] = [:]
  package var floats = Floats.uniform
  /// Bounds of whole numbers; must fit into each integer input's type.
  package var integers: ClosedRange<Int64> = 0...127
  /// Bytes of each element of a `BYTES` input; printable ASCII.
  package var textLength = 16

  package init() {}

  /// Draws the inputs.
  ///
  /// - Throws: ``BenchInputError`` that names the input whose shape is open or whose type does not
  ///   hold the range.
  package func make(
    for model: ModelDescription, batchSize: Int, limits: InputLimits
  ) throws(BenchInputError) -> InputSet {
    try model.checkBatch(batchSize)
    for name in shapes.keys.sorted() where model.input(name) == nil {
      throw BenchInputError(
        "a shape is given for '\(name)', which is no input of model '\(model.name)'; inputs: "
          + model.inputList)
    }
    let specs = model.inputs.filter { !$0.isOptional || shapes[$0.name] != nil }
    var plans: [(spec: TensorSpec, shape: TensorShape, elements: Int)] = []
    var setBytes = 0
    for spec in specs {
      let shape = try shape(of: spec, model, batchSize: batchSize)
      let width = spec.elementType.byteWidth ?? textLength + 4
      let elements = shape.elementCount ?? Int.max
      let (bytes, overflow) = elements.multipliedReportingOverflow(by: width)
      let (sum, carry) = setBytes.addingReportingOverflow(bytes)
      guard !overflow, !carry, sum <= limits.bytesMax else {
        throw BenchInputError(
          "input '\(spec.name)' of shape \(shape) is larger than \(limits.bytesMax) bytes; choose "
            + "a smaller shape or batch")
      }
      setBytes = sum
      try checkRange(of: spec)
      plans.append((spec, shape, elements))
    }
    let count = try settledCount(setBytes: setBytes, batchSize: batchSize, limits: limits)
    var random = RandomSource(seed: seed)
    var sets: [NamedTensors] = []
    for _ in 0..<count {
      sets.append(
        plans.map { plan in
          let bytes = draw(plan.elements, of: plan.spec.elementType, &random)
          return (
            plan.spec.name,
            Tensor(elementType: plan.spec.elementType, shape: plan.shape, bytes: bytes)
          )
        })
    }
    return InputSet(sets: sets, origin: "\(count) random set\(count == 1 ? "" : "s"), seed \(seed)")
  }

  private func settledCount(
    setBytes: Int, batchSize: Int, limits: InputLimits
  ) throws(BenchInputError) -> Int {
    guard let count else {
      let byBytes = setBytes > 0 ? min(Self.bytesDefaultMax, limits.bytesMax) / setBytes : .max
      return max(1, min(Self.countDefault, byBytes, limits.rowsMax / batchSize))
    }
    guard count >= 1 else {
      throw BenchInputError("\(count) random sets: at least 1 is needed")
    }
    guard count <= limits.rowsMax / batchSize else {
      throw BenchInputError(
        "\(count) random sets of \(batchSize) rows are more than \(limits.rowsMax) rows; draw fewer"
      )
    }
    guard setBytes == 0 || count <= limits.bytesMax / setBytes else {
      throw BenchInputError(
        "\(count) random sets of \(setBytes) bytes are more than \(limits.bytesMax) bytes; draw "
          + "fewer")
    }
    return count
  }

  private func shape(
    of spec: TensorSpec, _ model: ModelDescription, batchSize: Int
  ) throws(BenchInputError) -> TensorShape {
    var row = model.rowDimensions(of: spec)
    let stated = ModelDescription.text(spec.dimensions)
    if let given = shapes[spec.name] {
      guard given.count == row.count else {
        let hint = model.countsRows ? "; leave the batch dimension out" : ""
        throw BenchInputError(
          "shape \(ModelDescription.text(given)) of input '\(spec.name)' has \(given.count) "
            + "dimensions, model '\(model.name)' has \(row.count) in \(stated)\(hint)")
      }
      for (axis, size) in given.enumerated() where size < 0 || row[axis] >= 0 && row[axis] != size {
        throw BenchInputError(
          "shape \(ModelDescription.text(given)) of input '\(spec.name)' does not fit \(stated) of "
            + "model '\(model.name)'")
      }
      row = given
    }
    if row.contains(where: { $0 < 0 }) {
      throw BenchInputError(
        "input '\(spec.name)' \(stated) of model '\(model.name)' has an open dimension; say its "
          + "size: \(spec.name):\(row.map { $0 < 0 ? "N" : String($0) }.joined(separator: ","))")
    }
    if model.countsRows { row.insert(batchSize, at: 0) }
    guard let shape = TensorShape(row) else {
      throw BenchInputError(
        "input '\(spec.name)' has more than \(TensorShape.rankMax) dimensions")
    }
    return shape
  }

  private func checkRange(of spec: TensorSpec) throws(BenchInputError) {
    let bounds: (Int64, Int64)
    switch spec.elementType {
    case .int8: bounds = (Int64(Int8.min), Int64(Int8.max))
    case .int16: bounds = (Int64(Int16.min), Int64(Int16.max))
    case .int32: bounds = (Int64(Int32.min), Int64(Int32.max))
    case .int64: bounds = (.min, .max)
    case .uint8: bounds = (0, Int64(UInt8.max))
    case .uint16: bounds = (0, Int64(UInt16.max))
    case .uint32: bounds = (0, Int64(UInt32.max))
    case .uint64: bounds = (0, .max)
    case .bytes:
      guard (0...(1 << 24)).contains(textLength) else {
        throw BenchInputError(
          "texts of \(textLength) bytes for input '\(spec.name)': use 0 to \(1 << 24)")
      }
      return
    case .bool, .fp16, .fp32, .fp64, .bf16: return
    }
    guard integers.lowerBound >= bounds.0, integers.upperBound <= bounds.1 else {
      throw BenchInputError(
        "whole numbers from \(integers.lowerBound) to \(integers.upperBound) do not fit input "
          + "'\(spec.name)' of type \(spec.elementType.wireName); use a range within "
          + "\(bounds.0) to \(bounds.1)")
    }
  }
}

extension RandomInputs {
  /// Reads `NAME:SIZE,SIZE…`; a name may hold colons. No size is a scalar.
  ///
  /// - Throws: ``BenchInputError``.
  package static func parseShape(
    _ text: String
  ) throws(BenchInputError) -> (input: String, sizes: [Int]) {
    guard let colon = text.lastIndex(of: ":"), colon != text.startIndex else {
      throw BenchInputError("shape '\(ServerText.clip(text))': write NAME:SIZE,SIZE")
    }
    var sizes: [Int] = []
    let list = text[text.index(after: colon)...]
    for part in list.split(separator: ",", omittingEmptySubsequences: false) where !list.isEmpty {
      guard let size = Int(part), size >= 0, sizes.count < TensorShape.rankMax else {
        throw BenchInputError(
          "shape '\(ServerText.clip(text))': sizes are whole numbers, at most "
            + "\(TensorShape.rankMax) of them")
      }
      sizes.append(size)
    }
    return (String(text[..<colon]), sizes)
  }
}
