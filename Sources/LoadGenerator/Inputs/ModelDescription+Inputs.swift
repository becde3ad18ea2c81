internal import NIOCore
internal import Tensors

/// Why inputs do not fit their model, without the place where they stand.
struct InputMismatch: Error, Equatable {
  var text: String

  init(_ text: String) { self.text = text }
}

extension ModelDescription {
  /// Checks one request's inputs against the model.
  ///
  /// - Parameter boundsRows: whether the rows must be a batch that the model takes.
  func check(_ inputs: NamedTensors, boundsRows: Bool = true) throws(InputMismatch) {
    var rows: Int?
    for (index, input) in inputs.enumerated() {
      let spec = try spec(of: input.name)
      if inputs[..<index].contains(where: { $0.name == input.name }) {
        throw InputMismatch("input '\(input.name)' is there twice")
      }
      try check(input.tensor, spec)
      guard countsRows else { continue }
      let count = input.tensor.shape[0]
      if let rows, rows != count {
        throw InputMismatch(
          "input '\(input.name)' has \(count) rows, the others have \(rows)")
      }
      rows = count
    }
    for spec in self.inputs where !spec.isOptional {
      guard inputs.contains(where: { $0.name == spec.name }) else {
        throw InputMismatch("input '\(spec.name)' is missing; inputs: \(inputList)")
      }
    }
    if boundsRows { try checkRows(rows ?? 1) }
  }

  private func check(_ tensor: Tensor, _ spec: TensorSpec) throws(InputMismatch) {
    guard tensor.elementType == spec.elementType else {
      throw InputMismatch(
        "input '\(spec.name)' is \(tensor.elementType.wireName), model '\(name)' expects "
          + "\(spec.elementType.wireName)")
    }
    guard spec.accepts(tensor.shape) else {
      throw InputMismatch(
        "input '\(spec.name)' has shape \(tensor.shape), model '\(name)' expects "
          + Self.text(spec.dimensions))
    }
    if (try? tensor.validate()) == nil {
      throw InputMismatch(
        "input '\(spec.name)' has \(tensor.bytes.readableBytes) bytes, which are not "
          + "\(spec.elementType.wireName) of shape \(tensor.shape)")
    }
  }

  /// Checks the rows of one request.
  func checkRows(_ rows: Int) throws(InputMismatch) {
    guard rows >= 1 else { throw InputMismatch("a request needs at least 1 row") }
    if maxBatchSize > 0, rows > maxBatchSize {
      throw InputMismatch(
        "a request of \(rows) rows: model '\(name)' takes at most \(maxBatchSize)")
    }
    if !countsRows, rows > 1 {
      throw InputMismatch(
        "model '\(name)' has no batch dimension (\(inputList)): a request has 1 row")
    }
  }

  /// Checks a batch size that the operator chose.
  func checkBatch(_ rows: Int) throws(BenchInputError) {
    do throws(InputMismatch) {
      try checkRows(rows)
    } catch {
      throw BenchInputError("batch size \(rows): \(error.text)")
    }
  }

  /// The input of this name.
  func spec(of input: String) throws(InputMismatch) -> TensorSpec {
    guard let spec = self.input(input) else {
      throw InputMismatch(
        "'\(ServerText.clip(input))' is no input of model '\(name)'; inputs: \(inputList)")
    }
    return spec
  }

  /// Dimensions of one row: without the batch dimension, if there is one.
  func rowDimensions(of spec: TensorSpec) -> [Int] {
    countsRows ? Array(spec.dimensions.dropFirst()) : spec.dimensions
  }

  /// The shape of `count` elements of an input where nothing else says it, with its batch
  /// dimension. One open dimension besides the batch follows from the count; without one, the
  /// count may be that of several rows.
  func shape(ofElements count: Int, in spec: TensorSpec) throws(InputMismatch) -> TensorShape {
    let row = rowDimensions(of: spec)
    let open = row.count { $0 < 0 }
    guard open <= 1 else {
      throw InputMismatch(
        "input '\(spec.name)' \(Self.text(spec.dimensions)) has \(open) open dimensions; give its "
          + "'shape' with the values")
    }
    guard let fixed = TensorShape(row.filter { $0 >= 0 })?.elementCount else {
      throw InputMismatch("a row \(Self.text(row)) of input '\(spec.name)' is too large")
    }
    guard fixed > 0 ? count > 0 && count.isMultiple(of: fixed) : count == 0 else {
      throw wrongCount(count, spec)
    }
    let factor = fixed > 0 ? count / fixed : 1
    if open == 0, factor > 1, !countsRows { throw wrongCount(count, spec) }
    var values = row.map { $0 < 0 ? factor : $0 }
    if countsRows { values.insert(open == 0 ? factor : 1, at: 0) }
    guard let shape = TensorShape(values) else {
      throw InputMismatch(
        "input '\(spec.name)' has more than \(TensorShape.rankMax) dimensions")
    }
    return shape
  }

  /// The shape of `count` elements of an input that says `given`, with or without the batch
  /// dimension.
  func shape(
    ofElements count: Int, in spec: TensorSpec, given: TensorShape
  ) throws(InputMismatch) -> TensorShape {
    guard let elements = given.elementCount else {
      throw InputMismatch("shape \(given) of input '\(spec.name)' is too large")
    }
    var shape = given
    if countsRows, given.rank == spec.dimensions.count - 1 {
      let rows = elements > 0 && count.isMultiple(of: elements) ? count / elements : 1
      shape = given.prepending(rows) ?? given
    }
    guard shape.elementCount == count else {
      throw InputMismatch(
        "input '\(spec.name)' has \(count) values and says the shape \(given)")
    }
    return shape
  }

  private func wrongCount(_ count: Int, _ spec: TensorSpec) -> InputMismatch {
    InputMismatch(
      "input '\(spec.name)' has \(count) values, a row of model '\(name)' has shape "
        + Self.text(rowDimensions(of: spec)))
  }
}
