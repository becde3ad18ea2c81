internal import Gateway
internal import NIOCore
internal import Tensors

/// Reads inputs from JSON: one document or several after one another, or one on each line.
///
/// A document is one of
/// - `{"data": [{"INPUT": VALUES, …}, …]}`, each element a row, as perf_analyzer reads them;
/// - `{"inputs": [{"name": …, "shape": …, "datatype": …, "data": …}]}`, a whole request;
/// - `{"INPUT": VALUES, …}`, a row.
///
/// `VALUES` is a number, a text, an array, flat or nested, `{"content": […], "shape": […]}` or
/// `{"b64": "…", "shape": […]}`, whose bytes are little-endian; shapes leave the batch dimension
/// out or name it.
struct JSONInputs {
  /// Members of a request that say nothing about its inputs.
  private static let ignored: Set<String> = [
    "id", "parameters", "outputs", "validation_data", "model_name", "model_version",
  ]
  private static let depthMax = 64

  let model: ModelDescription
  let limits: InputLimits
  /// Rows, in the order of the file; those of one element stay one tensor.
  private(set) var rows: [NamedTensors] = []
  /// Whole requests, and where each stands.
  private(set) var requests: [(inputs: NamedTensors, offset: Int)] = []
  private var rowCount = 0
  private var byteCount = 0

  init(model: ModelDescription, limits: InputLimits) {
    self.model = model
    self.limits = limits
  }

  /// Reads a file; endings `ndjson` and `jsonl` mean a document on each line.
  ///
  /// - Throws: ``BenchInputError`` with file, line and column.
  static func read(
    _ file: InputFile, for model: ModelDescription, batchSize: Int, limits: InputLimits
  ) throws(BenchInputError) -> InputSet {
    var reading = JSONInputs(model: model, limits: limits)
    do throws(JSONError) {
      let isLines = file.ending == "ndjson" || file.ending == "jsonl"
      try reading.read(file.bytes.span, isLines: isLines)
    } catch {
      throw BenchInputError("\(file.place(error.offset)): \(error.reason)")
    }
    return try reading.finish(file, batchSize: batchSize)
  }

  /// Reads all documents of `bytes`.
  mutating func read(_ bytes: Span<UInt8>, isLines: Bool) throws(JSONError) {
    var start = 0
    if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { start = 3 }
    while start < bytes.count {
      var end = bytes.count
      if isLines {
        end = start
        while end < bytes.count, bytes[end] != 0x0A { end += 1 }
      }
      var cursor = JSONCursor(start..<end)
      while cursor.peek(bytes) != 0 || cursor.position < cursor.end {
        try readDocument(&cursor, bytes)
      }
      start = end + 1
    }
  }

  private func finish(_ file: InputFile, batchSize: Int) throws(BenchInputError) -> InputSet {
    var sets: [NamedTensors] = []
    for request in requests {
      let rows = request.inputs.first?.tensor.shape.values.first ?? 1
      if batchSize > 1, model.countsRows, rows != batchSize {
        throw BenchInputError(
          "\(file.place(request.offset)): the request has \(rows) rows, the batch size is "
            + "\(batchSize); leave the batch size out, the file holds whole requests")
      }
      sets.append(request.inputs)
    }
    if !model.countsRows {
      sets += rows
    } else if let table = RowTable(joining: rows) {
      sets += table.sets(batchSize: batchSize, countsRows: true)
    } else if !rows.isEmpty {
      guard batchSize == 1, rows.allSatisfy({ $0.first?.tensor.shape[0] ?? 1 == 1 }) else {
        throw BenchInputError(
          "\(file.path): its rows have different inputs or shapes and cannot share a batch; use "
            + "batch size 1 and one row in each element")
      }
      sets += rows
    }
    guard !sets.isEmpty else {
      throw BenchInputError(
        "\(file.path): it holds no inputs; write one object a row, for example "
          + "{\"\(model.inputs.first?.name ?? "x")\": [1, 2, 3]}")
    }
    return InputSet(sets: sets, origin: file.path)
  }

