package import Timing

/// One traced request, finished: an answer or an error was encoded.
package struct RequestTrace: Sendable {
  package var model: String
  package var version: String
  /// The caller's request id; may be empty.
  package var id: String
  /// The W3C `traceparent` the request came with; may be empty.
  package var traceparent: String
  package var stages: StageClock
  package var encodedAt: MonotonicInstant

  package init(
    model: String, version: String, id: String, traceparent: String, stages: StageClock,
    encodedAt: MonotonicInstant
  ) {
    self.model = model
    self.version = version
    self.id = id
    self.traceparent = traceparent
    self.stages = stages
    self.encodedAt = encodedAt
  }
}

extension RequestTrace {
  /// The two JSON objects of this trace, comma between. Instants that were not reached are left
  /// out; all are nanoseconds on the monotonic clock.
  func json(number: UInt64) -> [UInt8] {
    var text = "{\"id\":\(number),\"model_name\":\(JSONText.quoted(model))"
    text += ",\"model_version\":\(Int64(version) ?? 0)"
    if !id.isEmpty { text += ",\"request_id\":\(JSONText.quoted(id))" }
    if !traceparent.isEmpty { text += ",\"traceparent\":\(JSONText.quoted(traceparent))" }
    text += "},{\"id\":\(number),\"timestamps\":["
    let instants: [(String, MonotonicInstant)] = [
      ("REQUEST_START", stages.received), ("QUEUE_START", stages.enqueued),
      ("COMPUTE_START", stages.dispatched), ("COMPUTE_INPUT_END", stages.runStarted),
      ("COMPUTE_OUTPUT_START", stages.runEnded), ("COMPUTE_END", stages.completed),
      ("REQUEST_END", encodedAt),
    ]
    text += instants.filter { $0.1 != .distantPast }
      .map { "{\"name\":\"\($0.0)\",\"ns\":\($0.1.nanoseconds)}" }.joined(separator: ",")
    return Array((text + "]}").utf8)
  }
}
