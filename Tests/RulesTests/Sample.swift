@testable import Rules

/// A random expression that a tree walk evaluates, with nothing of the room's own code.
indirect enum Sample {
  case constant(Value)
  case field(String)
  case present(String)
  case not(Sample)
  case negate(Sample)
  case binary(String, Sample, Sample)
  case member(Sample, [Value])
  case conditional(Sample, Sample, Sample)
  case call(String, [Sample])

  enum Value: Equatable {
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string(String)
    case null
    case failed
  }

  var text: String {
    switch self {
    case .constant(let value): value.text
    case .field(let name): name
    case .present(let name): "has(\(name))"
    case .not(let operand): "!(\(operand.text))"
    case .negate(let operand): "-(\(operand.text))"
    case .binary(let sign, let left, let right): "(\(left.text) \(sign) \(right.text))"
    case .member(let operand, let list):
      "(\(operand.text) in [\(list.map(\.text).joined(separator: ", "))])"
    case .conditional(let condition, let a, let b):
      "(\(condition.text) ? \(a.text) : \(b.text))"
    case .call(let name, let operands):
      (name.hasPrefix(".") ? "(\(operands[0].text))" : "") + name + "("
        + operands.dropFirst(name.hasPrefix(".") ? 1 : 0).map(\.text).joined(separator: ", ") + ")"
    }
  }

  /// The value for a row; a name that is not in it is null.
  func value(_ row: [String: Value]) -> Value {
    switch self {
    case .constant(let value): return value
    case .field(let name): return row[name] ?? .null
    case .present(let name): return .bool(row[name] != nil)
    case .not(let operand):
      if case .bool(let value) = operand.value(row) { return .bool(!value) }
      return .failed
    case .negate(let operand):
      switch operand.value(row) {
      case .int(let value): return value == .min ? .failed : .int(-value)
      case .double(let value): return .double(-value)
      default: return .failed
      }
    case .binary("&&", let left, let right):
      let values = [left.value(row), right.value(row)]
      return values.contains(.bool(false))
        ? .bool(false) : .init(allTrue: values.allSatisfy { $0 == .bool(true) }, true)
    case .binary("||", let left, let right):
      let values = [left.value(row), right.value(row)]
      return values.contains(.bool(true))
        ? .bool(true) : .init(allTrue: values.allSatisfy { $0 == .bool(false) }, false)
    case .binary(let sign, let left, let right):
      return Value.combined(sign, left.value(row), right.value(row))
    case .member(let operand, let list):
      let value = operand.value(row)
      if value == .failed { return .failed }
      return .bool(list.contains { Value.combined("==", value, $0) == .bool(true) })
    case .conditional(let condition, let a, let b):
      guard case .bool(let value) = condition.value(row) else { return .failed }
      return value ? a.value(row) : b.value(row)
    case .call(let name, let operands):
      return Value.called(name, operands.map { $0.value(row) })
    }
  }
}

extension Sample.Value {
  init(allTrue: Bool, _ value: Bool) { self = allTrue ? .bool(value) : .failed }

  var text: String {
    switch self {
    case .bool(let value): "\(value)"
    case .int(let value): "\(value)"
    case .double(let value):
      value.isFinite
        ? "\(value)" : value.isNaN ? "(0.0 / 0.0)" : "(\(value < 0 ? "-" : "")1.0 / 0.0)"
    case .string(let value): "'\(value)'"
    case .null: "null"
    case .failed: "(1 / 0)"
    }
  }

  static func combined(_ sign: String, _ a: Self, _ b: Self) -> Self {
    switch (a, b) {
    case (.failed, _), (_, .failed): return .failed
    case (.null, _), (_, .null):
      return sign == "==" ? .bool(a == b) : sign == "!=" ? .bool(a != b) : .failed
    case (.int(let x), .int(let y)):
      if let order = ordered(sign, x, y) { return order }
      if y == 0, sign == "/" || sign == "%" { return .failed }
      let (value, overflow) =
        switch sign {
        case "+": x.addingReportingOverflow(y)
        case "-": x.subtractingReportingOverflow(y)
        case "*": x.multipliedReportingOverflow(by: y)
        case "/": x.dividedReportingOverflow(by: y)
        default: x.remainderReportingOverflow(dividingBy: y)
        }
      return overflow ? .failed : .int(value)
    case (.int(let x), .double): return combined(sign, .double(Double(x)), b)
    case (.double, .int(let y)): return combined(sign, a, .double(Double(y)))
    case (.double(let x), .double(let y)):
      if let order = ordered(sign, x, y) { return order }
      return .double(sign == "+" ? x + y : sign == "-" ? x - y : sign == "*" ? x * y : x / y)
    case (.bool(let x), .bool(let y)): return ordered(sign, x ? 1 : 0, y ? 1 : 0) ?? .failed
    case (.string(let x), .string(let y)):
      let left = Array(x.unicodeScalars.map(\.value))
      let right = Array(y.unicodeScalars.map(\.value))
      let order = left == right ? 0 : left.lexicographicallyPrecedes(right) ? -1 : 1
      return ordered(sign, order, 0) ?? .failed
    default: return .failed
    }
  }

  private static func ordered<T: Comparable>(_ sign: String, _ x: T, _ y: T) -> Self? {
    switch sign {
    case "<": .bool(x < y)
    case "<=": .bool(x <= y)
    case ">": .bool(x > y)
    case ">=": .bool(x >= y)
    case "==": .bool(x == y)
    case "!=": .bool(x != y)
    default: nil
    }
  }

  static func called(_ name: String, _ operands: [Self]) -> Self {
    switch (name, operands[0], operands.count > 1 ? operands[1] : .null) {
    case ("size", .string(let x), _): .int(Int64(x.unicodeScalars.count))
    case (".startsWith", .string(let x), .string(let y)): .bool(x.utf8.starts(with: y.utf8))
    case (".endsWith", .string(let x), .string(let y)):
      .bool(x.utf8.reversed().starts(with: y.utf8.reversed()))
    case (".contains", .string(let x), .string(let y)):
      .bool(
        x.utf8.indices.contains { x.utf8[$0...].starts(with: y.utf8) } || y.isEmpty)
    case ("double", .int(let x), _): .double(Double(x))
    case ("int", .double(let x), _):
      x > -0x1p63 && x < 0x1p63 ? .int(Int64(x.rounded(.towardZero))) : .failed
    case ("math.abs", .double(let x), _): .double(abs(x))
    case ("math.floor", .double(let x), _): .double(x.rounded(.down))
    case ("math.greatest", .int(let x), .int(let y)): .int(max(x, y))
    default: .failed
    }
  }
}
