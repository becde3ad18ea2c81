/// Why an inference has no answer. The gateway maps ``Code`` to a status in one place.
package struct InferenceError: Error, Sendable, Equatable {
  /// What went wrong, for machines; also the `code` member of an HTTP error body.
  package enum Code: String, Sendable, CaseIterable {
    /// No such model, or no such version of it.
    case unknownModel = "UNKNOWN_MODEL"
    /// The model exists but the version cannot serve now.
    case notReady = "NOT_READY"
    /// The request does not fit the model or the protocol.
    case invalidArgument = "INVALID_ARGUMENT"
    /// The queue is at its bound, in rows or in bytes.
    case queueFull = "QUEUE_FULL"
    /// The predicted finish lies after the deadline; refused before queueing.
    case deadlineUnreachable = "DEADLINE_UNREACHABLE"
    /// The deadline passed before the model ran.
    case expired = "DEADLINE_EXCEEDED"
    /// The caller left.
    case cancelled = "CANCELLED"
    /// The server is stopping or over a limit of its own.
    case unavailable = "UNAVAILABLE"
    /// This server does not do what was asked.
    case unsupported = "UNSUPPORTED"
    /// The model failed while running.
    case runFailed = "RUN_FAILED"
  }

  package var code: Code
  package var message: String
  /// For a refusal: how long the request would have waited, in nanoseconds.
  package var predictedWaitNanoseconds: Int64?

  package init(_ code: Code, _ message: String, predictedWaitNanoseconds: Int64? = nil) {
    self.code = code
    self.message = message
    self.predictedWaitNanoseconds = predictedWaitNanoseconds
  }
}
