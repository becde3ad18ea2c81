internal import Timing

/// What the header fields of a call say.
struct CallHead {
  var method: GRPCMethod?
  var isPost = false
  var hasGRPCContent = false
  var hasValidTimeout = true
  /// When the caller stops waiting.
  var deadline = MonotonicInstant.distantFuture
  /// How compressed messages are compressed; `nil` for an encoding this server lacks.
  var encoding: MessageEncoding? = .identity
  var acceptsGzip = false
  /// Whether a `ModelStreamInfer` call ends with a status at its first error.
  var endsAtError = false
  /// The caller's trace context; empty if it sent none.
  var traceParent = ""

  /// Takes one header field; those that no one asks for cost a comparison of lengths.
  mutating func apply(_ name: Span<UInt8>, _ value: Span<UInt8>, openedAt: MonotonicInstant) {
    let key = FieldSpan(start: 0, count: name.count)
    let text = FieldSpan(start: 0, count: value.count)
    switch name.count {
    case 5 where name.matches(key, ":path"):
      method = GRPCMethod(path: value)
    case 7 where name.matches(key, ":method"):
      isPost = value.matches(text, "POST")
    case 11 where name.matches(key, "traceparent"):
      if value.count <= 128, value.isText(text) { traceParent = value.text(text) }
    case 12 where name.matches(key, "content-type"):
      hasGRPCContent = Self.isGRPC(value)
    case 12 where name.matches(key, "grpc-timeout"):
      guard let timeout = GRPCTimeout.nanoseconds(value) else {
        hasValidTimeout = false
        return
      }
      deadline = openedAt.advanced(byNanoseconds: timeout)
    case 13 where name.matches(key, "grpc-encoding"):
      encoding = Self.encoding(value)
    case 17 where name.matches(key, "triton_grpc_error"):
      endsAtError = value.matches(text, "true")
    case 20 where name.matches(key, "grpc-accept-encoding"):
      acceptsGzip = Self.namesGzip(value)
    default: break
    }
  }

  /// Why a call with this head is not answered; `nil` if it is.
  var refusal: GRPCStatus? {
    guard hasValidTimeout else {
      return GRPCStatus(
        .invalidArgument,
        "the field 'grpc-timeout' is malformed; send up to 8 digits and one of H M S m u n")
    }
    guard method != nil else {
      return GRPCStatus(.unimplemented, "this server has no such method; ask its reflection")
    }
    return nil
  }

  private static func isGRPC(_ value: Span<UInt8>) -> Bool {
    let span = FieldSpan(start: 0, count: value.count)
    guard value.hasPrefix(span, "application/grpc") else { return false }
    if value.count == 16 { return true }
    return value[16] == UInt8(ascii: "+") || value[16] == UInt8(ascii: ";")
  }

  private static func encoding(_ value: Span<UInt8>) -> MessageEncoding? {
    let span = FieldSpan(start: 0, count: value.count)
    if value.matches(span, "identity") { return .identity }
    if value.matches(span, "gzip") { return .gzip }
    if value.matches(span, "deflate") { return .deflate }
    return nil
  }

  /// Whether the comma-separated list has the entry `gzip`.
  private static func namesGzip(_ value: Span<UInt8>) -> Bool {
    var start = 0
    for index in 0...value.count
    where index == value.count || value[index] == UInt8(ascii: ",") {
      var entry = FieldSpan(start: start, count: index - start)
      while entry.count > 0, value[entry.start] == UInt8(ascii: " ") {
        entry = FieldSpan(start: entry.start + 1, count: entry.count - 1)
      }
      while entry.count > 0, value[entry.end - 1] == UInt8(ascii: " ") { entry.count -= 1 }
      if value.matches(entry, "gzip") { return true }
      start = index + 1
    }
    return false
  }
}
