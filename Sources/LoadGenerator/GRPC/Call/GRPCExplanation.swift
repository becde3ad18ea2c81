internal import NIOCore

/// Texts of servers, cut and cleaned so that they can be shown.
enum GRPCExplanation {
  /// Bytes kept of one text.
  static let bytesMax = 1024

  /// Adds text as it is, control characters as spaces, up to ``bytesMax`` in all.
  static func append(_ text: Span<UInt8>, to buffer: inout ByteBuffer) {
    let count = min(text.count, bytesMax - buffer.readableBytes)
    guard count > 0 else { return }
    for index in 0..<count { buffer.writeInteger(shown(text[index])) }
  }

  /// Adds a `grpc-message`: `%XX` stands for a byte; what only looks like it stays as it is.
  static func append(percentEncoded text: Span<UInt8>, to buffer: inout ByteBuffer) {
    var index = 0
    while index < text.count, buffer.readableBytes < bytesMax {
      var byte = text[index]
      index += 1
      if byte == UInt8(ascii: "%"), index + 1 < text.count,
        let high = digit(text[index]), let low = digit(text[index + 1])
      {
        byte = high << 4 | low
        index += 2
      }
      buffer.writeInteger(shown(byte))
    }
  }

  /// A terminal that shows a report must not obey a server.
  private static func shown(_ byte: UInt8) -> UInt8 {
    byte < 0x20 || byte == 0x7F ? 0x20 : byte
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
