/// An element of an array that is longer than may be taken: its end is looked for over several
/// turns, so that what follows it is found.
struct LongValue {
  /// Bytes that belong together: an escape, a scalar or a word may be cut within them.
  static let partBytes = 16

  let start: Int
  /// What would be wrong with it, were it not long.
  let problem: JSONError?
  private var depth = 0
  private var isInText = false
  private var isEscaped = false

  init(_ start: Int, _ problem: JSONError?) {
    self.start = start
    self.problem = problem
  }

  /// Where it ends, if that is before `stop`.
  ///
  /// - Parameter index: the first byte to look at; moves on.
  mutating func findEnd(_ bytes: Span<UInt8>, from index: inout Int, until stop: Int) -> Int? {
    while index < stop {
      let byte = bytes[index]
      if isInText {
        index += 1
        if isEscaped {
          isEscaped = false
        } else if byte == 0x5C {
          isEscaped = true
        } else if byte == 0x22 {
          isInText = false
          if depth == 0 { return index }
        }
        continue
      }
      switch byte {
      case 0x22: isInText = true
      case 0x7B, 0x5B: depth += 1
      case 0x7D, 0x5D:
        if depth == 0 { return index }
        depth -= 1
        if depth == 0 { return index + 1 }
      case 0x2C, 0x20, 0x0A, 0x0D, 0x09:
        if depth == 0 { return index }
      default: break
      }
      index += 1
    }
    return nil
  }
}

extension Span where Element == UInt8 {
  /// Whether a byte is at an index, which may be the end.
  func holds(_ byte: UInt8, at index: Int) -> Bool { index < count && self[index] == byte }
}
