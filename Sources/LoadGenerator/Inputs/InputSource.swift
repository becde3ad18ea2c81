/// Where a request's inputs come from.
package enum InputSource: Sendable {
  case random(RandomInputs)
  /// A `.csv`, `.json`, `.ndjson` or `.jsonl` file that holds all inputs.
  case file(path: String)
  /// One NumPy file for each input; the first axis counts rows.
  case arrays([(input: String, path: String)])

  /// Reads the inputs of `model`.
  ///
  /// - Parameter batchSize: rows of one request, at least 1.
  /// - Throws: ``BenchInputError`` with the place in the file and what the model expects.
  package func load(
    for model: ModelDescription, batchSize: Int = 1, limits: InputLimits = InputLimits()
  ) throws(BenchInputError) -> InputSet {
    try model.checkBatch(batchSize)
    switch self {
    case .random(let random):
      return try random.make(for: model, batchSize: batchSize, limits: limits)
    case .file(let path):
      return try Self.read(path, for: model, batchSize: batchSize, limits: limits)
    case .arrays(let arrays):
      var files: [(input: String, file: InputFile)] = []
      var left = limits.bytesMax
      for array in arrays {
        files.append((array.input, try InputFile.read(array.path, bytesMax: left)))
        left -= files.last?.file.bytes.count ?? 0
      }
      return try ArrayInputs.read(files, for: model, batchSize: batchSize, limits: limits)
    }
  }

  private static func read(
    _ path: String, for model: ModelDescription, batchSize: Int, limits: InputLimits
  ) throws(BenchInputError) -> InputSet {
    switch InputFile.ending(of: path) {
    case "csv", "json", "ndjson", "jsonl":
      let file = try InputFile.read(path, bytesMax: limits.bytesMax)
      return try read(file, for: model, batchSize: batchSize, limits: limits)
    case "npy":
      throw BenchInputError("'\(path)' holds one array; say which input it is: NAME=\(path)")
    case "npz":
      throw BenchInputError(ArrayInputs.archiveHint(path))
    default:
      throw BenchInputError(
        "the kind of '\(path)' is unknown: use .csv, .json, .ndjson or .jsonl, or NAME=FILE.npy "
          + "for each input")
    }
  }

  /// Reads a file that is in memory: comma-separated values if its path ends so, else JSON.
  ///
  /// - Throws: ``BenchInputError`` with line and column, and what the model expects.
  package static func read(
    _ file: InputFile, for model: ModelDescription, batchSize: Int = 1,
    limits: InputLimits = InputLimits()
  ) throws(BenchInputError) -> InputSet {
    try model.checkBatch(batchSize)
    if file.ending == "csv" {
      return try CSVInputs(file: file, model: model, limits: limits).read(batchSize: batchSize)
    }
    return try JSONInputs.read(file, for: model, batchSize: batchSize, limits: limits)
  }

  /// Reads what stands on the command line: `random`, a file, or `NAME=FILE.npy` for each input.
  ///
  /// - Parameter random: what to generate if `texts` is empty or says `random`.
  package static func parse(
    _ texts: [String], random: RandomInputs
  ) throws(BenchInputError) -> InputSource {
    if texts.isEmpty || texts == ["random"] { return .random(random) }
    var arrays: [(input: String, path: String)] = []
    for text in texts {
      // The last one: a name may hold the sign, and a path hardly does.
      guard InputFile.ending(of: text) == "npy", let equals = text.lastIndex(of: "=") else {
        guard texts.count == 1 else {
          throw BenchInputError(
            "input '\(text)': several inputs are NAME=FILE.npy each; other files hold all inputs "
              + "and stand alone")
        }
        return .file(path: text)
      }
      let name = String(text[..<equals])
      guard !name.isEmpty else {
        throw BenchInputError("input '\(text)': the input's name is missing; write NAME=FILE.npy")
      }
      arrays.append((name, String(text[text.index(after: equals)...])))
    }
    return .arrays(arrays)
  }
}
