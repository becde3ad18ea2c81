/// What an expression gave for one row; trivial to copy.
package enum RuleResult: Sendable, Hashable {
  /// `true` or `false`.
  case bool(Bool)
  /// 64 bits, signed.
  case int(Int64)
  /// IEEE 754 binary64.
  case double(Double)
  /// Text in the row or in the expression: ``CompiledExpression/text(_:in:)`` copies it out.
  case string(RuleText)
  /// Nanoseconds.
  case duration(Int64)
  /// Nanoseconds since 1970-01-01T00:00:00Z.
  case timestamp(Int64)
  /// No value: a missing field, or the literal `null`.
  case null
  /// No value can be given.
  case failure(RuleFailure)
}

/// The place of a string that an expression gave; good as long as its row is not changed.
package struct RuleText: Sendable, Hashable {
  let bits: UInt64
}

/// Why an expression has no value for one row, and where; trivial to copy.
package struct RuleFailure: Error, Sendable, Hashable {
  /// What happened.
  package enum Reason: UInt8, Sendable, Hashable, CaseIterable {
    /// A field that is not nullable is not in the row.
    case missingField
    /// An operation that needs a value met null.
    case nullOperand
    /// The result of arithmetic on ints or times does not fit into 64 bits.
    case overflow
    /// An int was divided by zero.
    case divisionByZero
    /// A remainder by zero.
    case moduloByZero
    /// A double, or seconds, that no int or timestamp can hold.
    case conversionOutOfRange
    /// Text that is no int or bool.
    case conversionOfText

    /// The reason in words.
    package var text: String {
      switch self {
      case .missingField: "the field is missing"
      case .nullOperand: "null where a value is needed"
      case .overflow: "the result does not fit into 64 bits"
      case .divisionByZero: "division by zero"
      case .moduloByZero: "remainder by zero"
      case .conversionOutOfRange: "the value is out of range for the conversion"
      case .conversionOfText: "the text does not convert"
      }
    }
  }

  /// What happened.
  package let reason: Reason
  /// Bytes (UTF-8) before the operator or the name at fault in the text of the expression.
  package let offset: Int
  /// The index of the missing field, where one is to blame.
  package let field: Int?
}
