/// One mistake in a file that defines a pipeline, or in the file of views that it names.
package struct PipelineProblem: Sendable, Equatable, CustomStringConvertible {
  package var file: String
  /// Counted from 1; 0 where the file as a whole is meant.
  package var line: Int
  /// Counted in characters from 1; 0 where the file as a whole is meant.
  package var column: Int
  /// What is wrong, with the value.
  package var message: String
  /// What to do; empty where the message says it all.
  package var fix: String

  package init(file: String, line: Int, column: Int, message: String, fix: String) {
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

/// Everything that is wrong with a pipeline; never empty.
package struct PipelineFileError: Error, Sendable, CustomStringConvertible {
  /// In the order of the file.
  package var problems: [PipelineProblem]

  package init(problems: [PipelineProblem]) { self.problems = problems }

  /// One problem a line.
  package var description: String { problems.map(\.description).joined(separator: "\n") }
}
