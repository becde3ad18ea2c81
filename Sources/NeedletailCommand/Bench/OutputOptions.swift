import Foundation
import LoadGenerator

/// ``OutputFlags``, checked.
struct OutputOptions: Sendable, Equatable {
  var json: String?
  var csv: String?
  var html: String?
  var label: String?
  var isQuiet = false

  /// Whether the standard output belongs to a file format, so that tables go to the error stream.
  var takesStandardOutput: Bool { json == "-" || csv == "-" || html == "-" }
}

extension OutputFlags {
  /// The flags with every check.
  func resolve() throws(BenchInputError) -> OutputOptions {
    let files: [(flag: String, path: String)] = [
      ("--json", json), ("--csv", csv), ("--html", html),
    ].compactMap { flag, path in path.map { (flag, $0) } }
    if files.count(where: { $0.path == "-" }) > 1 {
      throw BenchInputError("two of --json, --csv and --html are '-'; the output holds one")
    }
    for (flag, path) in files where path != "-" {
      let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
      guard FileCheck.isFolder(folder), !FileCheck.isFolder(path), !path.isEmpty else {
        throw BenchInputError("\(flag) is '\(path)', which cannot be written; check the folder")
      }
    }
    let places = files.map(\.path)
    for (index, path) in places.enumerated() where places[..<index].contains(path) {
      throw BenchInputError("'\(path)' is named for two outputs; give each its own file")
    }
    return OutputOptions(json: json, csv: csv, html: html, label: label, isQuiet: quiet)
  }
}
