internal import Features
internal import NIOCore
internal import Rules

extension IntakeTable {
  /// The object with the present as its time, where it has none.
  ///
  /// - Parameter object: valid JSON.
  func withTime(_ object: ByteBuffer, now: Int64) -> ByteBuffer {
    let bytes = object.readableBytesUInt8Span
    var cursor = JSONCursor(0..<bytes.count)
    var isFirst = true
    var isEmpty = true
    do throws(JSONError) {
      guard cursor.peek(bytes) == 0x7B else { return object }
      while let key = try cursor.nextKey(bytes, &isFirst) {
        isEmpty = false
        if key.string(in: bytes) == schema.timeName { return object }
        try cursor.skipValue(bytes, depthMax: 64)
      }
    } catch {
      return object
    }
    // The cursor is after the closing brace.
    var result = ByteBuffer()
    result.writeImmutableBuffer(
      object.getSlice(at: object.readerIndex, length: cursor.position - 1) ?? ByteBuffer())
    if !isEmpty { result.writeStaticString(",") }
    result.writeJSON(string: schema.timeName)
    result.writeStaticString(":")
    result.writeString(schema.timeUnit.text(now))
    result.writeStaticString("}")
    return result
  }
}

extension TimeUnit {
  /// An instant of nanoseconds since 1970, as JSON has it in this unit.
  fileprivate func text(_ nanoseconds: Int64) -> String {
    switch self {
    case .rfc3339: "\"\(TimeText.text(timestamp: nanoseconds))\""
    case .seconds: "\(nanoseconds / 1_000_000_000)"
    case .milliseconds: "\(nanoseconds / 1_000_000)"
    case .microseconds: "\(nanoseconds / 1_000)"
    case .nanoseconds: "\(nanoseconds)"
    }
  }
}
