private import Synchronization

/// Bytes that all connections together may hold of requests that are not answered yet.
///
/// Each request has a bound of its own; this is the bound of their sum, so that many clients at
/// once cannot take what one may not. Any thread.
package final class ByteBudget: Sendable {
  /// The most bytes that may be held.
  package let limit: Int
  private let held = Atomic<Int>(0)

  package init(limit: Int) { self.limit = limit }

  /// The bytes held now.
  package var bytes: Int { held.load(ordering: .relaxed) }

  /// Adds `delta` bytes, or gives back if negative; `false` if the sum is then over the limit. The
  /// bytes count in either case, until they are given back.
  package func add(_ delta: Int) -> Bool {
    held.wrappingAdd(delta, ordering: .relaxed).newValue <= limit || delta <= 0
  }
}
