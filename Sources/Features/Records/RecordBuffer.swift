/// The bytes of an input that were read and not yet used.
struct RecordBuffer: Sendable {
  /// Appends the next bytes of an input; false at its end.
  typealias Source = (inout [UInt8]) throws -> Bool

  /// Bytes of the longest record.
  static let recordMax = 1 << 20

  private(set) var bytes: [UInt8] = []
  /// Where the next record starts.
  private(set) var start = 0
  private(set) var isAtEnd = false

  var isEmpty: Bool { start == bytes.count }

  mutating func consume(to end: Int) { start = end }

  /// The rest of a line that is to be passed over; `nil` if nothing was read yet.
  func restOfLine() -> RecordExtent? {
    guard !isEmpty else { return nil }
    var index = start
    while index < bytes.count, bytes[index] != UInt8(ascii: "\n") { index += 1 }
    guard index < bytes.count else {
      return RecordExtent(end: index, next: index, lines: 0, isCutOff: true)
    }
    return RecordExtent(end: index, next: index + 1)
  }

  /// Reads on; what was used goes.
  mutating func fill(from source: Source) throws {
    if start > 0 {
      bytes.removeSubrange(0..<start)
      start = 0
    }
    if try !source(&bytes) { isAtEnd = true }
  }
}
