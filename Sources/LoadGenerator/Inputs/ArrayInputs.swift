internal import NIOCore
internal import Tensors

/// Reads inputs from NumPy array files, one for each input; the first axis counts rows.
package enum ArrayInputs {
  static func archiveHint(_ path: String) -> String {
    "'\(path)' is an archive of arrays (.npz); save each array with numpy.save and give "
      + "NAME=FILE.npy for each input"
  }

  /// Groups the rows of the arrays.
  ///
  /// - Throws: ``BenchInputError`` with the file and what the model expects.
  package static func read(
    _ arrays: [(input: String, file: InputFile)], for model: ModelDescription, batchSize: Int = 1,
    limits: InputLimits = InputLimits()
  ) throws(BenchInputError) -> InputSet {
    try model.checkBatch(batchSize)
    var columns: NamedTensors = []
    var rows: Int?
    for array in arrays {
      guard let spec = model.input(array.input) else {
        throw BenchInputError(
          "\(array.file.path): '\(array.input)' is no input of model '\(model.name)'; inputs: "
            + model.inputList)
      }
      guard !columns.contains(where: { $0.name == spec.name }) else {
        throw BenchInputError("\(array.file.path): input '\(spec.name)' has a file already")
      }
      let tensor = try tensor(array.file, spec, model)
      let count = tensor.shape[0]
      guard count >= 1, count <= limits.rowsMax else {
        throw BenchInputError(
          "\(array.file.path): the array has \(count) rows; use 1 to \(limits.rowsMax)")
      }
      if let rows, rows != count {
        throw BenchInputError(
          "\(array.file.path): the array has \(count) rows, the others have \(rows)")
      }
      rows = count
      columns.append((spec.name, tensor))
    }
    for spec in model.inputs where !spec.isOptional {
      guard columns.contains(where: { $0.name == spec.name }) else {
        throw BenchInputError(
          "no file for input '\(spec.name)'; give \(spec.name)=FILE.npy (inputs: "
            + "\(model.inputList))")
      }
    }
    let table = RowTable(columns: columns, rows: rows ?? 0)
    return InputSet(
      sets: table.sets(batchSize: batchSize, countsRows: model.countsRows),
      origin: arrays.map(\.file.path).joined(separator: ", "))
  }

  /// The array as a tensor whose first dimension counts rows, also where the model has none.
  private static func tensor(
    _ file: InputFile, _ spec: TensorSpec, _ model: ModelDescription
  ) throws(BenchInputError) -> Tensor {
    if file.bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) {
      throw BenchInputError(archiveHint(file.path))
    }
    let array: NumPyArray
    do throws(NumPyError) {
      array = try NumPyArray(file.bytes.span)
    } catch {
      throw BenchInputError("\(file.path): byte \(error.offset): \(error.reason)")
    }
    guard array.elementType == spec.elementType else {
      throw BenchInputError(
        "\(file.path): the array's elements are '\(array.typeName)', input '\(spec.name)' of model "
          + "'\(model.name)' is \(spec.elementType.wireName); convert them with a.astype")
    }
    let shape = try shape(of: array, file, spec, model)
    let content = ByteBuffer(bytes: file.bytes[array.offset...])
    let tensor = Tensor(elementType: array.elementType, shape: shape, bytes: content)
    if (try? tensor.validate()) == nil {
      throw BenchInputError(
        "\(file.path): byte \(array.offset): \(content.readableBytes) bytes of elements follow the "
          + "header, which are not '\(array.typeName)' of shape \(shape)")
    }
    return tensor
  }

  private static func shape(
    of array: NumPyArray, _ file: InputFile, _ spec: TensorSpec, _ model: ModelDescription
  ) throws(BenchInputError) -> TensorShape {
    let expected = model.rowDimensions(of: spec)
    let stated = ModelDescription.text(array.shape)
    func wrong() -> BenchInputError {
      let row = (["rows"] + expected.map(String.init)).joined(separator: ",")
      return BenchInputError(
        "\(file.path): the array has shape \(stated), input '\(spec.name)' of model "
          + "'\(model.name)' needs [\(row)]")
    }
    guard let rows = array.shape.first else { throw wrong() }
    var row = Array(array.shape.dropFirst())
    // A column of scalars is often stored flat.
    if row.isEmpty, !expected.isEmpty, expected.allSatisfy({ $0 == 1 || $0 < 0 }) {
      row = expected.map { _ in 1 }
    }
    guard row.count == expected.count, zip(row, expected).allSatisfy({ $0 == $1 || $1 < 0 }),
      let shape = TensorShape([rows] + row)
    else { throw wrong() }
    return shape
  }
}
