internal import Decisions
internal import NIOCore

// The details of a status, as `google.rpc.Status` in the field `grpc-status-details-bin`: what many
// clients of gRPC read without knowing this server.
extension CallFailure {
  /// The most bytes of problems: with the status' text they stay below what clients accept.
  private static let problemBytesMax = 1_536
  /// The most bytes of the message: all of it is in the status' text.
  private static let messageBytesMax = 1_024
  private static let domain = "needletail"

  /// The field with the details of a status: its cause, what is wrong with the input and when to
  /// try again.
  var trailers: [HTTP2Field] {
    var details: [(type: String, message: ByteBuffer)] = [
      ("google.rpc.ErrorInfo", Self.errorInfo(code))
    ]
    if !problems.isEmpty { details.append(("google.rpc.BadRequest", badRequest)) }
    if retryAfter > 0 { details.append(("google.rpc.RetryInfo", retryInfo)) }
    var status = ByteBuffer()
    status.writeProtobufNumber(field: 1, Int64(self.status.rawValue))
    status.writeProtobufText(field: 2, String(message.prefix(bytes: Self.messageBytesMax)))
    for detail in details {
      let type = "type.googleapis.com/" + detail.type
      let size =
        ProtobufSize.text(type.utf8.count) + ProtobufSize.text(detail.message.readableBytes)
      status.writeProtobufHead(field: 3, count: size)
      status.writeProtobufText(field: 1, type)
      guard detail.message.readableBytes > 0 else { continue }
      status.writeProtobufHead(field: 2, count: detail.message.readableBytes)
      status.writeImmutableBuffer(detail.message)
    }
    return [
      HTTP2Field("grpc-status-details-bin", made: Base64.encode(status.readableBytesUInt8Span))
    ]
  }

  /// `google.rpc.ErrorInfo`: reason and domain.
  private static func errorInfo(_ code: String) -> ByteBuffer {
    var buffer = ByteBuffer()
    buffer.writeProtobufText(field: 1, code)
    buffer.writeProtobufText(field: 2, domain)
    return buffer
  }

  /// `google.rpc.BadRequest`: a violation for each problem, as many as there is room for.
  private var badRequest: ByteBuffer {
    var buffer = ByteBuffer()
    for problem in problems {
      let size =
        ProtobufSize.text(problem.field.utf8.count)
        + ProtobufSize.text(problem.message.utf8.count)
      guard buffer.readableBytes + size + 4 <= Self.problemBytesMax else { break }
      buffer.writeProtobufHead(field: 1, count: size)
      buffer.writeProtobufText(field: 1, problem.field)
      buffer.writeProtobufText(field: 2, problem.message)
    }
    return buffer
  }

  /// `google.rpc.RetryInfo`: a `google.protobuf.Duration`.
  private var retryInfo: ByteBuffer {
    let seconds = retryAfter / 1_000_000_000
    let nanoseconds = retryAfter % 1_000_000_000
    var buffer = ByteBuffer()
    buffer.writeProtobufHead(
      field: 1, count: ProtobufSize.number(seconds) + ProtobufSize.number(nanoseconds))
    buffer.writeProtobufNumber(field: 1, seconds)
    buffer.writeProtobufNumber(field: 2, nanoseconds)
    return buffer
  }
}

/// Base64 (RFC 4648), without padding, as header fields with bytes carry it.
enum Base64 {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  static func encode(_ bytes: Span<UInt8>) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count * 4 + 2) / 3)
    var index = 0
    while index < bytes.count {
      let count = min(3, bytes.count - index)
      var group = UInt32(bytes[index]) << 16
      if count > 1 { group |= UInt32(bytes[index + 1]) << 8 }
      if count > 2 { group |= UInt32(bytes[index + 2]) }
      for place in 0...count { text.append(alphabet[Int(group >> (18 - 6 * UInt32(place)) & 63)]) }
      index += count
    }
    return text
  }
}
