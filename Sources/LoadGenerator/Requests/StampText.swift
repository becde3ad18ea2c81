internal import NIOCore

extension Stamp {
  /// What stands in a text for a request's number.
  package static let placeholder = "{{request}}"
}

extension ByteBuffer {
  /// Writes a stamp's place, filled with zeros, and notes it.
  mutating func writeStamp(into stamps: inout [Stamp]) {
    stamps.append(Stamp(offset: readableBytes))
    writeRepeatingByte(0x30, count: Stamp.width)
  }

  /// Writes `bytes` with a stamp for each ``Stamp/placeholder`` in them.
  mutating func writeStamped(_ bytes: some Collection<UInt8>, into stamps: inout [Stamp]) {
    let pattern = Array(Stamp.placeholder.utf8)
    var rest = bytes[...]
    // A placeholder begins with a brace, which hardly anything but JSON holds.
    while let brace = rest.firstIndex(of: pattern[0]) {
      writeBytes(rest[..<brace])
      rest = rest[brace...]
      if rest.starts(with: pattern) {
        writeStamp(into: &stamps)
        rest = rest.dropFirst(pattern.count)
      } else {
        writeBytes(rest.prefix(1))
        rest = rest.dropFirst()
      }
    }
    writeBytes(rest)
  }

  /// The bytes that `bytes` takes once its placeholders are stamps.
  static func stampedCount(_ bytes: some Collection<UInt8>) -> Int {
    var count = bytes.count
    let pattern = Array(Stamp.placeholder.utf8)
    var rest = bytes[...]
    while let brace = rest.firstIndex(of: pattern[0]) {
      rest = rest[brace...]
      let isPlaceholder = rest.starts(with: pattern)
      if isPlaceholder { count += Stamp.width - pattern.count }
      rest = rest.dropFirst(isPlaceholder ? pattern.count : 1)
    }
    return count
  }
}
