private import Foundation

/// Reads trace files from disk.
enum TraceFile {
  /// Larger files are refused: ten million lines of a hundred columns.
  static let bytesMax = 1_000_000_000
  private static let pieceSize = 1 << 20

  /// The arrivals of a file; see ``TraceText``. Reads the disk; not for an event loop.
  static func read(
    _ path: String, _ form: TraceText.Form, bytesMax: Int = Self.bytesMax
  ) throws(BenchInputError) -> (offsets: [Int64], period: Int64?) {
    guard let file = FileHandle(forReadingAtPath: path) else {
      throw BenchInputError("\(path): cannot be opened; check the path and its permissions")
    }
    var text = TraceText(form, name: path)
    var total = 0
    while let piece = try next(file, path) {
      total += piece.count
      guard total <= bytesMax else {
        throw BenchInputError("\(path): is larger than \(bytesMax) bytes; use a part of it")
      }
      try text.feed(piece)
    }
    return try text.finish()
  }

  private static func next(
    _ file: FileHandle, _ path: String
  ) throws(BenchInputError) -> [UInt8]? {
    let piece: Data?
    do {
      piece = try file.read(upToCount: pieceSize)
    } catch {
      throw BenchInputError("\(path): cannot be read: \(error.localizedDescription)")
    }
    guard let piece, !piece.isEmpty else { return nil }
    return [UInt8](piece)
  }
}
