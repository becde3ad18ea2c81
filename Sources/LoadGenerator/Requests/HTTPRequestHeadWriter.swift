internal import NIOCore

/// Writes the head of an HTTP/1.1 request.
struct HTTPRequestHeadWriter {
  var method = "POST"
  /// Percent-encoded, from the slash; may hold stamps' placeholders.
  var path: String
  /// The value of `Host`, unless ``headers`` has one.
  var authority: String
  var contentType: String
  /// Bytes of JSON before binary tensors; `nil` for no binary tensors.
  var jsonLength: Int?
  /// 0 for none.
  var timeoutMicroseconds: Int64 = 0
  /// Further fields, checked; they take the place of ours of the same name.
  var headers: [(name: String, value: String)] = []

  /// Writes the head for a body of `bodyLength` bytes; `nil` for a request without a body.
  func write(
    bodyLength: Int?, to buffer: inout ByteBuffer, stamps: inout [Stamp]
  ) {
    buffer.writeString(method)
    buffer.writeString(" ")
    buffer.writeStamped(path.utf8, into: &stamps)
    buffer.writeString(" HTTP/1.1\r\n")
    writeUnlessGiven("Host", authority, to: &buffer)
    if let bodyLength {
      writeUnlessGiven("Content-Type", contentType, to: &buffer)
      if let jsonLength {
        buffer.writeString("Inference-Header-Content-Length: \(jsonLength)\r\n")
      }
      buffer.writeString("Content-Length: \(bodyLength)\r\n")
    }
    if timeoutMicroseconds > 0 {
      writeUnlessGiven("Needletail-Timeout-Us", String(timeoutMicroseconds), to: &buffer)
    }
    for header in headers {
      buffer.writeString(header.name)
      buffer.writeString(": ")
      buffer.writeStamped(header.value.utf8, into: &stamps)
      buffer.writeString("\r\n")
    }
    buffer.writeString("\r\n")
  }

  private func writeUnlessGiven(_ name: String, _ value: String, to buffer: inout ByteBuffer) {
    let lower = name.lowercased()
    if headers.contains(where: { $0.name.lowercased() == lower }) { return }
    buffer.writeString("\(name): \(value)\r\n")
  }
}
