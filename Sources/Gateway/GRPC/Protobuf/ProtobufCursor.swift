/// Why bytes are not the protobuf message they should be.
package enum ProtobufError: Error, Equatable, Sendable {
  /// A field reaches past the end of its message.
  case truncated
  /// A varint has more than ten bytes or more than 64 bits.
  case varintTooLong
  /// A field number of 0, an unknown wire type, or the end of a group that never began.
  case invalidTag
  /// A `string` field is not UTF-8.
  case invalidText
  /// Groups are nested deeper than the bound.
  case nestingTooDeep
  /// A repeated field has more entries than the bound.
  case tooMany(StaticString, limit: Int)

  package static func == (a: ProtobufError, b: ProtobufError) -> Bool { a.message == b.message }

  /// What is wrong, in words for the caller.
  package var message: String {
    switch self {
    case .truncated: "a field's length reaches past the end of its message"
    case .varintTooLong: "a varint is longer than 64 bits"
    case .invalidTag: "a field's tag is invalid"
    case .invalidText: "a string field is not valid UTF-8"
    case .nestingTooDeep: "groups are nested too deep"
    case .tooMany(let name, let limit): "more than \(limit) entries of '\(name)'"
    }
  }
}

/// A range of a message's bytes: a string, a submessage or packed numbers.
package struct FieldSpan: Sendable, Equatable {
  package var start: Int
  package var count: Int

  package init(start: Int, count: Int) {
    self.start = start
    self.count = count
  }

  package static let empty = FieldSpan(start: 0, count: 0)

  package var isEmpty: Bool { count == 0 }
  package var end: Int { start + count }
  package var range: Range<Int> { start..<(start + count) }
}

/// How a field's value is stored; the raw values are the format's own.
package enum ProtobufWireType: UInt8, Sendable {
  case varint = 0
  case fixed64 = 1
  case lengthDelimited = 2
  case startGroup = 3
  case endGroup = 4
  case fixed32 = 5
}

/// The number and the wire type in front of each field.
package struct ProtobufTag: Sendable {
  package var number: Int
  package var wireType: ProtobufWireType
}

