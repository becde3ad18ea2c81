internal import Definitions
internal import Foundation

/// Reads scenario and mix files.
package enum ScenarioFile {
  /// A larger file is no scenario.
  private static let bytesMax = 1 << 20

  /// The scenario in the file at `path`.
  ///
  /// - Throws: ``BenchInputError`` with every mistake, one a line.
  package static func scenario(path: String) throws(BenchInputError) -> Scenario {
    var reader = ScenarioReader(path: path)
    let scenario = reader.scenario(try text(path))
    return try checked(scenario, reader)
  }

  /// The entries of the mix file at `path`: a list, or a section `requests` that holds one.
  ///
  /// - Throws: ``BenchInputError`` with every mistake, one a line.
  package static func mix(path: String) throws(BenchInputError) -> [MixEntry] {
    var reader = ScenarioReader(path: path)
    let entries = reader.mix(try text(path))
    return try checked(entries, reader)
  }

  private static func checked<Value>(
    _ value: Value?, _ reader: ScenarioReader
  ) throws(BenchInputError) -> Value {
    guard let value, reader.problems.isEmpty else {
      throw BenchInputError(reader.problems.map(\.description).joined(separator: "\n"))
    }
    return value
  }

  private static func text(_ path: String) throws(BenchInputError) -> String {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw BenchInputError("\(path): cannot be read; check the path and its permissions")
    }
    guard data.count <= bytesMax else {
      throw BenchInputError("\(path): is \(data.count) bytes; use at most \(bytesMax)")
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw BenchInputError("\(path): is not UTF-8; save it as UTF-8")
    }
    return text
  }
}
