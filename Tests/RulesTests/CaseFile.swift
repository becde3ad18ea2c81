import Foundation
import Testing

@testable import Rules

/// `cases.json`: expressions with what they give, shared with the tests that run CEL itself.
struct CaseFile: Decodable {
  struct Case: Decodable {
    let expression: String
    let row: String?
    let value: [String: Scalar]?
    let error: String?
    let cel: Ignored?
    let why: String?
  }

  /// Anything; only that it is there counts.
  struct Ignored: Decodable {
    init(from decoder: any Decoder) throws {}
  }

  enum Scalar: Decodable, Equatable {
    case bool(Bool)
    case text(String)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let value = try? container.decode(Bool.self) {
        self = .bool(value)
      } else {
        self = .text(try container.decode(String.self))
      }
    }

    var text: String { if case .text(let text) = self { text } else { "" } }
  }

  let fields: [String: String]
  let rows: [String: [String: Scalar]]
  let cases: [Case]

  static func load() throws -> CaseFile {
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("cases.json")
    return try JSONDecoder().decode(CaseFile.self, from: Data(contentsOf: url))
  }

  func schema() throws -> RuleSchema {
    try RuleSchema(
      fields.sorted { $0.key < $1.key }.map { name, type in
        let isNullable = type.hasSuffix("?")
        let plain = isNullable ? String(type.dropLast()) : type
        return RuleField(
          name, try #require(RuleType(rawValue: plain)), isNullable: isNullable)
      })
  }

  func row(_ name: String, schema: RuleSchema) throws -> RuleRow {
    var row = RuleRow(schema)
    for (field, value) in try #require(rows[name], "no row is named \(name)") {
      let index = try #require(schema.index(of: field))
      switch (schema.fields[index].type, value) {
      case (.bool, .bool(let value)): row.set(index, bool: value)
      case (.int, _): row.set(index, int: try #require(Int64(value.text)))
      case (.double, _): row.set(index, double: try #require(Double(value.text)))
      case (.string, _): try row.set(index, string: value.text)
      case (.duration, _):
        row.set(index, duration: try #require(TimeText.duration(value.text)))
      case (.timestamp, _):
        row.set(index, timestamp: try #require(TimeText.timestamp(value.text)))
      default: Issue.record("the row \(name) has a wrong value for \(field)")
      }
    }
    return row
  }
}
