package import Decisions

/// What the head of an answer says beside the length of its body.
package struct HTTPAnswerHead: Sendable {
  /// The body's media type.
  package enum ContentType: Sendable, Equatable {
    case json, binary, text, metrics
    /// One JSON value a line.
    case lines
  }

  package var status = 200
  package var contentType = ContentType.json
  /// Bytes of the JSON before binary tensors; `nil` without any.
  package var jsonLength: Int?
  /// How the body was compressed.
  package var compression: CompressionFormat?
  /// Whether the connection stays open.
  package var isPersistent = true
  /// Whether `Connection` must be said although it is as the request had it.
  package var isVersion10 = false
  /// The stages for `Server-Timing`; `nil` leaves it out.
  package var timing: ServerTiming?
  /// Further stages for `Server-Timing`, as far as there is room.
  package var stages: [Decision.Stage] = []
  /// Seconds for `Retry-After`.
  package var retryAfterSeconds: Int?
  /// The verbs for `Allow`.
  package var allow: HTTPRoute.Verbs?
  /// Whether to say which compressions are understood.
  package var namesCompressions = false

  package init(status: Int = 200) { self.status = status }
}

/// How long the stages of a request took, in microseconds.
package struct ServerTiming: Sendable, Equatable {
  package var decode: Int64
  package var queue: Int64
  package var batch: Int64
  package var run: Int64
  package var encode: Int64

  package init(decode: Int64, queue: Int64, batch: Int64, run: Int64, encode: Int64) {
    self.decode = decode
    self.queue = queue
    self.batch = batch
    self.run = run
    self.encode = encode
  }
}
