internal import Foundation

/// A result file: one JSON object whose `kind` says which of the four it is.
///
/// `format` and `formatVersion` come beside the keys of the result itself. A version is raised
/// when a key changes its meaning or goes; keys that are added do not raise it, and a reader
/// passes over those it does not know. Times are integers of nanoseconds in keys that end in
/// `_ns` (means are fractions), rates are a second, shares lie between 0 and 1.
package enum BenchDocument: Sendable, Equatable {
  case load(BenchResult)
  case search(SearchResult)
  case comparison(ComparisonResult)
  case scenario(ScenarioResult)

  /// What `format` says.
  package static let format = "needletail-bench"
  /// The newest version that is read, and the one that is written.
  package static let formatVersion = 1

  /// What `kind` says.
  package enum Kind: String, Codable, Sendable, CaseIterable {
    case load
    case search
    case comparison
    case scenario
  }

  /// Which of the four this is.
  package var kind: Kind {
    switch self {
    case .load: .load
    case .search: .search
    case .comparison: .comparison
    case .scenario: .scenario
    }
  }

  /// Reads a file's bytes.
  ///
  /// - Parameter file: the name that errors give.
  package static func read(_ bytes: [UInt8], file: String) throws(BenchInputError) -> Self {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    let data = Data(bytes)
    var isJSON = false
    do {
      let header = try decoder.decode(Header.self, from: data)
      isJSON = true
      guard header.format == format, let version = header.formatVersion else {
        throw BenchInputError(
          "\(file): 'format' is not '\(format)': this is JSON, but no result of "
            + "`needletail bench`; give a file that `needletail bench --json FILE` wrote")
      }
      guard version >= 1, version <= formatVersion else {
        throw BenchInputError(
          "\(file): 'formatVersion' is \(version), and this program reads up to "
            + "\(formatVersion): read it with the version of needletail that wrote it, or newer")
      }
      return try decoder.decode(Self.self, from: data)
    } catch let error as BenchInputError {
      throw error
    } catch {
      throw BenchInputError(error, file: file, isJSON: isJSON)
    }
  }

  /// The file's bytes: JSON on one line, its keys sorted, so that equal results are equal files.
  package func written() throws(BenchInputError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    do {
      return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
    } catch {
      throw BenchInputError("the result cannot be written as JSON: \(error)")
    }
  }

  private struct Header: Decodable {
    var format: String?
    var formatVersion: Int?

    private enum Keys: String, CodingKey {
      case format
      case formatVersion
    }

    init(from decoder: any Decoder) throws {
      // JSON of another shape than an object is none of ours; the caller says so.
      guard let container = try? decoder.container(keyedBy: Keys.self) else { return }
      format = try? container.decode(String.self, forKey: .format)
      formatVersion = try? container.decode(Int.self, forKey: .formatVersion)
    }
  }
}

extension BenchDocument: Codable {
  private enum CodingKeys: String, CodingKey {
    case format
    case formatVersion
    case kind
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    switch try container.decode(Kind.self, forKey: .kind) {
    case .load: self = .load(try BenchResult(from: decoder))
    case .search: self = .search(try SearchResult(from: decoder))
    case .comparison: self = .comparison(try ComparisonResult(from: decoder))
    case .scenario: self = .scenario(try ScenarioResult(from: decoder))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(Self.format, forKey: .format)
    try container.encode(Self.formatVersion, forKey: .formatVersion)
    try container.encode(kind, forKey: .kind)
    switch self {
    case .load(let result): try result.encode(to: encoder)
    case .search(let result): try result.encode(to: encoder)
    case .comparison(let result): try result.encode(to: encoder)
    case .scenario(let result): try result.encode(to: encoder)
    }
  }
}
