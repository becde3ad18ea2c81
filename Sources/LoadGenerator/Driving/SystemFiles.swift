private import Foundation

/// Reads files of Linux's `/proc`; elsewhere there are none, and every answer is `nil` or empty.
enum SystemFiles {
  /// A whole file; `nil` if it cannot be read.
  static func text(_ path: String) -> String? {
    guard let file = FileHandle(forReadingAtPath: path) else { return nil }
    defer { try? file.close() }
    // Files here claim to be empty and answer a page at a time: read until nothing comes.
    var bytes = Data()
    while let part = try? file.read(upToCount: 1 << 16), !part.isEmpty { bytes += part }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The names in a folder; empty if it cannot be read.
  static func names(in folder: String) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
  }

  /// Where a symbolic link points.
  static func destination(of link: String) -> String? {
    try? FileManager.default.destinationOfSymbolicLink(atPath: link)
  }

  /// The number that follows `name:` at the start of a line, as in `/proc/PID/status`.
  static func number(_ name: String, in text: String) -> UInt64? {
    for line in text.split(separator: "\n") where line.hasPrefix(name + ":") {
      let words = line.dropFirst(name.utf8.count + 1).split { $0 == " " || $0 == "\t" }
      return words.first.flatMap { UInt64($0) }
    }
    return nil
  }
}
