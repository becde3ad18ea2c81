/// Something wrong with the text of an expression: where, what was found, what would be right.
package struct RuleProblem: Error, Sendable, Hashable, CustomStringConvertible {
  /// Bytes (UTF-8) before the place in the text of the expression.
  package let offset: Int
  /// The line of the place, from 1.
  package let line: Int
  /// The column of the place, from 1, in Unicode scalars.
  package let column: Int
  /// What was found, what was expected and what to do.
  package let message: String

  init(offset: Int, in source: [UInt8], message: String) {
    let place = SourcePlace(offset: offset, in: source)
    self.offset = offset
    line = place.line
    column = place.column
    self.message = message
  }

  /// `line:column: message`.
  package var description: String { "\(line):\(column): \(message)" }
}

/// Everything that is wrong with one expression, in the order of the text. Never empty.
package struct RuleProblems: Error, Sendable, Hashable, CustomStringConvertible {
  /// The problems, by place.
  package let problems: [RuleProblem]

  init(_ problems: [RuleProblem]) {
    self.problems = problems.sorted { $0.offset < $1.offset }
  }

  /// One problem a line.
  package var description: String { problems.map(\.description).joined(separator: "\n") }
}

/// A line and a column, both from 1; columns count Unicode scalars.
struct SourcePlace: Equatable {
  var line = 1
  var column = 1

  /// The place of a byte; an offset past the end is the end.
  init(offset: Int, in source: [UInt8]) {
    for byte in source.prefix(offset) {
      if byte == UInt8(ascii: "\n") {
        line += 1
        column = 1
      } else if byte & 0xC0 != 0x80 {
        column += 1
      }
    }
  }
}

/// The bounds of one expression: what a rule may cost to read, check and keep.
package enum RuleLimits {
  /// Bytes of the text of an expression.
  package static let sourceBytes = 16 * 1024
  /// Levels of parentheses, calls, lists and conditionals inside one another.
  package static let depth = 64
  /// Literals, names and operators together.
  package static let nodes = 4096
  /// Elements of one list.
  package static let listElements = 1024
  /// Bytes of all strings of a row.
  package static let rowStringBytes = 1 << 20
  /// Rules of a set.
  package static let rules = 4096
  /// Fields of a schema.
  package static let fields = 4096
}
