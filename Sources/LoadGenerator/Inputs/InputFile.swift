private import Foundation

/// A file of the operator, read whole.
package struct InputFile: Sendable {
  /// The path as it was given, for errors.
  package var path: String
  package var bytes: [UInt8]

  package init(path: String, bytes: [UInt8]) {
    self.path = path
    self.bytes = bytes
  }

  /// Reads the file, which may be a pipe.
  ///
  /// - Parameter bytesMax: a larger file is an error, noticed before it fills the memory.
  /// - Throws: ``BenchInputError`` with the path and why.
  package static func read(_ path: String, bytesMax: Int) throws(BenchInputError) -> InputFile {
    guard !path.isEmpty else { throw BenchInputError("a file name is empty") }
    guard FileManager.default.fileExists(atPath: path) else {
      throw BenchInputError("the file '\(path)' does not exist")
    }
    guard !FileManager.default.fileExists(atPath: path + "/.") else {
      throw BenchInputError("'\(path)' is a directory; name a file")
    }
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw BenchInputError("the file '\(path)' cannot be opened; check who may read it")
    }
    defer { try? handle.close() }
    var bytes: [UInt8] = []
    do {
      while let piece = try handle.read(upToCount: 1 << 20), !piece.isEmpty {
        bytes.append(contentsOf: piece)
        if bytes.count > bytesMax { break }
      }
    } catch {
      throw BenchInputError("the file '\(path)' cannot be read: \(error.localizedDescription)")
    }
    guard bytes.count <= bytesMax else {
      throw BenchInputError(
        "the file '\(path)' is larger than \(bytesMax) bytes, which is the most that is read; "
          + "cut it down")
    }
    return InputFile(path: path, bytes: bytes)
  }

  /// The ending in lower case, without its dot.
  package var ending: String { Self.ending(of: path) }

  /// The ending of a path in lower case, without its dot; empty if it has none.
  package static func ending(of path: String) -> String {
    guard let name = path.split(separator: "/").last, let dot = name.lastIndex(of: ".") else {
      return ""
    }
    return name[name.index(after: dot)...].lowercased()
  }

  /// `path:line:column` of a byte; both count from 1, columns in bytes.
  package func place(_ offset: Int) -> String {
    var line = 1
    var column = 1
    for index in 0..<min(offset, bytes.count) {
      if bytes[index] == 0x0A {
        line += 1
        column = 1
      } else {
        column += 1
      }
    }
    return "\(path):\(line):\(column)"
  }
}
