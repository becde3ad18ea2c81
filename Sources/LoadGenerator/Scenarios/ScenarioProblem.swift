/// One mistake in a scenario or mix file.
package struct ScenarioProblem: Sendable, Equatable, CustomStringConvertible {
  package var file: String
  /// Counted from 1; 0 where the file as a whole is meant.
  package var line: Int
  /// Counted in characters from 1; 0 where the file as a whole is meant.
  package var column: Int
  /// What is wrong, with the value.
  package var message: String
  /// What to do; empty where the message says it all.
  package var fix: String

  /// `file:line:column: message; fix`.
  package var description: String {
    (line > 0 ? "\(file):\(line):\(column): \(message)" : "\(file): \(message)")
      + (fix.isEmpty ? "" : "; \(fix)")
  }
}
