import Definitions
import Features
import Foundation

/// The files that `needletail features` reads.
enum FeaturesFiles {
  /// The checked definitions of a file.
  static func definitions(_ path: String) throws(DefinitionError) -> FeatureDefinitions {
    guard let data = FileManager.default.contents(atPath: path),
      let text = String(data: data, encoding: .utf8)
    else {
      throw DefinitionError(problems: [
        DefinitionProblem(
          file: path, line: 0, column: 0, message: "cannot be read as UTF-8",
          fix: "check the path")
      ])
    }
    return try FeatureFile.parse(text, path: path)
  }

  /// How a file is written, by its ending.
  static func format(_ path: String) throws(RecordProblem) -> RecordFormat {
    switch path.split(separator: ".").last?.lowercased() {
    case "csv": return .csv
    case "ndjson", "jsonl": return .ndjson
    default:
      throw RecordProblem(
        input: path, line: 0, column: 0,
        message: "the ending does not say how it is written; use .csv, .ndjson or .jsonl")
    }
  }

  /// A reader of the records in a file.
  static func reader(
    _ path: String, _ schema: RecordSchema, wanted: Set<Int>? = nil
  ) throws(RecordProblem) -> RecordReader {
    let format = try format(path)
    guard let file = FileHandle(forReadingAtPath: path) else {
      throw RecordProblem(
        input: path, line: 0, column: 0, message: "cannot be opened; check the path")
    }
    return RecordReader(format, schema, name: path, wanted: wanted) { bytes in
      guard let data = try file.read(upToCount: 1 << 18), !data.isEmpty else { return false }
      bytes.append(contentsOf: data)
      return true
    }
  }
}
