/// What the text of an expression says, before names and types are looked at.
///
/// Nodes stand in an array, operands always before what uses them, so a pass over the array sees
/// every operand first and needs no recursion.
struct SyntaxTree {
  struct Node {
    var kind: Kind
    /// Where problems of the node itself are reported: its operator, its name.
    var offset: Int
    /// The bytes of the text that it spans, parentheses around it left out.
    var range: Range<Int>
  }

  indirect enum Kind {
    case literal(RuleConstant)
    /// A name with its dots, as `tx.amount`.
    case name(String)
    case not(Int)
    case negate(Int)
    case binary(BinaryOperator, Int, Int)
    /// Two or more operands of `&&`.
    case all([Int])
    /// Two or more operands of `||`.
    case any([Int])
    case conditional(Int, Int, Int)
    case list([Int])
    /// `function(arguments)`, or `target.function(arguments)`.
    case call(target: Int?, function: String, arguments: [Int])
  }

  var nodes: [Node] = []
  var root: Int { nodes.count - 1 }
}

/// An operator of two operands that evaluates both.
enum BinaryOperator: String {
  case add = "+"
  case subtract = "-"
  case multiply = "*"
  case divide = "/"
  case modulo = "%"
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
  case equal = "=="
  case notEqual = "!="
  case isIn = "in"

  /// Which orders of two values make a relation true (the bits of `Slot.order`).
  var mask: UInt8? {
    switch self {
    case .less: 1
    case .lessOrEqual: 3
    case .equal: 2
    case .greater: 4
    case .greaterOrEqual: 6
    case .notEqual: 13
    default: nil
    }
  }
}
