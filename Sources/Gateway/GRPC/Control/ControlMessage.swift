internal import NIOCore
internal import SwiftProtobuf

/// Reads and writes the messages of every call but `ModelInfer`.
enum ControlMessage {
  /// The message in `bytes`.
  static func read<Request: Message>(_ bytes: ByteBuffer) throws(GRPCStatus) -> Request {
    do {
      return try Request(serializedBytes: [UInt8](buffer: bytes))
    } catch {
      throw GRPCStatus(
        .invalidArgument,
        "the message is not a valid \(Request.protoMessageName): \(bytes.readableBytes) bytes")
    }
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
