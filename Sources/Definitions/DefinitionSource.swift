package import Yams

/// One text of definitions that is being read, and what was found wrong with it.
package struct DefinitionSource: Sendable {
  /// The file's name in problems.
  package let path: String
  private let lines: [Substring]
  /// What is wrong, in the order it was found.
  package var problems: [DefinitionProblem] = []

  package init(path: String, text: String) {
    self.path = path
    lines = text.split(separator: "\n", omittingEmptySubsequences: false)
  }

  /// The place in the file of a place in a scalar's text, both counted from 1; `nil` where the
  /// file writes the text in a way that moves its characters, as with escapes or folded lines.
  package func place(_ line: Int, _ column: Int, in node: Node) -> (line: Int, column: Int)? {
    guard let mark = node.mark, let scalar = node.scalar, mark.line >= 1, mark.line <= lines.count
    else { return nil }
    if scalar.style == .literal, mark.line < lines.count {
      return (mark.line + line, lines[mark.line].prefix { $0 == " " }.count + column)
    }
    let quotes = scalar.style == .singleQuoted || scalar.style == .doubleQuoted ? 1 : 0
    let written = lines[mark.line - 1].unicodeScalars.dropFirst(mark.column - 1 + quotes)
    guard String(String.UnicodeScalarView(written)).hasPrefix(scalar.string) else { return nil }
    return (mark.line, mark.column + quotes + column - 1)
  }
}
