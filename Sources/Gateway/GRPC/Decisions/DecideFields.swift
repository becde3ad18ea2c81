/// What a `DecideRequest` holds: ranges of its bytes, collected in one pass.
///
/// One value is reused for all requests of a loop.
package struct DecideFields: Sendable {
  package var pipeline = FieldSpan.empty
  package var input = ValueEntries()
  package var wantsFeatures = false
  /// 0 for no bound.
  package var timeoutMicroseconds: Int64 = 0

  package init() {}

  /// Reads the message in `bytes`, replacing what was here.
  ///
  /// - Throws: ``ProtobufError``; what was collected is then to be ignored.
  package mutating func read(_ bytes: Span<UInt8>) throws(ProtobufError) {
    pipeline = .empty
    input.clear()
    wantsFeatures = false
    timeoutMicroseconds = 0
    var cursor = ProtobufCursor(FieldSpan(start: 0, count: bytes.count))
    while !cursor.isAtEnd {
      let tag = try cursor.readTag(bytes)
      switch (tag.number, tag.wireType) {
      case (1, .lengthDelimited): pipeline = try cursor.readText(bytes)
      case (2, .lengthDelimited): try input.append(cursor.readSpan(bytes), bytes)
      case (3, .varint): wantsFeatures = try cursor.readVarint(bytes) != 0
      case (4, .varint): timeoutMicroseconds = Int64(bitPattern: try cursor.readVarint(bytes))
      default: try cursor.skip(tag, bytes)
      }
    }
  }
}

/// What a request with many parts holds: a name (field 1), the parts (field 2), and whether
/// features are wanted (field 3). `DecideManyRequest`, `AppendRequest` and `PutAttributesRequest`
/// have this form.
package struct ManyFields: Sendable {
  package var name = FieldSpan.empty
  package var parts: [FieldSpan] = []
  package var wantsFeatures = false

  /// A request without anything.
  package init() {}

  /// Reads the message in `bytes`; the parts are not looked at.
  ///
  /// - Parameters:
  ///   - parts: what they are called.
  ///   - partsMax: more are refused.
  package init(
    _ bytes: Span<UInt8>, _ parts: StaticString, partsMax: Int
  ) throws(ProtobufError) {
    var cursor = ProtobufCursor(FieldSpan(start: 0, count: bytes.count))
    while !cursor.isAtEnd {
      let tag = try cursor.readTag(bytes)
      switch (tag.number, tag.wireType) {
      case (1, .lengthDelimited): name = try cursor.readText(bytes)
      case (2, .lengthDelimited):
        guard self.parts.count < partsMax else { throw .tooMany(parts, limit: partsMax) }
        self.parts.append(try cursor.readSpan(bytes))
      case (3, .varint): wantsFeatures = try cursor.readVarint(bytes) != 0
      default: try cursor.skip(tag, bytes)
      }
    }
  }
}
