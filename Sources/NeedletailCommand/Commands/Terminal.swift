import Foundation

/// What the program says to whoever started it; the log is separate.
enum Terminal {
  /// A line on the standard output, at once: a supervisor may wait for it.
  static func say(_ line: String) {
    try? FileHandle.standardOutput.write(contentsOf: Data((line + "\n").utf8))
  }

  /// A line on the standard error stream.
  static func complain(_ line: String) {
    try? FileHandle.standardError.write(contentsOf: Data((line + "\n").utf8))
  }
}
