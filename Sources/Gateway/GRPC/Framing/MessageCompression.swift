internal import NIOCore

/// Compressed gRPC messages.
enum MessageCompression {
  /// The content of a compressed message.
  ///
  /// - Parameter encoding: what the call's head says; `nil` for an encoding this server lacks.
  static func inflate(
    _ bytes: ByteBuffer, encoding: MessageEncoding?, bytesMax: Int
  ) throws(GRPCStatus) -> ByteBuffer {
    let format: CompressionFormat
    switch encoding {
    case .gzip: format = .gzip
    case .deflate: format = .deflate
    case .identity:
      throw GRPCStatus(
        .internal, "a message is flagged as compressed, but 'grpc-encoding' names no compression")
    case nil:
      throw GRPCStatus(
        .unimplemented, "the message's 'grpc-encoding' is not supported; use gzip or deflate")
    }
    do throws(CompressionError) {
      return try Inflater.inflate(bytes, format, limit: bytesMax)
    } catch {
      switch error {
      case .malformed: throw GRPCStatus(.invalidArgument, error.message)
      case .tooLarge, .outOfMemory: throw GRPCStatus(.resourceExhausted, error.message)
      }
    }
  }

  /// A framed message, compressed; the message as it was where that fails or does not help.
  static func gzip(framed message: ByteBuffer) -> ByteBuffer {
    let content = message.getSlice(
      at: message.readerIndex + 5, length: max(0, message.readableBytes - 5))
    guard let content, content.readableBytes > 0 else { return message }
    var result = ByteBuffer()
    result.writeInteger(1 as UInt8)
    result.writeInteger(0 as UInt32)
    do throws(CompressionError) {
      try Deflater.deflate(content, .gzip, appendingTo: &result)
    } catch {
      return message
    }
    guard result.readableBytes < message.readableBytes else { return message }
    result.setInteger(UInt32(result.readableBytes - 5), at: result.readerIndex + 1)
    return result
  }
}
