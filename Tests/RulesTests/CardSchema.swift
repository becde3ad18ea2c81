@testable import Rules

/// The fields that the tests of one rule use.
enum CardSchema {
  static func make() throws -> RuleSchema {
    try RuleSchema([
      RuleField("tx.amount", .double), RuleField("tx.country", .string),
      RuleField("tx.is_3ds", .bool), RuleField("tx.items", .int), RuleField("tx.at", .timestamp),
      RuleField("f.count_1h", .int, isNullable: true), RuleField("f.age", .duration),
    ])
  }

  /// The problems of an expression, one a line; empty if it compiles.
  static func problems(
    _ expression: String, expecting expected: RuleType? = nil
  ) throws -> String {
    let schema = try make()
    do throws(RuleProblems) {
      _ = try CompiledExpression(expression, schema: schema, expecting: expected)
      return ""
    } catch {
      return error.description
    }
  }
}
