/// An expression whose names are resolved and whose types fit.
struct CheckedTree {
  struct Node {
    var operation: CheckedOperation
    var type: RuleType
    /// Whether the value may be null.
    var isNullable: Bool
    /// Nodes before this one.
    var operands: [Int]
    /// Where failures of the node are reported.
    var offset: Int
  }

  /// By the indices of the syntax tree; `nil` where a problem was reported.
  var nodes: [Node?] = []
}

/// What a checked node does with its operands, which have the types that it needs.
enum CheckedOperation {
  case constant(RuleConstant)
  case field(Int)
  case isPresent(Int)
  case not
  case all
  case any
  case conditional
  /// Two numbers, or times; the types of the operands say which instruction.
  case arithmetic(BinaryOperator)
  case negate
  /// A relation by its mask of orders.
  case compare(mask: UInt8)
  /// Constant elements of one kind with the operand's, NaN left out.
  case member(elements: [RuleConstant], containsNull: Bool)
  /// Elements in brackets; stands only at the right of `in` and under `size`.
  case list([RuleConstant])
  /// A function of one operand or more that is one instruction.
  case function(Operation)
  /// `greatest` or `least` of two or more.
  case extreme(isGreatest: Bool)
  /// Whether a string holds this text.
  case contains(String)

  var constant: RuleConstant? {
    if case .constant(let value) = self { value } else { nil }
  }
}
