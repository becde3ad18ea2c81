/// What is wrong with one record of an input.
package struct RecordProblem: Error, Sendable, Equatable, CustomStringConvertible {
  /// The input's name, as the user gave it.
  package var input: String
  /// Counted from 1; 0 where the input as a whole is meant.
  package var line: Int
  /// Counted in bytes from 1; 0 where the record as a whole is meant.
  package var column: Int
  /// What was found and what was expected.
  package var message: String
  /// Whether nothing more can be read of this input.
  package var isFinal: Bool

  /// A problem at a place.
  package init(input: String, line: Int, column: Int, message: String, isFinal: Bool = false) {
    self.input = input
    self.line = line
    self.column = column
    self.message = message
    self.isFinal = isFinal
  }

  /// `input:line:column: message`.
  package var description: String {
    var place = input
    if line > 0 { place += ":\(line)" }
    if line > 0, column > 0 { place += ":\(column)" }
    return "\(place): \(message)"
  }
}

/// Why a value does not fit its field: the byte at which it starts, and the message.
struct ValueProblem: Error {
  var offset: Int
  var message: String
}