/// A position in a protobuf message; every read is checked against the message's end.
///
/// It holds offsets only: the bytes are given to each call, so that a cursor can be stored and
/// a read costs no copy.
package struct ProtobufCursor {
  private static let depthMax = 64

  package private(set) var offset: Int
  package let end: Int

  /// A cursor over all of `span`.
  package init(_ span: FieldSpan) {
    offset = span.start
    end = span.end
  }

  package var isAtEnd: Bool { offset >= end }

  /// Reads up to ten bytes of a varint.
  @inline(__always)
  package mutating func readVarint(_ bytes: Span<UInt8>) throws(ProtobufError) -> UInt64 {
    guard offset < end else { throw .truncated }
    let first = bytes[offset]
    if first < 0x80 {
      offset += 1
      return UInt64(first)
    }
    return try readLongVarint(bytes)
  }

  private mutating func readLongVarint(_ bytes: Span<UInt8>) throws(ProtobufError) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      guard offset < end else { throw .truncated }
      let byte = bytes[offset]
      offset += 1
      if shift == 63 && byte > 1 { throw .varintTooLong }
      value |= UInt64(byte & 0x7F) &<< shift
      if byte < 0x80 { return value }
      shift += 7
    }
  }

  /// Reads a field's tag.
  @inline(__always)
  package mutating func readTag(_ bytes: Span<UInt8>) throws(ProtobufError) -> ProtobufTag {
    let raw = try readVarint(bytes)
    guard raw >= 8, raw < UInt64(UInt32.max),
      let wireType = ProtobufWireType(rawValue: UInt8(raw & 7))
    else { throw .invalidTag }
    return ProtobufTag(number: Int(raw >> 3), wireType: wireType)
  }

  /// Reads a length and steps over that many bytes, which must lie inside the message.
  @inline(__always)
  package mutating func readSpan(_ bytes: Span<UInt8>) throws(ProtobufError) -> FieldSpan {
    let length = try readVarint(bytes)
    guard length <= UInt64(end - offset) else { throw .truncated }
    let span = FieldSpan(start: offset, count: Int(length))
    offset += span.count
    return span
  }

  /// As ``readSpan(_:)``, and checks that the bytes are UTF-8.
  package mutating func readText(_ bytes: Span<UInt8>) throws(ProtobufError) -> FieldSpan {
    let span = try readSpan(bytes)
    guard bytes.isText(span) else { throw .invalidText }
    return span
  }

  package mutating func readFixed32(_ bytes: Span<UInt8>) throws(ProtobufError) -> UInt32 {
    guard end - offset >= 4 else { throw .truncated }
    var value: UInt32 = 0
    for index in 0..<4 { value |= UInt32(bytes[offset + index]) << UInt32(8 * index) }
    offset += 4
    return value
  }

  package mutating func readFixed64(_ bytes: Span<UInt8>) throws(ProtobufError) -> UInt64 {
    guard end - offset >= 8 else { throw .truncated }
    var value: UInt64 = 0
    for index in 0..<8 { value |= UInt64(bytes[offset + index]) << UInt64(8 * index) }
    offset += 8
    return value
  }

  /// Steps over the value of a field that nobody asked for.
  package mutating func skip(
    _ tag: ProtobufTag, _ bytes: Span<UInt8>
  ) throws(ProtobufError) {
    guard tag.wireType == .startGroup else { return try skipScalar(tag, bytes) }
    var open = InlineArray<64, Int>(repeating: 0)
    open[0] = tag.number
    var depth = 1
    while depth > 0 {
      let inner = try readTag(bytes)
      switch inner.wireType {
      case .startGroup:
        guard depth < Self.depthMax else { throw .nestingTooDeep }
        open[depth] = inner.number
        depth += 1
      case .endGroup:
        guard open[depth - 1] == inner.number else { throw .invalidTag }
        depth -= 1
      case .varint, .fixed64, .lengthDelimited, .fixed32:
        try skipScalar(inner, bytes)
      }
    }
  }

  private mutating func skipScalar(
    _ tag: ProtobufTag, _ bytes: Span<UInt8>
  ) throws(ProtobufError) {
    switch tag.wireType {
    case .varint: _ = try readVarint(bytes)
    case .fixed64:
      guard end - offset >= 8 else { throw .truncated }
      offset += 8
    case .lengthDelimited: _ = try readSpan(bytes)
    case .fixed32:
      guard end - offset >= 4 else { throw .truncated }
      offset += 4
    case .startGroup, .endGroup: throw .invalidTag
    }
  }
}

extension Span where Element == UInt8 {
  /// Whether the bytes of `span` are UTF-8.
  func isText(_ span: FieldSpan) -> Bool {
    var index = span.start
    let end = span.end
    while index < end && self[index] < 0x80 { index += 1 }
    if index == end { return true }
    return (try? UTF8Span(validating: extracting(span.range))) != nil
  }

  /// The bytes of `span` as a string, which they must be, as ``isText(_:)`` says; else empty.
  func text(_ span: FieldSpan) -> String {
    guard !span.isEmpty, let text = try? UTF8Span(validating: extracting(span.range)) else {
      return ""
    }
    return String(copying: text)
  }

  /// Whether the bytes of `span` are those of `literal`.
  @inline(__always)
  func matches(_ span: FieldSpan, _ literal: StaticString) -> Bool {
    guard span.count == literal.utf8CodeUnitCount else { return false }
    return literal.withUTF8Buffer { expected in
      for index in 0..<span.count where unsafe self[span.start + index] != expected[index] {
        return false
      }
      return true
    }
  }

  /// Whether the bytes of `span` begin with those of `literal`.
  func hasPrefix(_ span: FieldSpan, _ literal: StaticString) -> Bool {
    let length = literal.utf8CodeUnitCount
    return span.count >= length
      && matches(FieldSpan(start: span.start, count: length), literal)
  }
}
