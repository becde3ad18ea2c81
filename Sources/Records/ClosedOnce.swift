internal import Synchronization

/// Says to the first of several callers that it is the first.
struct ClosedOnce: ~Copyable, Sendable {
  private let isClosed = Atomic(false)

  /// `true` for the first caller only.
  func close() -> Bool {
    isClosed.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing)
      .exchanged
  }
}
