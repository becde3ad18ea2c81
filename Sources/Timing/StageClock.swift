/// When one request passed each of its stages; all on the monotonic clock.
///
/// An instant that was not reached is ``MonotonicInstant/distantPast``. Written by whoever owns
/// the request at that stage, read once it is complete.
package struct StageClock: Sendable {
  /// The request's last byte was read (its first byte sets the deadline).
  package var received: MonotonicInstant
  /// The request was decoded and validated.
  package var decoded: MonotonicInstant = .distantPast
  /// It entered the batch queue.
  package var enqueued: MonotonicInstant = .distantPast
  /// Its batch was closed and given to an instance.
  package var dispatched: MonotonicInstant = .distantPast
  /// Inputs were gathered; the model starts.
  package var runStarted: MonotonicInstant = .distantPast
  /// The model returned.
  package var runEnded: MonotonicInstant = .distantPast
  /// Its outputs were scattered; the answer is ready to encode.
  package var completed: MonotonicInstant = .distantPast
  /// Nanoseconds of the queue time in which an instance was idle and the batch waited for company.
  package var batchWaitNanoseconds: Int64 = 0

  package init(received: MonotonicInstant) { self.received = received }

  /// Nanoseconds from the last byte to the end of decoding.
  package var decodeNanoseconds: Int64 { span(received, decoded) }
  /// Nanoseconds in the queue because every instance was busy.
  package var queueNanoseconds: Int64 {
    max(0, span(enqueued, dispatched) - batchWaitNanoseconds)
  }
  /// Nanoseconds of gathering the batch's inputs.
  package var gatherNanoseconds: Int64 { span(dispatched, runStarted) }
  /// Nanoseconds inside the model.
  package var runNanoseconds: Int64 { span(runStarted, runEnded) }
  /// Nanoseconds of scattering the outputs.
  package var scatterNanoseconds: Int64 { span(runEnded, completed) }

  private func span(_ from: MonotonicInstant, _ to: MonotonicInstant) -> Int64 {
    from == .distantPast || to == .distantPast ? 0 : max(0, to.since(from))
  }
}
