package import NIOCore

/// How a call's messages are compressed, as `grpc-encoding` names it.
package enum MessageEncoding: Sendable, Equatable {
  case identity
  case gzip
  case deflate
}

/// Cuts a stream of bytes into gRPC messages: each a flag, a length of four bytes, and the message.
///
/// A message that arrives whole is copied once. Nothing is allocated for a length that is only
/// announced: the buffer grows with what has arrived.
package struct MessageAssembler {
  /// One message as it was sent.
  package struct Message {
    package var isCompressed: Bool
    package var bytes: ByteBuffer
  }

  /// What the bytes hold next.
  package enum Next {
    case message(Message)
    /// The message is not complete.
    case incomplete
    /// The length announced is over the bound, or the flag is neither 0 nor 1.
    case invalid(GRPCStatus)
  }

  private static let prefixBytes = 5

  private var buffer = ByteBuffer()
  /// The largest message, as sent; at most `Int32.max`. Change it before the first byte.
  package var messageBytesMax: Int

  /// - Parameter messageBytesMax: the largest message, as sent; at most `Int32.max`.
  package init(messageBytesMax: Int) { self.messageBytesMax = messageBytesMax }

  /// Bytes that wait here, prefixes included.
  package var bufferedBytes: Int { buffer.readableBytes }
  /// Bytes of memory that the waiting bytes keep.
  package var storageBytes: Int { buffer.capacity }

  /// Adds bytes as they arrive; call ``next()`` until it says ``Next/incomplete``.
  package mutating func append(_ bytes: RawSpan) {
    if buffer.readableBytes == 0 {
      // The old storage may still be shared by messages that were handed out.
      buffer = ByteBuffer()
    } else {
      var wanted = buffer.readableBytes + bytes.byteCount
      if let length = announcedLength, length <= messageBytesMax {
        wanted = max(wanted, min(length + Self.prefixBytes, max(wanted * 2, 4096)))
      }
      if buffer.readerIndex > 0 {
        // What was read must go: the storage would grow as long as messages overlap chunks.
        var rest = ByteBufferAllocator().buffer(capacity: wanted)
        rest.writeImmutableBuffer(buffer)
        buffer = rest
      } else {
        buffer.reserveCapacity(minimumWritableBytes: wanted - buffer.readableBytes)
      }
    }
    buffer.writeBytes(bytes)
  }

  /// Takes the next complete message.
  package mutating func next() -> Next {
    guard let length = announcedLength,
      let flag = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self)
    else { return .incomplete }
    guard flag <= 1 else {
      return .invalid(GRPCStatus(.internal, "a message's compressed flag is \(flag); send 0 or 1"))
    }
    guard length <= messageBytesMax else {
      return .invalid(
        GRPCStatus(
          .resourceExhausted,
          "a message of \(length) bytes exceeds the limit of \(messageBytesMax) for this call; "
            + "send less"))
    }
    guard buffer.readableBytes - Self.prefixBytes >= length else { return .incomplete }
    buffer.moveReaderIndex(forwardBy: Self.prefixBytes)
    guard let bytes = buffer.readSlice(length: length) else { return .incomplete }
    if buffer.readableBytes == 0 { buffer = ByteBuffer() }
    return .message(Message(isCompressed: flag == 1, bytes: bytes))
  }

  private var announcedLength: Int? {
    buffer.getInteger(at: buffer.readerIndex + 1, as: UInt32.self).map { Int($0) }
  }
}
