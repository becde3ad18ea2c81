import Foundation
import LoadGenerator

/// Writes what was measured: the table to the terminal, the rest to files.
struct BenchOutputs: Sendable {
  let options: OutputOptions

  /// Everything that was asked for.
  ///
  /// - Throws: `StartFailure` naming the file that cannot be written; the others are written.
  func write(_ document: BenchDocument) throws {
    if !options.isQuiet {
      let table = TextReport.write(document, style: style)
      if options.takesStandardOutput {
        Self.write(table, to: .standardError)
      } else {
        Self.write(table, to: .standardOutput)
      }
    }
    var failures: [String] = []
    func attempt(_ path: String?, _ make: () throws -> [UInt8]) {
      guard let path else { return }
      do {
        try Self.write(try make(), path)
      } catch {
        failures.append("\(error)")
      }
    }
    attempt(options.json) { try document.written() }
    if let text = PerfAnalyzerCSV.write(document) {
      attempt(options.csv) { Array(text.utf8) }
    }
    attempt(options.html) { Array(HTMLReport.write(document).utf8) }
    if !failures.isEmpty { throw StartFailure(failures.joined(separator: "\n")) }
  }

  /// A line about the run's course: on the error stream, unless quiet.
  func note(_ line: String) {
    guard !options.isQuiet else { return }
    let erased = ErrorTerminal.isTerminal ? ProgressLine.erased : ""
    Self.write(erased + line + "\n", to: .standardError)
  }

  /// The progress line: only where somebody watches.
  var progress: (@Sendable (LoadProgress) -> Void)? {
    guard !options.isQuiet, ErrorTerminal.isTerminal else { return nil }
    return { progress in
      let line = ProgressLine.rewritten(progress.figures, width: ErrorTerminal.width)
      Self.write(line, to: .standardError)
    }
  }

  /// Takes the progress line away.
  func eraseProgress() {
    if !options.isQuiet, ErrorTerminal.isTerminal {
      Self.write(ProgressLine.erased, to: .standardError)
    }
  }

  private var style: TextStyle {
    let number = options.takesStandardOutput ? STDERR_FILENO : STDOUT_FILENO
    let isPlain = ProcessInfo.processInfo.environment["NO_COLOR"] != nil
    return isatty(number) == 1 && !isPlain ? .coloured : .plain
  }

  private static func write(_ bytes: [UInt8], _ path: String) throws {
    do {
      if path == "-" {
        try FileHandle.standardOutput.write(contentsOf: Data(bytes))
      } else {
        try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
      }
    } catch {
      let place = path == "-" ? "the standard output" : "'\(path)'"
      throw StartFailure("\(place) cannot be written: \(reason(error))")
    }
  }

  /// In the system's words, which Foundation hides behind its own.
  private static func reason(_ error: any Error) -> String {
    let error = error as NSError
    let cause = error.userInfo[NSUnderlyingErrorKey] as? NSError ?? error
    guard cause.domain == NSPOSIXErrorDomain else { return error.localizedDescription }
    return unsafe String(cString: strerror(Int32(cause.code)))
  }

  private static func write(_ text: String, to handle: FileHandle) {
    try? handle.write(contentsOf: Data(text.utf8))
  }
}

/// The terminal behind the standard error stream.
enum ErrorTerminal {
  static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

  /// Columns; 100 where nobody says.
  static var width: Int {
    var size = winsize()
    let answer = unsafe ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size)
    return answer == 0 && size.ws_col > 0 ? Int(size.ws_col) : 100
  }
}
