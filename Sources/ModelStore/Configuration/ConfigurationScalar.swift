/// Reads numbers and booleans of a configuration with their ranges checked.
enum ConfigurationScalar {
  enum Result {
    case varint(UInt64)
    case float(Float)
    case double(Double)
    /// What the field takes instead.
    case problem(String)
  }

  static func read(
    _ node: ConfigurationNode, kind: ConfigurationSchema.Kind,
    dialect: ConfigurationChecker.Dialect
  ) -> Result {
    switch kind {
    case .bool: return bool(node, dialect: dialect)
    case .int32:
      return signed(node, dialect, Int64(Int32.min)...Int64(Int32.max), "a 32-bit integer")
    case .int64: return signed(node, dialect, Int64.min...Int64.max, "a 64-bit integer")
    case .uint32:
      return unsigned(node, dialect, UInt64(UInt32.max), "an integer from 0 to \(UInt32.max)")
    case .uint64:
      return unsigned(node, dialect, UInt64.max, "an integer from 0 to \(UInt64.max)")
    case .float, .double:
      guard let value = real(node, dialect: dialect) else { return .problem("a number") }
      return kind == .float ? .float(Float(value)) : .double(value)
    case .string, .message, .enumeration: return .problem("another kind of value")
    }
  }

  private static func bool(
    _ node: ConfigurationNode, dialect: ConfigurationChecker.Dialect
  ) -> Result {
    switch node.value {
    case .word("true"): return .varint(1)
    case .word("false"): return .varint(0)
    case .word("True"), .word("t"), .number("1"):
      return dialect == .text ? .varint(1) : .problem("true or false")
    case .word("False"), .word("f"), .number("0"):
      return dialect == .text ? .varint(0) : .problem("true or false")
    case .word, .number, .string, .message, .list, .null: return .problem("true or false")
    }
  }

  /// The digits of an integer; JSON may carry them in a string.
  private static func digits(
    _ node: ConfigurationNode, _ dialect: ConfigurationChecker.Dialect
  ) -> String? {
    switch node.value {
    case .number(let text): return text
    case .string(let bytes):
      return dialect == .json ? String(decoding: bytes, as: UTF8.self) : nil
    case .word, .message, .list, .null: return nil
    }
  }

  private static func magnitude(_ text: Substring) -> UInt64? {
    if text.hasPrefix("0x") || text.hasPrefix("0X") {
      let hex = text.dropFirst(2)
      return hex.first == "+" || hex.first == "-" ? nil : UInt64(hex, radix: 16)
    }
    guard let first = text.utf8.first, TextCursor.isDigit(first) else { return nil }
    if text.count > 1, first == UInt8(ascii: "0") { return UInt64(text, radix: 8) }
    return UInt64(text)
  }

  private static func signed(
    _ node: ConfigurationNode, _ dialect: ConfigurationChecker.Dialect,
    _ range: ClosedRange<Int64>, _ wanted: String
  ) -> Result {
    guard let text = digits(node, dialect) else { return .problem(wanted) }
    let isNegative = text.hasPrefix("-")
    guard let magnitude = magnitude(isNegative ? text.dropFirst() : text[...]) else {
      return .problem(wanted)
    }
    let value: Int64
    if isNegative {
      guard magnitude <= UInt64(Int64.max) + 1 else { return .problem(wanted) }
      value = Int64(truncatingIfNeeded: 0 &- magnitude)
    } else {
      guard let exact = Int64(exactly: magnitude) else { return .problem(wanted) }
      value = exact
    }
    return range.contains(value) ? .varint(UInt64(bitPattern: value)) : .problem(wanted)
  }

  private static func unsigned(
    _ node: ConfigurationNode, _ dialect: ConfigurationChecker.Dialect,
    _ largest: UInt64, _ wanted: String
  ) -> Result {
    guard let text = digits(node, dialect), let value = magnitude(text[...]), value <= largest
    else { return .problem(wanted) }
    return .varint(value)
  }

  private static func real(
    _ node: ConfigurationNode, dialect: ConfigurationChecker.Dialect
  ) -> Double? {
    switch node.value {
    case .number(let text):
      let isSuffixed = dialect == .text && (text.hasSuffix("f") || text.hasSuffix("F"))
      return Double(isSuffixed ? String(text.dropLast()) : text)
    case .word(let text):
      switch text.lowercased() {
      case "inf", "infinity": return .infinity
      case "-inf", "-infinity": return -.infinity
      case "nan", "-nan": return .nan
      default: return nil
      }
    case .string(let bytes):
      guard dialect == .json else { return nil }
      switch String(decoding: bytes, as: UTF8.self) {
      case "Infinity": return .infinity
      case "-Infinity": return -.infinity
      case "NaN": return .nan
      case let text: return Double(text)
      }
    case .message, .list, .null: return nil
    }
  }
}
