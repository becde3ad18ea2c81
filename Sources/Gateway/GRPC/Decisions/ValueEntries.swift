/// The value of one `Value` message; a text is a range of the message around it.
package enum FieldValue: Sendable, Equatable {
  /// The field is present without a value.
  case none
  case bool(Bool)
  case int(Int64)
  case double(Double)
  case text(FieldSpan)
  /// Nanoseconds since 1970.
  case timestamp(Int64)

  /// What it is, in words for the caller.
  var kind: StaticString {
    switch self {
    case .none: "nothing"
    case .bool: "a bool_value"
    case .int: "an int_value"
    case .double: "a double_value"
    case .text: "a string_value"
    case .timestamp: "a timestamp_ns"
    }
  }
}

/// One entry of a `map<string, Value>`.
package struct ValueEntry: Sendable, Equatable {
  package var name = FieldSpan.empty
  package var value = FieldValue.none
}

/// The entries of a `map<string, Value>`, as they came; of several with one name the last counts.
///
/// Reused from message to message: the array keeps its storage.
package struct ValueEntries: Sendable {
  /// The most entries of one map.
  package static let countMax = 1024

  package private(set) var entries: [ValueEntry] = []

  package init() {}

  /// Forgets the entries.
  package mutating func clear() { entries.removeAll(keepingCapacity: true) }

  /// Adds the entry in `span` of `bytes`.
  package mutating func append(
    _ span: FieldSpan, _ bytes: Span<UInt8>
  ) throws(ProtobufError) {
    guard entries.count < Self.countMax else {
      throw .tooMany("values", limit: Self.countMax)
    }
    var entry = ValueEntry()
    var cursor = ProtobufCursor(span)
    while !cursor.isAtEnd {
      let tag = try cursor.readTag(bytes)
      guard tag.wireType == .lengthDelimited else {
        // No library writes a name or a value of another type; some read it as malformed.
        if tag.number <= 2 { throw .invalidTag }
        try cursor.skip(tag, bytes)
        continue
      }
      switch tag.number {
      case 1: entry.name = try cursor.readText(bytes)
      case 2: try Self.readValue(cursor.readSpan(bytes), bytes, into: &entry.value)
      default: try cursor.skip(tag, bytes)
      }
    }
    entries.append(entry)
  }

  /// Reads a message whose field 1 is the map, instead of what was here.
  package mutating func read(
    messageWithMap span: FieldSpan, _ bytes: Span<UInt8>
  ) throws(ProtobufError) {
    clear()
    var cursor = ProtobufCursor(span)
    while !cursor.isAtEnd {
      let tag = try cursor.readTag(bytes)
      if tag.number == 1, tag.wireType == .lengthDelimited {
        try append(cursor.readSpan(bytes), bytes)
      } else {
        try cursor.skip(tag, bytes)
      }
    }
  }

  /// Reads a `Value`; of several alternatives the last one counts.
  private static func readValue(
    _ span: FieldSpan, _ bytes: Span<UInt8>, into value: inout FieldValue
  ) throws(ProtobufError) {
    var cursor = ProtobufCursor(span)
    while !cursor.isAtEnd {
      let tag = try cursor.readTag(bytes)
      switch (tag.number, tag.wireType) {
      case (1, .varint): value = .bool(try cursor.readVarint(bytes) != 0)
      case (2, .varint): value = .int(Int64(bitPattern: try cursor.readVarint(bytes)))
      case (3, .fixed64): value = .double(Double(bitPattern: try cursor.readFixed64(bytes)))
      case (4, .lengthDelimited): value = .text(try cursor.readText(bytes))
      case (5, .varint): value = .timestamp(Int64(bitPattern: try cursor.readVarint(bytes)))
      default: try cursor.skip(tag, bytes)
      }
    }
  }
}

extension Span where Element == UInt8 {
  /// Whether the bytes of `span` are those of `text`.
  @inline(__always)
  func matches(_ span: FieldSpan, _ text: String) -> Bool {
    let expected = text.utf8.span
    guard span.count == expected.count else { return false }
    for index in expected.indices where self[span.start + index] != expected[index] {
      return false
    }
    return true
  }
}
