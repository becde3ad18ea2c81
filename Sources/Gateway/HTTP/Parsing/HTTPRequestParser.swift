/// Reads request heads, strictly by RFC 9112: what two readers could understand differently is
/// refused.
///
/// Bytes in, a head or a rejection out; keeps no bytes. Feed it the unread bytes of a connection
/// from the first byte of a request until it returns a head.
package struct HTTPRequestParser: Sendable {
  private let limits: GatewayLimits
  /// Bytes already searched for the end of the head.
  private var searched = 0

  package init(limits: GatewayLimits) { self.limits = limits }

  /// The head at the start of `bytes`, or `nil` if its end has not arrived.
  ///
  /// - Throws: ``HTTPRejection``; the connection's bytes have no meaning any more.
  package mutating func parse(_ bytes: Span<UInt8>) throws(HTTPRejection) -> HTTPRequestHead? {
    guard searched == 0 || endArrived(bytes) else {
      try checkSize(bytes)
      return nil
    }
    var reader = HeadReader(limits: limits)
    guard try reader.read(bytes) else {
      searched = bytes.count
      try checkSize(bytes)
      return nil
    }
    searched = 0
    return reader.head
  }

  /// Looks in the bytes that are new for an empty line.
  private mutating func endArrived(_ bytes: Span<UInt8>) -> Bool {
    var index = max(1, searched - 2)
    searched = bytes.count
    while index < bytes.count {
      if bytes[index] == 0x0A {
        if bytes[index - 1] == 0x0A { return true }
        if index >= 2, bytes[index - 1] == 0x0D, bytes[index - 2] == 0x0A { return true }
      }
      index += 1
    }
    return false
  }

  private func checkSize(_ bytes: Span<UInt8>) throws(HTTPRejection) {
    guard bytes.count > limits.headBytesMax else { return }
    throw HTTPRejection(
      431, "the request's head is larger than \(limits.headBytesMax) bytes; send fewer fields")
  }
}

/// One pass over the bytes of a head.
private struct HeadReader {
  let limits: GatewayLimits
  var head = HTTPRequestHead()
  private var position = 0
  private var fields = HTTPFieldReader()

  init(limits: GatewayLimits) { self.limits = limits }

  /// Reads a whole head; `false` if its end has not arrived.
  mutating func read(_ bytes: Span<UInt8>) throws(HTTPRejection) -> Bool {
    // Empty lines before a request line are left over from sloppy clients.
    while position + 1 < bytes.count, bytes[position] == 0x0D, bytes[position + 1] == 0x0A {
      position += 2
    }
    if position + 1 == bytes.count, bytes[position] == 0x0D { return false }
    guard try readRequestLine(bytes) else { return false }
    var count = 0
    while true {
      guard position < bytes.count else { return false }
      if bytes[position] == 0x0D {
        guard position + 1 < bytes.count else { return false }
        guard bytes[position + 1] == 0x0A else { throw Self.bareReturn }
        position += 2
        break
      }
      guard count < limits.headerFieldsMax else {
        throw HTTPRejection(
          431, "the request has more than \(limits.headerFieldsMax) header fields; send fewer")
      }
      guard try readField(bytes) else { return false }
      count += 1
    }
    guard position <= limits.headBytesMax else {
      throw HTTPRejection(
        431, "the request's head is larger than \(limits.headBytesMax) bytes; send fewer fields")
    }
    head.byteCount = position
    try fields.finish(&head)
    return true
  }

  private mutating func readRequestLine(_ bytes: Span<UInt8>) throws(HTTPRejection) -> Bool {
    let start = position
    var index = start
    while index < bytes.count, HTTPCharacter.isToken(bytes[index]) { index += 1 }
    guard try hasRoom(bytes, index, from: start) else { return false }
    guard index > start, bytes[index] == 0x20 else { throw Self.badLine }
    head.method = Self.method(bytes, start..<index)
    index += 1
    let target = index
    while index < bytes.count, bytes[index] > 0x20, bytes[index] < 0x7F { index += 1 }
    guard try hasRoom(bytes, index, from: start) else { return false }
    guard index > target, bytes[index] == 0x20 else { throw Self.badLine }
    try setTarget(bytes, target..<index)
    index += 1
    guard index + 10 <= bytes.count else {
      return try checkPartialVersion(bytes, from: index)
    }
    try readVersion(bytes, at: index)
    position = index + 10
    return true
  }