  private mutating func readDocument(_ cursor: inout JSONCursor, _ bytes: Span<UInt8>)
    throws(JSONError)
  {
    _ = cursor.peek(bytes)
    let start = cursor.position
    var row: NamedTensors = []
    var isOther = false
    var deferred: [(spec: TensorSpec, position: Int)] = []
    var isFirst = true
    while let key = try cursor.nextKey(bytes, &isFirst) {
      let name = key.string(in: bytes)
      if let spec = model.input(name), Self.ignored.contains(name) {
        // An input's values, or a request's own member of that name: the other members tell.
        deferred.append((spec, cursor.position))
        try cursor.skipValue(bytes, depthMax: Self.depthMax)
      } else if let spec = model.input(name) {
        row.append((name, try JSONTensorReader(model).value(of: spec, &cursor, bytes)))
      } else if name == "inputs" {
        isOther = true
        try readRequest(&cursor, bytes, start)
      } else if name == "data" {
        isOther = true
        try readElements(&cursor, bytes)
      } else if Self.ignored.contains(name) {
        try cursor.skipValue(bytes, depthMax: Self.depthMax)
      } else {
        throw unknown(name, at: key.range.lowerBound)
      }
    }
    if isOther {
      guard row.isEmpty else {
        throw JSONError(
          "values of inputs stand beside 'data' or 'inputs'; use one form", at: start)
      }
      return
    }
    for (spec, position) in deferred {
      var inner = JSONCursor(position..<cursor.end)
      row.append((spec.name, try JSONTensorReader(model).value(of: spec, &inner, bytes)))
    }
    try add(row: row, at: start)
  }

  /// Reads perf_analyzer's list: elements, or lists of elements that stand for streams.
  private mutating func readElements(_ cursor: inout JSONCursor, _ bytes: Span<UInt8>)
    throws(JSONError)
  {
    var isFirst = true
    while try cursor.nextElement(bytes, &isFirst) {
      if cursor.peek(bytes) == 0x5B {
        var isFirstOfStream = true
        while try cursor.nextElement(bytes, &isFirstOfStream) { try readElement(&cursor, bytes) }
      } else {
        try readElement(&cursor, bytes)
      }
    }
  }

  private mutating func readElement(_ cursor: inout JSONCursor, _ bytes: Span<UInt8>)
    throws(JSONError)
  {
    _ = cursor.peek(bytes)
    let start = cursor.position
    var row: NamedTensors = []
    var isFirst = true
    while let key = try cursor.nextKey(bytes, &isFirst) {
      let name = key.string(in: bytes)
      guard let spec = model.input(name) else { throw unknown(name, at: key.range.lowerBound) }
      row.append((name, try JSONTensorReader(model).value(of: spec, &cursor, bytes)))
    }
    try add(row: row, at: start)
  }

  private mutating func readRequest(
    _ cursor: inout JSONCursor, _ bytes: Span<UInt8>, _ start: Int
  ) throws(JSONError) {
    var inputs: NamedTensors = []
    var isFirst = true
    while try cursor.nextElement(bytes, &isFirst) {
      inputs.append(try JSONTensorReader(model).input(&cursor, bytes))
    }
    do throws(InputMismatch) {
      try model.check(inputs)
    } catch {
      throw JSONError(error.text, at: start)
    }
    try count(inputs, at: start)
    requests.append((inputs, start))
  }

  private mutating func add(row: NamedTensors, at offset: Int) throws(JSONError) {
    do throws(InputMismatch) {
      try model.check(row, boundsRows: false)
    } catch {
      throw JSONError(error.text, at: offset)
    }
    // In the model's order, whatever the order of the members.
    let sorted = model.inputs.compactMap { spec in row.first { $0.name == spec.name } }
    try count(sorted, at: offset)
    rows.append(sorted)
  }

  private mutating func count(_ inputs: NamedTensors, at offset: Int) throws(JSONError) {
    rowCount += model.countsRows ? max(1, inputs.first?.tensor.shape[0] ?? 1) : 1
    byteCount += inputs.reduce(0) { $0 + $1.tensor.bytes.readableBytes }
    guard rowCount <= limits.rowsMax else {
      throw JSONError("more than \(limits.rowsMax) rows; use fewer", at: offset)
    }
    guard byteCount <= limits.bytesMax else {
      throw JSONError("the tensors have more than \(limits.bytesMax) bytes; use fewer", at: offset)
    }
  }

  private func unknown(_ name: String, at offset: Int) -> JSONError {
    JSONError(
      "'\(ServerText.clip(name))' is no input of model '\(model.name)'; inputs: "
        + model.inputList, at: offset)
  }
}
