/// One mistake in a file of definitions.
package struct DefinitionProblem: Sendable, Equatable, CustomStringConvertible {
  package var file: String
  /// Counted from 1; 0 where the file as a whole is meant.
  package var line: Int
  /// Counted in characters from 1; 0 where the file as a whole is meant.
  package var column: Int
  /// What is wrong, with the value.
  package var message: String
  /// What to do; empty where the message says it all.
  package var fix: String

  /// A problem at a place.
  package init(file: String, line: Int, column: Int, message: String, fix: String = "") {
    self.file = file
    self.line = line
    self.column = column
    self.message = message
    self.fix = fix
  }

  /// `file:line:column: message; fix`.
  package var description: String {
    (line > 0 ? "\(file):\(line):\(column): \(message)" : "\(file): \(message)")
      + (fix.isEmpty ? "" : "; \(fix)")
  }
}

/// Everything that is wrong with a file of definitions; never empty.
package struct DefinitionError: Error, Sendable, CustomStringConvertible {
  /// In the order of the file.
  package var problems: [DefinitionProblem]

  /// At least one problem.
  package init(problems: [DefinitionProblem]) { self.problems = problems }

  /// One problem a line.
  package var description: String { problems.map(\.description).joined(separator: "\n") }
}