  /// Whether `index` is still within the bytes; throws if the line is too long.
  private func hasRoom(_ bytes: Span<UInt8>, _ index: Int, from start: Int) throws(HTTPRejection)
    -> Bool
  {
    guard index - start <= limits.requestLineBytesMax else {
      throw HTTPRejection(
        414, "the request line is longer than \(limits.requestLineBytesMax) bytes")
    }
    return index < bytes.count
  }

  private func checkPartialVersion(_ bytes: Span<UInt8>, from index: Int) throws(HTTPRejection)
    -> Bool
  {
    let expected: StaticString = "HTTP/1."
    for place in index..<bytes.count where place - index < 7 {
      if bytes[place] != HTTPCharacter.byte(expected, place - index) { throw Self.badLine }
    }
    return false
  }

  private mutating func readVersion(_ bytes: Span<UInt8>, at index: Int) throws(HTTPRejection) {
    guard HTTPCharacter.equals(bytes, index, "HTTP/"), bytes[index + 6] == 0x2E,
      HTTPCharacter.isDigit(bytes[index + 5]), HTTPCharacter.isDigit(bytes[index + 7]),
      bytes[index + 8] == 0x0D, bytes[index + 9] == 0x0A
    else { throw Self.badLine }
    guard bytes[index + 5] == 0x31 else {
      throw HTTPRejection(505, "this port speaks HTTP/1.1 and HTTP/1.0 only")
    }
    head.isVersion10 = bytes[index + 7] == 0x30
    head.isPersistent = !head.isVersion10
  }

  private mutating func setTarget(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(HTTPRejection) {
    var start = range.lowerBound
    if bytes[start] != 0x2F { start = try skipAuthority(bytes, range) }
    var end = start
    while end < range.upperBound, bytes[end] != 0x3F, bytes[end] != 0x23 { end += 1 }
    head.path = start..<end
    if end < range.upperBound {
      guard bytes[end] == 0x3F else { throw Self.badLine }
      head.query = (end + 1)..<range.upperBound
    }
  }

  /// The start of the path in the absolute form, `http://host/path`.
  private func skipAuthority(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(HTTPRejection)
    -> Int
  {
    if range.count == 1, bytes[range.lowerBound] == 0x2A { return range.lowerBound }
    guard range.count > 8, HTTPCharacter.equalsIgnoringCase(bytes, range.lowerBound, "http") else {
      throw Self.badLine
    }
    var index = range.lowerBound + 4
    if bytes[index] | 0x20 == 0x73 { index += 1 }
    guard index + 3 < range.upperBound, HTTPCharacter.equals(bytes, index, "://") else {
      throw Self.badLine
    }
    index += 3
    while index < range.upperBound, bytes[index] != 0x2F { index += 1 }
    guard index < range.upperBound else { throw Self.badLine }
    return index
  }

  /// Reads one field line; `false` if its end has not arrived.
  private mutating func readField(_ bytes: Span<UInt8>) throws(HTTPRejection) -> Bool {
    let start = position
    var index = start
    while index < bytes.count, HTTPCharacter.isToken(bytes[index]) { index += 1 }
    guard index < bytes.count else { return false }
    guard index > start, bytes[index] == 0x3A else {
      throw HTTPRejection(400, "a header field is not 'name: value'")
    }
    let name = start..<index
    index += 1
    while index < bytes.count, bytes[index] == 0x20 || bytes[index] == 0x09 { index += 1 }
    let value = index
    while index < bytes.count, HTTPCharacter.isFieldContent(bytes[index]) { index += 1 }
    guard index < bytes.count else { return false }
    guard bytes[index] == 0x0D else {
      throw HTTPRejection(400, "a header field's value holds a control character")
    }
    guard index + 1 < bytes.count else { return false }
    guard bytes[index + 1] == 0x0A else { throw Self.bareReturn }
    var end = index
    while end > value, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 { end -= 1 }
    position = index + 2
    try fields.read(bytes, name: name, value: value..<end, into: &head)
    return true
  }

  private static func method(_ bytes: Span<UInt8>, _ range: Range<Int>) -> HTTPMethod {
    switch range.count {
    case 3 where HTTPCharacter.equals(bytes, range.lowerBound, "GET"): .get
    case 4 where HTTPCharacter.equals(bytes, range.lowerBound, "POST"): .post
    case 4 where HTTPCharacter.equals(bytes, range.lowerBound, "HEAD"): .head
    default: .other
    }
  }

  private static let badLine = HTTPRejection(
    400, "the request line is not 'VERB /path HTTP/1.1'")
  private static let bareReturn = HTTPRejection(
    400, "a carriage return stands without its line feed")
}
