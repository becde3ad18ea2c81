internal import Rules

/// The values of one request, typed by its schema.
package struct DecisionInput: Sendable {
  /// By field: the value's bits (int, double, bool, nanoseconds of a timestamp).
  private(set) var bits: [UInt64]
  /// By field: where its text lies.
  private(set) var texts: [Range<Int>]
  private var present: [Bool]
  /// All texts.
  private(set) var bytes: [UInt8] = []

  /// Values that are all missing.
  package init(_ schema: InputSchema) {
    bits = [UInt64](repeating: 0, count: schema.fields.count)
    texts = [Range<Int>](repeating: 0..<0, count: schema.fields.count)
    present = [Bool](repeating: false, count: schema.fields.count)
  }

  /// Whether a field has a value.
  package func has(_ field: Int) -> Bool { present[field] }
  /// The value of a field of type int, or of a timestamp in nanoseconds since 1970.
  package func int(_ field: Int) -> Int64 { Int64(bitPattern: bits[field]) }
  /// The value of a field of type double.
  package func double(_ field: Int) -> Double { Double(bitPattern: bits[field]) }
  /// The value of a field of type bool.
  package func bool(_ field: Int) -> Bool { bits[field] != 0 }
  /// The value of a field of type string, copied.
  package func string(_ field: Int) -> String {
    String(decoding: bytes[texts[field]], as: UTF8.self)
  }

  /// Sets a field of type int or timestamp (nanoseconds since 1970).
  package mutating func set(_ field: Int, int value: Int64) {
    store(UInt64(bitPattern: value), field)
  }
  /// Sets a field of type double.
  package mutating func set(_ field: Int, double value: Double) { store(value.bitPattern, field) }
  /// Sets a field of type bool.
  package mutating func set(_ field: Int, bool value: Bool) { store(value ? 1 : 0, field) }
  /// Sets a field of type string.
  package mutating func set(_ field: Int, string value: String) {
    set(field, utf8: Array(value.utf8)[...])
  }

  mutating func set(_ field: Int, utf8: ArraySlice<UInt8>) {
    texts[field] = bytes.count..<bytes.count + utf8.count
    bytes.append(contentsOf: utf8)
    present[field] = true
  }

  private mutating func store(_ value: UInt64, _ field: Int) {
    bits[field] = value
    present[field] = true
  }

  /// What models take of a field: NaN where it is missing or no number.
  func number(_ field: Int, _ type: RuleType) -> Double {
    guard has(field) else { return .nan }
    switch type {
    case .double: return double(field)
    case .int: return Double(int(field))
    case .bool: return bool(field) ? 1 : 0
    case .string, .timestamp, .duration, .null: return .nan
    }
  }
}

/// One thing that is wrong with a request.
package struct InputProblem: Sendable, Equatable, CustomStringConvertible {
  /// The member at fault; empty for the whole.
  package var field: String
  /// What is wrong and what would be right.
  package var message: String

  package init(field: String, message: String) {
    self.field = field
    self.message = message
  }

  /// `field: message`.
  package var description: String { field.isEmpty ? message : "\(field): \(message)" }
}

/// Everything that is wrong with a request; never empty.
package struct InputProblems: Error, Sendable, Equatable, CustomStringConvertible {
  package var problems: [InputProblem]

  package init(_ problems: [InputProblem]) { self.problems = problems }

  /// One problem after the other.
  package var description: String { problems.map(\.description).joined(separator: "; ") }
}

extension InputSchema {
  /// What is wrong with values: missing ones, those outside of their bounds, and an id that could
  /// not be recorded.
  package func problems(of input: borrowing DecisionInput) -> [InputProblem] {
    var problems: [InputProblem] = []
    for (index, field) in fields.enumerated() {
      guard input.has(index) else {
        if !field.isOptional {
          problems.append(InputProblem(field: field.name, message: "is missing"))
        }
        continue
      }
      let idProblem = index == idField ? Self.problem(ofID: input.bytes[input.texts[index]]) : nil
      if let message = field.problem(of: input, index) ?? idProblem {
        problems.append(InputProblem(field: field.name, message: message))
      }
    }
    return problems
  }

  private static func problem(ofID id: ArraySlice<UInt8>) -> String? {
    if id.isEmpty { return "is empty; send one, or leave it out where it is optional" }
    if id.count > idBytesMax { return "has \(id.count) bytes; the most of an id is \(idBytesMax)" }
    return id.contains(0) ? "holds a zero byte, which ids must not" : nil
  }
}

extension InputField {
  fileprivate func problem(of input: borrowing DecisionInput, _ index: Int) -> String? {
    switch type {
    case .string:
      let range = input.texts[index]
      if range.count > lengthMax { return "has \(range.count) bytes; the most is \(lengthMax)" }
      guard !oneOf.isEmpty else { return nil }
      if oneOf.contains(where: { input.bytes[range].elementsEqual($0) }) { return nil }
      let allowed = oneOf.prefix(16).map { String(decoding: $0, as: UTF8.self) }
        .joined(separator: ", ")
      let found = isSensitive ? "" : "'\(input.string(index).prefix(80))' "
      return "\(found)is not allowed; use one of \(allowed)\(oneOf.count > 16 ? ", …" : "")"
    case .double, .int:
      let value = input.number(index, type)
      guard value.isFinite else { return "is not finite" }
      let found = isSensitive ? "the value" : type == .int ? "\(input.int(index))" : "\(value)"
      if let least, value < least { return "\(found) is below the least, \(least)" }
      if let most, value > most { return "\(found) is above the most, \(most)" }
      return nil
    case .bool, .timestamp, .duration, .null: return nil
    }
  }
}
