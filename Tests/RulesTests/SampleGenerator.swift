@testable import Rules

/// Makes random expressions of a wanted type, and rows for them.
struct SampleGenerator {
  var random: SeededGenerator

  static let fields: [RuleField] = [
    RuleField("a.bool", .bool, isNullable: true), RuleField("b.bool", .bool, isNullable: true),
    RuleField("a.int", .int, isNullable: true), RuleField("b.int", .int, isNullable: true),
    RuleField("a.double", .double, isNullable: true),
    RuleField("b.double", .double, isNullable: true),
    RuleField("a.string", .string, isNullable: true),
    RuleField("b.string", .string, isNullable: true),
  ]

  private mutating func pick<T>(_ choices: [T]) -> T {
    choices[Int.random(in: 0..<choices.count, using: &random)]
  }

  mutating func value(_ type: RuleType) -> Sample.Value {
    switch type {
    case .bool: .bool(Bool.random(using: &random))
    case .int: .int(pick([0, 1, -1, 2, 3, 7, -40, .max, .min, 1 << 53, 1 << 62]))
    case .double:
      .double(pick([0, -0.0, 1, -1, 0.5, 2, 7, 1e300, -1e19, 0x1p53, .nan, .infinity]))
    default:
      .string(
        pick([
          "", "a", "ab", "abc", "abcabd", "é", "😀", "abcdefgh", "abcdefghi", "e\u{301}", "ab\u{0}",
        ]))
    }
  }

  mutating func row() -> [String: Sample.Value] {
    var row: [String: Sample.Value] = [:]
    for field in Self.fields where Int.random(in: 0..<5, using: &random) > 0 {
      row[field.name] = value(field.type)
    }
    return row
  }

  /// An expression of this type, at most so deep.
  mutating func sample(_ type: RuleType, depth: Int) -> Sample {
    if depth == 0 || Int.random(in: 0..<8, using: &random) == 0 { return leaf(type) }
    if Int.random(in: 0..<7, using: &random) == 0 {
      return .conditional(
        sample(.bool, depth: depth - 1), sample(type, depth: depth - 1),
        sample(type, depth: depth - 1))
    }
    switch type {
    case .bool: return condition(depth: depth - 1)
    case .int: return integer(depth: depth - 1)
    case .double: return double(depth: depth - 1)
    default: return leaf(type)
    }
  }

  private mutating func leaf(_ type: RuleType) -> Sample {
    if Int.random(in: 0..<3, using: &random) == 0 { return .constant(value(type)) }
    let names = Self.fields.filter { $0.type == type }.map(\.name)
    return .field(pick(names))
  }

  private mutating func condition(depth: Int) -> Sample {
    let relations = ["<", "<=", ">", ">=", "==", "!="]
    switch Int.random(in: 0..<12, using: &random) {
    case 0...2:
      return .binary("&&", sample(.bool, depth: depth), sample(.bool, depth: depth))
    case 3...5:
      return .binary("||", sample(.bool, depth: depth), sample(.bool, depth: depth))
    case 6: return .not(sample(.bool, depth: depth))
    case 7: return .present(pick(Self.fields.map(\.name)))
    case 8:
      let type = pick([RuleType.bool, .int, .double, .string])
      let count = Int.random(in: 0..<12, using: &random)
      let list = (0..<count).map { _ in
        Int.random(in: 0..<9, using: &random) == 0 ? .null : value(type)
      }
      return .member(sample(type, depth: depth), list.filter { $0.text.first != "(" })
    case 9:
      return .call(
        pick([".startsWith", ".endsWith"]),
        [sample(.string, depth: depth), sample(.string, depth: depth)])
    case 10: return .call(".contains", [sample(.string, depth: depth), .constant(value(.string))])
    default:
      let left = pick([RuleType.bool, .int, .double, .string])
      let right = left == .int || left == .double ? pick([RuleType.int, .double]) : left
      return .binary(
        pick(relations), sample(left, depth: depth), sample(right, depth: depth))
    }
  }

  private mutating func integer(depth: Int) -> Sample {
    switch Int.random(in: 0..<8, using: &random) {
    case 0: .negate(sample(.int, depth: depth))
    case 1: .call("size", [sample(.string, depth: depth)])
    case 2: .call("int", [sample(.double, depth: depth)])
    case 3:
      .call("math.greatest", [sample(.int, depth: depth), sample(.int, depth: depth)])
    default:
      .binary(
        pick(["+", "-", "*", "/", "%"]), sample(.int, depth: depth), sample(.int, depth: depth))
    }
  }

  private mutating func double(depth: Int) -> Sample {
    switch Int.random(in: 0..<7, using: &random) {
    case 0: .negate(sample(.double, depth: depth))
    case 1: .call("double", [sample(.int, depth: depth)])
    case 2: .call(pick(["math.abs", "math.floor"]), [sample(.double, depth: depth)])
    default:
      .binary(
        pick(["+", "-", "*", "/"]), sample(.double, depth: depth), sample(.double, depth: depth))
    }
  }
}
