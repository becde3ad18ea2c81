/// Reads the header fields that mean something here, and checks what they say together.
struct HTTPFieldReader {
  private var hasHost = false
  private var hasTransferEncoding = false
  private var saysClose = false
  private var saysKeepAlive = false

  /// Takes one field; fields of other names are ignored.
  mutating func read(
    _ bytes: Span<UInt8>, name: Range<Int>, value: Range<Int>, into head: inout HTTPRequestHead
  ) throws(HTTPRejection) {
    let start = name.lowerBound
    switch name.count {
    case 4 where HTTPCharacter.equalsIgnoringCase(bytes, start, "host"):
      if hasHost { throw HTTPRejection(400, "the request has more than one Host field") }
      hasHost = true
    case 6 where HTTPCharacter.equalsIgnoringCase(bytes, start, "expect"):
      try readExpect(bytes, value, into: &head)
    case 10 where HTTPCharacter.equalsIgnoringCase(bytes, start, "connection"):
      readConnection(bytes, value)
    case 11 where HTTPCharacter.equalsIgnoringCase(bytes, start, "traceparent"):
      head.traceparent = value
    case 12 where HTTPCharacter.equalsIgnoringCase(bytes, start, "content-type"):
      head.hasLines = MediaType.hasLines(bytes, value)
    case 14 where HTTPCharacter.equalsIgnoringCase(bytes, start, "content-length"):
      if head.contentLength != nil {
        throw HTTPRejection(400, "the request has more than one Content-Length field")
      }
      head.contentLength = try Self.number(bytes, value, "Content-Length")
    case 15 where HTTPCharacter.equalsIgnoringCase(bytes, start, "accept-encoding"):
      let best = AcceptedCompression.best(bytes, value)
      if head.acceptedCompression != .gzip, best != nil { head.acceptedCompression = best }
    case 16 where HTTPCharacter.equalsIgnoringCase(bytes, start, "content-encoding"):
      readContentEncoding(bytes, value, into: &head)
    case 17 where HTTPCharacter.equalsIgnoringCase(bytes, start, "transfer-encoding"):
      try readTransferEncoding(bytes, value, into: &head)
    case 21 where HTTPCharacter.equalsIgnoringCase(bytes, start, "needletail-timeout-"):
      try readTimeout(bytes, name, value, into: &head)
    case 31
    where HTTPCharacter.equalsIgnoringCase(bytes, start, "inference-header-content-length"):
      if head.jsonLength != nil {
        throw HTTPRejection(
          400, "the request has more than one Inference-Header-Content-Length field")
      }
      head.jsonLength = try Self.number(bytes, value, "Inference-Header-Content-Length")
    default: break
    }
  }

  /// Checks the fields together, once all are read.
  mutating func finish(_ head: inout HTTPRequestHead) throws(HTTPRejection) {
    if !hasHost, !head.isVersion10 {
      throw HTTPRejection(400, "the request has no Host field, which HTTP/1.1 requires")
    }
    if hasTransferEncoding {
      if head.contentLength != nil {
        throw HTTPRejection(400, "the request has both Content-Length and Transfer-Encoding")
      }
      if head.isVersion10 {
        throw HTTPRejection(400, "Transfer-Encoding is not part of HTTP/1.0")
      }
    }
    if saysClose {
      head.isPersistent = false
    } else if saysKeepAlive {
      head.isPersistent = true
    }
    if head.isVersion10 { head.expectsContinue = false }
  }

  private mutating func readExpect(
    _ bytes: Span<UInt8>, _ value: Range<Int>, into head: inout HTTPRequestHead
  ) throws(HTTPRejection) {
    if value.isEmpty { return }
    guard value.count == 12,
      HTTPCharacter.equalsIgnoringCase(bytes, value.lowerBound, "100-continue")
    else { throw HTTPRejection(417, "the only expectation met here is 100-continue") }
    head.expectsContinue = true
  }

  private mutating func readConnection(_ bytes: Span<UInt8>, _ value: Range<Int>) {
    var members = HTTPListMembers(value)
    while let member = members.next(bytes) {
      if member.count == 5, HTTPCharacter.equalsIgnoringCase(bytes, member.lowerBound, "close") {
        saysClose = true
      } else if member.count == 10,
        HTTPCharacter.equalsIgnoringCase(bytes, member.lowerBound, "keep-alive")
      {
        saysKeepAlive = true
      }
    }
  }

  private func readContentEncoding(
    _ bytes: Span<UInt8>, _ value: Range<Int>, into head: inout HTTPRequestHead
  ) {
    var members = HTTPListMembers(value)
    while let member = members.next(bytes) {
      let format: CompressionFormat?
      switch member.count {
      case 4 where HTTPCharacter.equalsIgnoringCase(bytes, member.lowerBound, "gzip"):
        format = .gzip
      case 6 where HTTPCharacter.equalsIgnoringCase(bytes, member.lowerBound, "x-gzip"):
        format = .gzip
      case 7 where HTTPCharacter.equalsIgnoringCase(bytes, member.lowerBound, "deflate"):
        format = .deflate
      case 8 where HTTPCharacter.equalsIgnoringCase(bytes, member.lowerBound, "identity"):
        continue
      default:
        format = nil
      }
      // One compression only: several would multiply what a small body can grow to.
      if let format, head.contentEncoding == .identity {
        head.contentEncoding = .compressed(format)
      } else {
        head.contentEncoding = .unknown
      }
    }
  }

