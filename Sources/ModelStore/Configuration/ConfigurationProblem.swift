/// One thing that is wrong with a model's configuration or folder, and what to do about it.
package struct ConfigurationProblem: Sendable, Equatable, CustomStringConvertible {
  /// The file the problem is in, or what stands for it: `configuration override`.
  package var file: String
  /// Counted from 1; 0 where the problem is of the file as a whole.
  package var line: Int
  /// Counted in characters from 1; 0 where the problem is of the file as a whole.
  package var column: Int
  /// What is wrong, with the values concerned.
  package var message: String
  /// What to do; empty where the message says it all.
  package var fix: String

  package init(file: String, line: Int = 0, column: Int = 0, message: String, fix: String = "") {
    self.file = file
    self.line = line
    self.column = column
    self.message = message
    self.fix = fix
  }

  /// `file:line:column: message; fix`.
  package var description: String {
    var text = file
    if line > 0 { text += ":\(line):\(column)" }
    text += text.isEmpty ? message : ": \(message)"
    if !fix.isEmpty { text += "; \(fix)" }
    return text
  }
}

/// Everything found wrong with one configuration; at least one problem.
package struct ConfigurationFailure: Error, Sendable, Equatable, CustomStringConvertible {
  package var problems: [ConfigurationProblem]

  package init(_ problems: [ConfigurationProblem]) { self.problems = problems }

  /// The problems, one a line.
  package var description: String { problems.map(\.description).joined(separator: "\n") }
}

/// A place in a text, both counted from 1.
package struct SourcePosition: Sendable, Hashable {
  package var line: Int
  package var column: Int

  package init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }
}

/// Finds the known name that a misspelt one most likely meant.
package enum NameSuggestion {
  /// The closest of `names`, if it is close enough to be meant; ties go to the first.
  static func closest(to name: String, among names: [String]) -> String? {
    let wanted = Array(name.lowercased().utf8.prefix(64))
    let limit = max(1, wanted.count / 3)
    var best: (name: String, distance: Int)?
    for candidate in names {
      let distance = editDistance(wanted, Array(candidate.lowercased().utf8.prefix(64)))
      if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.name
  }

  /// `did you mean 'x'?`, or else a list of what there is.
  package static func fix(for name: String, among names: [String]) -> String {
    if let match = closest(to: name, among: names) { return "did you mean '\(match)'?" }
    return "known here: " + names.sorted().joined(separator: ", ")
  }

  /// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
  private static func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var rows = [Array(0...b.count)]
    for i in 0..<a.count {
      var row = [i + 1]
      for j in 0..<b.count {
        let replaced = rows[i][j] + (a[i] == b[j] ? 0 : 1)
        var best = min(rows[i][j + 1] + 1, row[j] + 1, replaced)
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
          best = min(best, rows[i - 1][j - 1] + 1)
        }
        row.append(best)
      }
      rows.append(row)
    }
    return rows[a.count][b.count]
  }
}
