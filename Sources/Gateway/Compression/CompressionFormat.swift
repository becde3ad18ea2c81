/// A compressed form of a body or a message.
package enum CompressionFormat: Sendable, Equatable, CaseIterable {
  /// The gzip format.
  case gzip
  /// The zlib format, which HTTP and gRPC call `deflate`.
  case deflate

  /// The name in headers.
  package var name: String {
    switch self {
    case .gzip: "gzip"
    case .deflate: "deflate"
    }
  }

  /// zlib's window parameter: 15 bits, plus 16 for gzip.
  var windowBits: Int32 {
    switch self {
    case .gzip: 15 + 16
    case .deflate: 15
    }
  }
}

/// Why bytes could not be decompressed; `message` is fit for the caller.
package enum CompressionError: Error, Sendable, Equatable {
  /// The bytes are not of this format, or end too early.
  case malformed(CompressionFormat)
  /// The content has more bytes than allowed.
  case tooLarge(limit: Int)
  /// The library has no memory.
  case outOfMemory

  package var message: String {
    switch self {
    case .malformed(let format):
      "the body is not valid \(format.name) data or ends too early; compress it again"
    case .tooLarge(let limit):
      "the decompressed body is larger than \(limit) bytes; send less at once"
    case .outOfMemory:
      "no memory for compression; retry later"
    }
  }
}
