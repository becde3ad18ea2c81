package import Inference
internal import Logging
package import Timing

/// One log line a finished inference, with the caller's request id and trace id.
///
/// Answers and the caller's own errors are written at `log_verbose_level` 1, failures of a model as
/// warnings. Any thread; a line that is switched off costs one relaxed atomic load.
package struct RequestLog: Sendable {
  /// What a line says of its request.
  package struct Entry: Sendable {
    /// `http` or `grpc`.
    package var door: String
    package var model: String
    package var version: String
    /// The caller's request id; may be empty.
    package var id: String
    /// The W3C `traceparent` the request came with; may be empty.
    package var traceparent: String
    /// `nil` for an answer.
    package var error: InferenceError?
    /// When the request's last byte was read.
    package var received: MonotonicInstant
    /// When the answer or the error was encoded.
    package var encodedAt: MonotonicInstant

    package init(
      door: String, model: String, version: String, id: String, traceparent: String,
      error: InferenceError?, received: MonotonicInstant, encodedAt: MonotonicInstant
    ) {
      self.door = door
      self.model = model
      self.version = version
      self.id = id
      self.traceparent = traceparent
      self.error = error
      self.received = received
      self.encodedAt = encodedAt
    }
  }

  private let logs: LogControl
  private let logger: Logger

  package init(logs: LogControl) {
    self.logs = logs
    logger = logs.makeLogger(label: "needletail.request")
  }

  /// Whether a request that ended like this is written now; ask before making an ``Entry``.
  package func wants(_ code: InferenceError.Code?) -> Bool { logs.passes(Self.level(code)) }

  /// Writes the line.
  package func record(_ entry: Entry) {
    var metadata: Logger.Metadata = [
      "door": "\(entry.door)",
      "us": "\(max(0, entry.encodedAt.since(entry.received)) / 1_000)",
    ]
    if !entry.model.isEmpty { metadata["model"] = "\(entry.model)" }
    if !entry.version.isEmpty { metadata["version"] = "\(entry.version)" }
    if !entry.id.isEmpty { metadata["request_id"] = "\(entry.id)" }
    if let trace = Self.traceID(entry.traceparent) { metadata["trace_id"] = "\(trace)" }
    if let error = entry.error {
      metadata["code"] = "\(error.code.rawValue)"
      metadata["reason"] = "\(error.message)"
    }
    let message: Logger.Message = entry.error == nil ? "answered" : "failed"
    logger.log(level: Self.level(entry.error?.code), message, metadata: metadata)
  }

  private static func level(_ code: InferenceError.Code?) -> Logger.Level {
    code == .runFailed ? .warning : .debug
  }

  /// The trace id of a W3C `traceparent`, its second field of 32 hexadecimal digits.
  static func traceID(_ traceparent: String) -> Substring? {
    let fields = traceparent.split(separator: "-", omittingEmptySubsequences: false)
    guard fields.count >= 4, fields[1].utf8.count == 32,
      fields[1].allSatisfy(\.isHexDigit), fields[1].contains(where: { $0 != "0" })
    else { return nil }
    return fields[1]
  }
}
