/// A value that the text of an expression spells out.
package enum RuleConstant: Sendable, Hashable {
  /// `true` or `false`.
  case bool(Bool)
  /// 64 bits, signed.
  case int(Int64)
  /// IEEE 754 binary64.
  case double(Double)
  /// Unicode text.
  case string(String)
  /// Nanoseconds.
  case duration(Int64)
  /// Nanoseconds since 1970-01-01T00:00:00Z.
  case timestamp(Int64)
  /// No value.
  case null

  /// The type of the value.
  package var type: RuleType {
    switch self {
    case .bool: .bool
    case .int: .int
    case .double: .double
    case .string: .string
    case .duration: .duration
    case .timestamp: .timestamp
    case .null: .null
    }
  }
}

/// The type of an expression or a field.
package enum RuleType: String, Sendable, Hashable, CaseIterable {
  case bool
  case int
  case double
  case string
  case duration
  case timestamp
  /// The type of the literal `null` alone.
  case null

  /// Types that compare and mix in lists with one another.
  var isNumber: Bool { self == .int || self == .double }
}
