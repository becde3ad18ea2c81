internal import NIOCore

extension HTTPRequestBytes {
  /// Whether the method is `HEAD`, whose answer has a length but no body.
  var isHead: Bool {
    bytes.getInteger(at: bytes.readerIndex, as: UInt32.self) == 0x4845_4144
  }
}

extension ByteBuffer {
  /// Writes `number` as 16 lower-case hexadecimal digits at each stamp that lies inside.
  mutating func fillHTTPStamps(_ stamps: [Stamp], with number: UInt64) {
    for stamp in stamps {
      for place in 0..<Stamp.width {
        let digit = UInt8(truncatingIfNeeded: number >> UInt64(60 - 4 * place) & 0xF)
        setInteger(
          digit < 10 ? 0x30 + digit : 0x57 + digit, at: readerIndex + stamp.offset + place)
      }
    }
  }
}
