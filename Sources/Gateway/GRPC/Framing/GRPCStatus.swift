/// How a call ended: a status code of gRPC and a text for the caller.
package struct GRPCStatus: Error, Sendable, Equatable {
  /// The codes of gRPC that this server sends.
  package enum Code: Int, Sendable, CaseIterable {
    case ok = 0
    case cancelled = 1
    case unknown = 2
    case invalidArgument = 3
    case deadlineExceeded = 4
    case notFound = 5
    case alreadyExists = 6
    case permissionDenied = 7
    case resourceExhausted = 8
    case failedPrecondition = 9
    case aborted = 10
    case outOfRange = 11
    case unimplemented = 12
    case `internal` = 13
    case unavailable = 14
    case dataLoss = 15
    case unauthenticated = 16
  }

  package var code: Code
  package var message: String

  package init(_ code: Code, _ message: String = "") {
    self.code = code
    self.message = message
  }

  /// The most bytes of encoded text; a longer one is cut, so that clients accept the header block.
  package static let messageBytesMax = 4096

  /// The text as the field `grpc-message` carries it: printable ASCII, all else `%XX`.
  package static func encode(message: String) -> [UInt8] {
    var encoded: [UInt8] = []
    encoded.reserveCapacity(min(message.utf8.count, messageBytesMax))
    for scalar in message.unicodeScalars {
      let bytes = UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
      let isPlain = scalar.isASCII && scalar.value >= 0x20 && scalar != "%" && scalar.value != 0x7F
      guard encoded.count + (isPlain ? 1 : 3 * bytes.count) <= messageBytesMax else { break }
      for byte in bytes {
        if isPlain {
          encoded.append(byte)
        } else {
          encoded.append(UInt8(ascii: "%"))
          encoded.append(hexadecimal(byte >> 4))
          encoded.append(hexadecimal(byte & 15))
        }
      }
    }
    return encoded
  }

  private static func hexadecimal(_ nibble: UInt8) -> UInt8 {
    nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "A") + nibble - 10
  }

  /// The fields that end a call; they follow the messages.
  var trailers: [HTTP2Field] {
    if code == .ok { return Self.okTrailers }
    return [
      HTTP2Field("grpc-status", made: Array(String(code.rawValue).utf8)),
      HTTP2Field("grpc-message", made: Self.encode(message: message)),
    ]
  }

  /// The fields of a call that ends before it answers anything.
  var trailersOnly: [HTTP2Field] {
    [HTTP2Field(":status", "200"), HTTP2Field("content-type", "application/grpc")] + trailers
  }

  static let okTrailers = [HTTP2Field("grpc-status", "0")]
}
