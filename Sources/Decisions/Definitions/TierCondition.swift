package import Rules

/// The condition under which a tier is asked.
package struct TierCondition: Sendable {
  package let expression: CompiledExpression

  /// Whether it holds; an expression without an answer does not.
  package func holds(_ row: borrowing RuleRow) -> Bool {
    if case .bool(let holds) = expression.evaluate(row) { return holds }
    return false
  }
}
