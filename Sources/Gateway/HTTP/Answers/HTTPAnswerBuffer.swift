internal import Decisions
package import NIOCore

/// A body with room in front of it: the head is written last, when its numbers are known, and
/// ends where the body begins. One buffer, nothing moved.
package struct HTTPAnswerBuffer {
  /// Bytes in front of the body; the longest head has fewer.
  private static let headroom = 640
  /// The longest head without `Server-Timing` has fewer.
  private static let stagelessBytesMax = 320

  /// The body as written so far; after ``seal(_:bodyLength:)`` the whole answer.
  package var buffer: ByteBuffer
  private var index = HTTPAnswerBuffer.headroom

  /// - Parameter capacity: bytes of body to make room for.
  package init(allocator: ByteBufferAllocator, capacity: Int) {
    buffer = allocator.buffer(capacity: Self.headroom + capacity)
    buffer.moveWriterIndex(forwardBy: Self.headroom)
    buffer.moveReaderIndex(forwardBy: Self.headroom)
  }

  /// Writes the head in front of the body.
  ///
  /// - Parameter bodyLength: bytes of the whole body, also of those that are sent separately.
  package mutating func seal(_ head: HTTPAnswerHead, bodyLength: Int) {
    index = Self.headroom
    prepend("\r\n")
    if !head.isPersistent {
      prepend("Connection: close\r\n")
    } else if head.isVersion10 {
      prepend("Connection: keep-alive\r\n")
    }
    if let timing = head.timing { prepend(timing) }
    if !head.stages.isEmpty { prepend(head.stages) }
    if let allow = head.allow {
      prepend("\r\n")
      prepend(allow.text)
      prepend("Allow: ")
    }
    if let seconds = head.retryAfterSeconds { prepend("Retry-After: ", seconds) }
    if head.namesCompressions { prepend("Accept-Encoding: gzip, deflate\r\n") }
    switch head.compression {
    case .gzip: prepend("Content-Encoding: gzip\r\n")
    case .deflate: prepend("Content-Encoding: deflate\r\n")
    case nil: break
    }
    if let length = head.jsonLength { prepend("Inference-Header-Content-Length: ", length) }
    prepend("Content-Length: ", bodyLength)
    prepend(Self.line(head.contentType))
    prepend("\r\n")
    prepend(Self.reason(head.status))
    prepend(number: head.status)
    prepend("HTTP/1.1 ")
    buffer.moveReaderIndex(to: index)
  }

  private mutating func prepend(_ text: StaticString) {
    index -= text.utf8CodeUnitCount
    _ = buffer.setStaticString(text, at: index)
  }

  private mutating func prepend(_ name: StaticString, _ value: Int) {
    prepend("\r\n")
    prepend(number: value)
    prepend(name)
  }

  private mutating func prepend(number: Int) {
    var rest = number
    repeat {
      index -= 1
      buffer.setInteger(UInt8(truncatingIfNeeded: 0x30 + rest % 10), at: index)
      rest /= 10
    } while rest > 0
  }

  private mutating func prepend(_ timing: ServerTiming) {
    prepend("\r\n")
    prepend(", encode;dur=", milliseconds: timing.encode)
    prepend(", run;dur=", milliseconds: timing.run)
    prepend(", batch;dur=", milliseconds: timing.batch)
    prepend(", queue;dur=", milliseconds: timing.queue)
    prepend("Server-Timing: decode;dur=", milliseconds: timing.decode)
  }

  /// The first stages that leave room for the rest of the head.
  private mutating func prepend(_ stages: [Decision.Stage]) {
    var room = index - Self.stagelessBytesMax
    var count = 0
    for stage in stages {
      // `, ;dur=` and up to 23 digits.
      room -= stage.name.utf8.count + 30
      guard room >= 0 else { break }
      count += 1
    }
    guard count > 0 else { return }
    prepend("\r\n")
    for place in (0..<count).reversed() {
      prepend(";dur=", milliseconds: stages[place].nanoseconds / 1_000)
      index -= stages[place].name.utf8.count
      buffer.setString(stages[place].name, at: index)
      if place > 0 { prepend(", ") }
    }
    prepend("Server-Timing: ")
  }

  private mutating func prepend(_ name: StaticString, milliseconds microseconds: Int64) {
    let value = Int(max(0, microseconds))
    var rest = value % 1_000
    for _ in 0..<3 {
      index -= 1
      buffer.setInteger(UInt8(truncatingIfNeeded: 0x30 + rest % 10), at: index)
      rest /= 10
    }
    prepend(".")
    prepend(number: value / 1_000)
    prepend(name)
  }

  private static func line(_ type: HTTPAnswerHead.ContentType) -> StaticString {
    switch type {
    case .json: "Content-Type: application/json\r\n"
    case .binary: "Content-Type: application/octet-stream\r\n"
    case .text: "Content-Type: text/plain; charset=utf-8\r\n"
    case .lines: "Content-Type: application/x-ndjson\r\n"
    case .metrics: "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
    }
  }

  private static func reason(_ status: Int) -> StaticString {
    switch status {
    case 200: " OK"
    case 400: " Bad Request"
    case 403: " Forbidden"
    case 404: " Not Found"
    case 405: " Method Not Allowed"
    case 408: " Request Timeout"
    case 413: " Content Too Large"
    case 414: " URI Too Long"
    case 417: " Expectation Failed"
    case 422: " Unprocessable Content"
    case 429: " Too Many Requests"
    case 431: " Request Header Fields Too Large"
    case 499: " Client Closed Request"
    case 500: " Internal Server Error"
    case 501: " Not Implemented"
    case 503: " Service Unavailable"
    case 504: " Gateway Timeout"
    case 505: " HTTP Version Not Supported"
    default: " Status"
    }
  }
}
