/// The text of a field that is mostly the same in every message: made once, compared after.
struct RecentText {
  private var bytes: [UInt8] = []
  private var recent = ""

  /// The text of `span`, which is valid UTF-8.
  mutating func text(of span: FieldSpan, _ message: Span<UInt8>) -> String {
    if span.count == bytes.count {
      var index = 0
      while index < span.count && bytes[index] == message[span.start + index] { index += 1 }
      if index == span.count { return recent }
    }
    recent = message.text(span)
    bytes = Array(recent.utf8)
    return recent
  }
}
