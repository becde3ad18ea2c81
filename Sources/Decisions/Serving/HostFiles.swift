internal import Features
private import Foundation

/// The files that a host reads.
enum HostFiles {
  /// The text of a file; `nil` if it cannot be read as UTF-8.
  static func text(_ path: String) -> String? {
    FileManager.default.contents(atPath: path).flatMap { String(data: $0, encoding: .utf8) }
  }

  /// The same path for the same file, however it was written.
  static func canonical(_ path: String) -> String {
    URL(fileURLWithPath: path).standardizedFileURL.path
  }

  /// The name of a file without folder and ending.
  static func stem(_ path: String) -> String {
    URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
  }

  /// The path of `file` as named by the file at `path`.
  static func beside(_ path: String, _ file: String) -> String {
    file.hasPrefix("/")
      ? file : URL(fileURLWithPath: path).deletingLastPathComponent().appending(path: file).path
  }

  /// Makes a folder and those above it; says why it cannot.
  static func makeFolder(_ path: String) -> String? {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      return nil
    } catch {
      return "\(path): cannot be made a folder (\(error.localizedDescription)); check the path"
    }
  }

  /// A reader of the records in a file, by its ending.
  static func reader(
    _ path: String, _ schema: RecordSchema
  ) throws(RecordProblem) -> RecordReader {
    let format: RecordFormat
    switch path.split(separator: ".").last?.lowercased() {
    case "csv": format = .csv
    case "ndjson", "jsonl": format = .ndjson
    default:
      throw RecordProblem(
        input: path, line: 0, column: 0,
        message: "the ending does not say how it is written; use .csv, .ndjson or .jsonl")
    }
    guard let file = FileHandle(forReadingAtPath: path) else {
      throw RecordProblem(
        input: path, line: 0, column: 0, message: "cannot be opened; check the path")
    }
    return RecordReader(format, schema, name: path) { bytes in
      guard let data = try file.read(upToCount: 1 << 18), !data.isEmpty else { return false }
      bytes.append(contentsOf: data)
      return true
    }
  }

  /// The present in nanoseconds since 1970.
  static func wallTime() -> Int64 { Int64(Date().timeIntervalSince1970 * 1e9) }
}
