/// What the end of a call says about the model that was asked.
package enum CallEvidence: Sendable, Equatable {
  /// From the call to its end the time was the model's.
  case whole
  /// The model had this many nanoseconds; the rest was spent waiting here.
  case model(nanoseconds: Int64)
  /// The model never had its time.
  case nothing

  /// The same, unless a timeout due at `due` was noticed so late that the thread, and so perhaps
  /// the machine, must have stood still meanwhile: by more than half of the timeout.
  func seen(_ now: Int64, due: Int64, timeout: Int64) -> CallEvidence {
    due < now && now - due > timeout / 2 ? .nothing : self
  }
}

extension CircuitBreaker {
  /// Says what became of a call that ended after `spent` nanoseconds.
  mutating func record(
    _ permit: Permit, _ evidence: CallEvidence, failed: Bool, spent: Int64, now: Int64
  ) {
    switch evidence {
    case .whole: record(permit, failed: failed, nanoseconds: spent, now: now)
    case .model(let nanoseconds):
      record(permit, failed: failed, nanoseconds: nanoseconds, now: now)
    case .nothing: release(permit)
    }
  }
}
