package import NIOCore

/// The end of one request, as a connection reports it.
package struct Answer {
  package var outcome: Outcome
  /// The HTTP status or the gRPC status code; 0 where there was no answer (and gRPC's OK).
  package var status: Int
  /// Where the server says the time went; empty if it said nothing.
  package var stages: ServerStages
  /// Bytes of the answer, head included.
  package var byteCount: Int
  /// The beginning of what explains an outcome that is not ``Outcome/ok``: an error body, a
  /// `grpc-message` or the reason a connection ended; at most about 1 KiB. Empty otherwise.
  package var explanation: ByteBuffer

  package init(
    _ outcome: Outcome, status: Int = 0, stages: ServerStages = ServerStages(), byteCount: Int = 0,
    explanation: ByteBuffer = ByteBuffer()
  ) {
    self.outcome = outcome
    self.status = status
    self.stages = stages
    self.byteCount = byteCount
    self.explanation = explanation
  }
}
