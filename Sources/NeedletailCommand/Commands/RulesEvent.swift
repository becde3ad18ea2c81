import Foundation
import Rules

/// An event as JSON, for trying rules: its values by their names with dots.
struct RulesEvent {
  private enum Value: Decodable {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string(String)
    case object([String: Value])
    case array

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if container.decodeNil() {
        self = .null
      } else if let value = try? container.decode(Bool.self) {
        self = .bool(value)
      } else if let value = try? container.decode(Int64.self) {
        self = .int(value)
      } else if let value = try? container.decode(Double.self) {
        self = .double(value)
      } else if let value = try? container.decode(String.self) {
        self = .string(value)
      } else if let value = try? container.decode([String: Value].self) {
        self = .object(value)
      } else {
        self = .array
      }
    }

    var kind: String {
      switch self {
      case .null: "null"
      case .bool: "a bool"
      case .int, .double: "a number"
      case .string: "a string"
      case .object: "an object"
      case .array: "an array"
      }
    }
  }

  private let path: String
  private var values: [String: Value] = [:]

  /// The event in the file at `path`.
  static func read(_ path: String) throws(RulesFileProblems) -> RulesEvent {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw RulesFileProblems(lines: ["\(path): cannot be read; check the path"])
    }
    do {
      return RulesEvent(
        path: path, object: try JSONDecoder().decode([String: Value].self, from: data))
    } catch {
      throw RulesFileProblems(
        lines: ["\(path): is no JSON object, which an event is: {\"amount\": 12.5}"])
    }
  }

  private init(path: String, object: [String: Value]) {
    self.path = path
    flatten(object, prefix: "")
  }

  private mutating func flatten(_ object: [String: Value], prefix: String) {
    for (key, value) in object {
      if case .object(let inner) = value {
        flatten(inner, prefix: prefix + key + ".")
      } else {
        values[prefix + key] = value
      }
    }
  }

  /// Fields as the values suggest them; all may be missing. Names that no rule can write are left
  /// out.
  func schema() throws(RulesFileProblems) -> RuleSchema {
    let fields = values.sorted { $0.key < $1.key }.compactMap { name, value -> RuleField? in
      let type: RuleType? =
        switch value {
        case .bool: .bool
        case .int: .int
        case .double: .double
        case .string: .string
        case .null, .object, .array: nil
        }
      return type.map { RuleField(name, $0, isNullable: true) }
    }.filter { (try? RuleSchema([$0])) != nil }
    do throws(RuleSchemaError) {
      return try RuleSchema(fields)
    } catch {
      throw RulesFileProblems(lines: error.problems.map { "\(path): \($0)" })
    }
  }

  /// The row of a schema; values that no field is declared for are left out.
  func row(_ schema: RuleSchema) throws(RulesFileProblems) -> RuleRow {
    var row = RuleRow(schema)
    var problems: [String] = []
    for (index, field) in schema.fields.enumerated() {
      guard let value = values[field.name] else { continue }
      if case .null = value { continue }
      do throws(RuleRowError) {
        if try !set(value, field.type, index, in: &row) {
          problems.append(
            "\(path): field '\(field.name)': expected \(Self.form(of: field.type)), "
              + "found \(value.kind)")
        }
      } catch {
        problems.append("\(path): field '\(field.name)': \(error)")
      }
    }
    guard problems.isEmpty else { throw RulesFileProblems(lines: problems) }
    return row
  }

  private func set(
    _ value: Value, _ type: RuleType, _ index: Int, in row: inout RuleRow
  ) throws(RuleRowError) -> Bool {
    switch (type, value) {
    case (.bool, .bool(let value)): row.set(index, bool: value)
    case (.int, .int(let value)): row.set(index, int: value)
    case (.double, .int(let value)): row.set(index, double: Double(value))
    case (.double, .double(let value)): row.set(index, double: value)
    case (.string, .string(let text)): try row.set(index, string: text)
    case (.duration, .string(let text)):
      guard let value = TimeText.duration(text) else { return false }
      row.set(index, duration: value)
    case (.timestamp, .string(let text)):
      guard let value = TimeText.timestamp(text) else { return false }
      row.set(index, timestamp: value)
    default: return false
    }
    return true
  }

  private static func form(of type: RuleType) -> String {
    switch type {
    case .bool: "true or false"
    case .int: "a whole number"
    case .double: "a number"
    case .string: "a string"
    case .duration: "a duration as '90s'"
    case .timestamp: "a timestamp as '2026-05-01T12:00:00Z'"
    case .null: "null"
    }
  }
}
