internal import NIOCore
internal import SwiftProtobuf

/// Reads and writes the messages of every call but `ModelInfer`.
enum ControlMessage {
  /// The most fields of one message, those of submessages not counted: each takes more memory
  /// than its two bytes on the wire.
  private static let fieldsMax = 65_536

  /// The status of a unary call with a second message.
  static let oneTooMany = GRPCStatus(
    .unimplemented, "a unary call has more than one message; send one")

  /// The status of a unary call without a message.
  static let missing = GRPCStatus(.invalidArgument, "the call has no message; send one")

  /// The message in `bytes`.
  static func read<Request: Message>(_ bytes: ByteBuffer) throws(GRPCStatus) -> Request {
    guard hasFewFields(bytes) else {
      throw GRPCStatus(
        .resourceExhausted, "the message has more than \(fieldsMax) fields; send fewer")
    }
    do {
      return try Request(serializedBytes: [UInt8](buffer: bytes))
    } catch {
      throw GRPCStatus(
        .invalidArgument,
        "the message is not a valid \(Request.protoMessageName): \(bytes.readableBytes) bytes")
    }
  }

  /// Whether the fields are no more than ``fieldsMax``; what is malformed is found later.
  private static func hasFewFields(_ message: ByteBuffer) -> Bool {
    let bytes = message.readableBytesUInt8Span
    var cursor = ProtobufCursor(FieldSpan(start: 0, count: bytes.count))
    var count = 0
    while !cursor.isAtEnd {
      guard let tag = try? cursor.readTag(bytes), (try? cursor.skip(tag, bytes)) != nil else {
        return true
      }
      count += 1
      if count > fieldsMax { return false }
    }
    return true
  }

  /// The message, framed for gRPC.
  static func write(_ message: some Message) throws(GRPCStatus) -> ByteBuffer {
    do {
      let bytes: [UInt8] = try message.serializedBytes()
      var buffer = ModelInferResponseWriter.framed(bytes.count)
      buffer.writeBytes(bytes)
      return buffer
    } catch {
      throw GRPCStatus(.internal, "the answer could not be encoded: \(error)")
    }
  }
}
