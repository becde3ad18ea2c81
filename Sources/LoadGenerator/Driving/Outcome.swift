/// What became of one request, as the user who waits for it sees it.
package enum Outcome: Int, Sendable, Hashable, CaseIterable, Codable {
  /// Answered with success.
  case ok
  /// Turned away at once: HTTP 429 or 503, gRPC `RESOURCE_EXHAUSTED` or `UNAVAILABLE`.
  case refused
  /// The server gave up because the deadline passed: HTTP 504 or 408, gRPC `DEADLINE_EXCEEDED`.
  case expired
  /// Any other answer that is no success.
  case failed
  /// The connection could not be made, broke, or spoke no protocol we know before the answer.
  case connection
  /// Sent, and not answered within the client's own timeout.
  case unanswered
  /// Due, and never sent: no connection was free until the run ended, or too many waited.
  case unsent

  /// The outcome's name in reports and result files.
  package var name: String { String(describing: self) }
}
