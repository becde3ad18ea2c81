internal import NIOCore
internal import Tensors

/// Reads inputs from comma-separated values: a header, then a row on each line.
///
/// A column is named after an input of one value, or after one element of an input's row:
/// `x[3]` or `x.3`, counted from 0 in row-major order.
struct CSVInputs {
  private let file: InputFile
  private let model: ModelDescription
  private let limits: InputLimits

  init(file: InputFile, model: ModelDescription, limits: InputLimits) {
    self.file = file
    self.model = model
    self.limits = limits
  }

  /// One input: where its elements stand in a record, in their order, and what has been read.
  private struct Column {
    var spec: TensorSpec
    var places: [Int]
    /// Dimensions of one row.
    var row: [Int] = []
    var bytes = ByteBuffer()
  }

  /// Reads the file and groups its rows.
  ///
  /// - Throws: ``BenchInputError`` with file, line and column.
  func read(batchSize: Int) throws(BenchInputError) -> InputSet {
    let table: RowTable
    do throws(CSVError) {
      table = try readTable(file.bytes.span)
    } catch {
      throw BenchInputError("\(file.place(error.offset)): \(error.reason)")
    }
    return InputSet(
      sets: table.sets(batchSize: batchSize, countsRows: model.countsRows), origin: file.path)
  }

  private func readTable(_ bytes: Span<UInt8>) throws(CSVError) -> RowTable {
    var cursor = CSVCursor(bytes)
    var fields: [CSVField] = []
    guard try cursor.next(bytes, into: &fields) else {
      throw CSVError(reason: "the file is empty; the first line names the columns", offset: 0)
    }
    let width = fields.count
    var columns = try header(fields, bytes)
    var rows = 0
    var byteCount = 0
    var start = cursor.position
    while try cursor.next(bytes, into: &fields) {
      let first = fields.first.map { $0.range.lowerBound - ($0.isQuoted ? 1 : 0) } ?? start
      guard fields.count == width else {
        throw CSVError(
          reason: "the row has \(fields.count) fields, the header has \(width)", offset: first)
      }
      guard rows < limits.rowsMax else {
        throw CSVError(reason: "more than \(limits.rowsMax) rows; use fewer", offset: first)
      }
      rows += 1
      for index in columns.indices {
        let before = columns[index].bytes.writerIndex
        for place in columns[index].places {
          try append(fields[place], bytes, columns[index].spec, to: &columns[index].bytes)
        }
        byteCount += columns[index].bytes.writerIndex - before
      }
      guard byteCount <= limits.bytesMax else {
        throw CSVError(
          reason: "the tensors have more than \(limits.bytesMax) bytes; use fewer rows",
          offset: first)
      }
      start = cursor.position
    }
    guard rows > 0 else {
      throw CSVError(reason: "there is a header and no row", offset: start)
    }
    return RowTable(
      columns: columns.map { column in
        let shape = TensorShape([rows] + column.row) ?? TensorShape()
        return (
          column.spec.name,
          Tensor(elementType: column.spec.elementType, shape: shape, bytes: column.bytes)
        )
      }, rows: rows)
  }

  private func header(_ fields: [CSVField], _ bytes: Span<UInt8>) throws(CSVError) -> [Column] {
    var elements: [String: [Int: Int]] = [:]
    for (place, field) in fields.enumerated() {
      let text = String(decoding: field.content(in: bytes), as: UTF8.self)
        .trimmingSpaces()
      guard let (spec, element) = resolve(text) else {
        throw CSVError(
          reason: "column '\(ServerText.clip(text))' is no input of model '\(model.name)' "
            + "(\(model.inputList)); name it INPUT or INPUT[0], or leave it out",
          offset: field.range.lowerBound)
      }
      guard elements[spec.name, default: [:]].updateValue(place, forKey: element) == nil else {
        throw CSVError(
          reason: "column '\(text)' is there twice", offset: field.range.lowerBound)
      }
    }
    var columns: [Column] = []
    for spec in model.inputs {
      guard let known = elements[spec.name] else {
        if spec.isOptional { continue }
        throw CSVError(
          reason: "no column for input '\(spec.name)'; inputs: \(model.inputList)", offset: 0)
      }
      var column = Column(spec: spec, places: [])
      for element in 0..<known.count {
        guard let place = known[element] else {
          throw CSVError(
            reason: "column '\(spec.name)[\(element)]' is missing: there are \(known.count) "
              + "columns of input '\(spec.name)'", offset: 0)
        }
        column.places.append(place)
      }
      column.row = try row(of: spec, columns: known.count)
      columns.append(column)
    }
    return columns
  }

  private func row(of spec: TensorSpec, columns: Int) throws(CSVError) -> [Int] {
    do throws(InputMismatch) {
      let shape = try model.shape(ofElements: columns, in: spec)
      guard model.countsRows else { return shape.values }
      guard shape[0] == 1 else {
        throw InputMismatch(
          "input '\(spec.name)' has \(columns) columns, a row of model '\(model.name)' has shape "
            + ModelDescription.text(model.rowDimensions(of: spec)))
      }
      return Array(shape.values.dropFirst())
    } catch {
      throw CSVError(reason: error.text, offset: 0)
    }
  }

  /// The input and the element that a column's name means; an input's own name comes first.
  private func resolve(_ text: String) -> (TensorSpec, Int)? {
    if let spec = model.input(text) { return (spec, 0) }
    let name: Substring
    let number: Substring
    if text.hasSuffix("]"), let open = text.lastIndex(of: "[") {
      name = text[..<open]
      number = text[text.index(after: open)...].dropLast()
    } else if let dot = text.lastIndex(of: ".") {
      name = text[..<dot]
      number = text[text.index(after: dot)...]
    } else {
      return nil
    }
    guard let spec = model.input(String(name)), number.utf8.allSatisfy({ $0 &- 0x30 < 10 }),
      let element = Int(number), element < CSVCursor.fieldsMax
    else { return nil }
    return (spec, element)
  }

  private func append(
    _ field: CSVField, _ bytes: Span<UInt8>, _ spec: TensorSpec, to buffer: inout ByteBuffer
  ) throws(CSVError) {
    if spec.elementType == .bytes {
      BytesElements.append(field.content(in: bytes), to: &buffer)
      return
    }
    guard CSVNumber.append(field.range, of: bytes, as: spec.elementType, to: &buffer) else {
      let text = String(decoding: field.content(in: bytes).prefix(40), as: UTF8.self)
      throw CSVError(
        reason: "'\(ServerText.clip(text))' is no \(spec.elementType.wireName) value for input "
          + "'\(spec.name)'", offset: field.range.lowerBound)
    }
  }
}

extension String {
  /// Without spaces at its ends.
  fileprivate func trimmingSpaces() -> String {
    var text = self[...]
    while text.first == " " { text.removeFirst() }
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}
