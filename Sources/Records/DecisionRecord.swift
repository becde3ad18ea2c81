/// One decision as it is kept, for good.
package struct DecisionRecord: Sendable, Equatable {
  /// The decision's own id: unique in its file, and ascending with time (a ULID, for example).
  package var id: String
  /// The caller's id of the request; at most one record of a pipeline has it.
  package var requestID: String?
  /// The pipeline's name.
  package var pipeline: String
  /// The digest of the pipeline's definition, so that the decision can be repeated.
  package var pipelineDigest: String
  /// When it was decided: nanoseconds since 1970.
  package var decidedAt: Int64
  /// What was decided: `approve`, `decline`, or another outcome of the pipeline.
  package var outcome: String
  /// Whether a fallback took part in it.
  package var isDegraded: Bool
  /// Everything else as canonical JSON (UTF-8), with sensitive fields already redacted.
  package var body: [UInt8]
  /// What its body leaves out because many records have it in common.
  package var context: RecordContext?

  package init(
    id: String, requestID: String? = nil, pipeline: String, pipelineDigest: String,
    decidedAt: Int64, outcome: String, isDegraded: Bool = false, body: [UInt8],
    context: RecordContext? = nil
  ) {
    self.id = id
    self.requestID = requestID
    self.pipeline = pipeline
    self.pipelineDigest = pipelineDigest
    self.decidedAt = decidedAt
    self.outcome = outcome
    self.isDegraded = isDegraded
    self.body = body
    self.context = context
  }
}

extension DecisionRecord {
  /// The bytes that it takes in the queue, about: its texts and its body.
  var byteCount: Int {
    128 + id.utf8.count + (requestID?.utf8.count ?? 0) + pipeline.utf8.count
      + pipelineDigest.utf8.count + outcome.utf8.count + body.count
  }

  /// Whether it answers the same request as `other`.
  func answersSameRequest(as other: DecisionRecord) -> Bool {
    requestID != nil && requestID == other.requestID && pipeline == other.pipeline
  }

  /// What is wrong with it, if anything: a text that is empty or too long, or a body too large.
  func problem(bodyBytesMaximum: Int) -> RecordFailure? {
    guard body.count <= bodyBytesMaximum else {
      return .invalid("the body has \(body.count) bytes; the most is \(bodyBytesMaximum)")
    }
    return Self.problem("id", id) ?? requestID.flatMap { Self.problem("request id", $0) }
      ?? Self.problem("pipeline", pipeline) ?? Self.problem("pipeline digest", pipelineDigest)
      ?? Self.problem("outcome", outcome)
  }

  private static func problem(_ name: StaticString, _ text: String) -> RecordFailure? {
    let bytes = text.utf8.span
    if bytes.isEmpty { return .invalid("the \(name) is empty") }
    if bytes.count > textBytesMaximum {
      return .invalid("the \(name) has \(bytes.count) bytes; the most is \(textBytesMaximum)")
    }
    // SQLite ends a bound text at a zero byte.
    for index in bytes.indices where bytes[index] == 0 {
      return .invalid("the \(name) holds a zero byte")
    }
    return nil
  }

  /// The most bytes of an id, a name, a digest or an outcome.
  static let textBytesMaximum = 1_024
}