  private mutating func readTransferEncoding(
    _ bytes: Span<UInt8>, _ value: Range<Int>, into head: inout HTTPRequestHead
  ) throws(HTTPRejection) {
    if hasTransferEncoding {
      throw HTTPRejection(400, "the request has more than one Transfer-Encoding field")
    }
    hasTransferEncoding = true
    guard value.count == 7, HTTPCharacter.equalsIgnoringCase(bytes, value.lowerBound, "chunked")
    else {
      throw HTTPRejection(501, "the only Transfer-Encoding understood here is chunked")
    }
    head.isChunked = true
  }

  private func readTimeout(
    _ bytes: Span<UInt8>, _ name: Range<Int>, _ value: Range<Int>,
    into head: inout HTTPRequestHead
  ) throws(HTTPRejection) {
    let unit = bytes[name.upperBound - 2] | 0x20
    guard unit == 0x6D || unit == 0x75, bytes[name.upperBound - 1] | 0x20 == 0x73 else { return }
    let number = try Self.number(bytes, value, "Needletail-Timeout")
    let scale = unit == 0x6D ? 1_000_000 : 1_000
    let (nanoseconds, overflow) = number.multipliedReportingOverflow(by: scale)
    head.timeoutNanoseconds = overflow ? .max : Int64(nanoseconds)
  }

  /// A whole number of 1 to 18 digits and nothing else.
  private static func number(_ bytes: Span<UInt8>, _ value: Range<Int>, _ field: String)
    throws(HTTPRejection) -> Int
  {
    var number = 0
    var isNumber = !value.isEmpty && value.count <= 18
    if isNumber {
      for index in value {
        if !HTTPCharacter.isDigit(bytes[index]) { isNumber = false }
        number = number &* 10 &+ Int(bytes[index] &- 0x30)
      }
    }
    guard isNumber else {
      throw HTTPRejection(400, "\(field) is not a whole number of at most 18 digits")
    }
    return number
  }
}

/// Walks the members of a comma-separated field value.
struct HTTPListMembers {
  private var position: Int
  private let end: Int

  init(_ value: Range<Int>) {
    position = value.lowerBound
    end = value.upperBound
  }

  /// The next member without white space around it; empty ones are skipped.
  mutating func next(_ bytes: Span<UInt8>) -> Range<Int>? {
    while position < end {
      var stop = position
      while stop < end, bytes[stop] != 0x2C { stop += 1 }
      var lower = position
      var upper = stop
      position = stop + 1
      while lower < upper, bytes[lower] == 0x20 || bytes[lower] == 0x09 { lower += 1 }
      while upper > lower, bytes[upper - 1] == 0x20 || bytes[upper - 1] == 0x09 { upper -= 1 }
      if lower < upper { return lower..<upper }
    }
    return nil
  }
}

/// Reads `Accept-Encoding`.
enum AcceptedCompression {
  /// The format to answer with: gzip before deflate; `nil` if neither is asked for by name.
  static func best(_ bytes: Span<UInt8>, _ value: Range<Int>) -> CompressionFormat? {
    var best: CompressionFormat?
    var members = HTTPListMembers(value)
    while let member = members.next(bytes) {
      var end = member.lowerBound
      while end < member.upperBound, HTTPCharacter.isToken(bytes[end]) { end += 1 }
      guard !isRefused(bytes, end..<member.upperBound) else { continue }
      let length = end - member.lowerBound
      if length == 4, HTTPCharacter.equalsIgnoringCase(bytes, member.lowerBound, "gzip") {
        return .gzip
      }
      if length == 7, HTTPCharacter.equalsIgnoringCase(bytes, member.lowerBound, "deflate") {
        best = .deflate
      }
    }
    return best
  }

  /// Whether the parameters say `q=0`, in any of its spellings.
  private static func isRefused(_ bytes: Span<UInt8>, _ parameters: Range<Int>) -> Bool {
    var index = parameters.lowerBound
    while index < parameters.upperBound, bytes[index] != 0x3D { index += 1 }
    guard index < parameters.upperBound else { return false }
    for place in (index + 1)..<parameters.upperBound
    where HTTPCharacter.isDigit(bytes[place]) && bytes[place] != 0x30 {
      return false
    }
    return true
  }
}

/// Reads `Content-Type`.
enum MediaType {
  private static let ofLines: [StaticString] = [
    "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines",
  ]

  /// Whether a body of this type holds one JSON value a line.
  static func hasLines(_ bytes: Span<UInt8>, _ value: Range<Int>) -> Bool {
    var end = value.lowerBound
    while end < value.upperBound, bytes[end] != 0x3B, bytes[end] > 0x20 { end += 1 }
    let count = end - value.lowerBound
    guard count >= 17 else { return false }
    return ofLines.contains {
      $0.utf8CodeUnitCount == count
        && HTTPCharacter.equalsIgnoringCase(bytes, value.lowerBound, $0)
    }
  }
}
