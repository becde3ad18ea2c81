/// A request's verb, as far as this server tells them apart.
package enum HTTPMethod: Sendable, Equatable {
  case get, head, post, other
}

/// What a request line and header fields say, as far as this server reads them.
///
/// Ranges count bytes from the start of the parsed bytes; nothing is copied.
package struct HTTPRequestHead: Sendable, Equatable {
  package var method = HTTPMethod.other
  /// The path, still percent-encoded, without a query.
  package var path = 0..<0
  /// The query without its `?`; empty if there is none.
  package var query = 0..<0
  /// Whether the connection stays open after the answer.
  package var isPersistent = true
  /// Whether the request is of HTTP/1.0, whose clients do not read chunks or 100.
  package var isVersion10 = false
  /// `nil` without a `Content-Length` field.
  package var contentLength: Int?
  package var isChunked = false
  package var expectsContinue = false
  package var contentEncoding = ContentEncoding.identity
  /// Whether `Content-Type` says that the body holds one JSON value a line.
  package var hasLines = false
  /// The form in which the answer may be compressed; `nil` for not at all.
  package var acceptedCompression: CompressionFormat?
  /// `Inference-Header-Content-Length`: bytes of the JSON before binary tensors.
  package var jsonLength: Int?
  /// Nanoseconds the caller gives the request; `nil` without a timeout field.
  package var timeoutNanoseconds: Int64?
  /// The value of `traceparent`; empty without one.
  package var traceparent = 0..<0
  /// Bytes of the whole head, the empty line included.
  package var byteCount = 0

  package init() {}

  /// Whether bytes of a body follow.
  package var hasBody: Bool { isChunked || (contentLength ?? 0) > 0 }

  /// How the body is compressed.
  package enum ContentEncoding: Sendable, Equatable {
    case identity
    case compressed(CompressionFormat)
    case unknown
  }
}
