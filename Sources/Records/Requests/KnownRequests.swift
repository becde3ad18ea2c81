internal import Synchronization

/// Where the records of the newest requests are: the writer adds, any thread asks.
///
/// Holds at least those that ``RequestMerge`` has not sorted into the index yet. An entry may be
/// of a record that was never written, so the record itself decides.
final class KnownRequests: Sendable {
  private let ring: Mutex<RecentRequests>
  let capacity: Int

  init(capacity: Int) {
    let ring = RecentRequests(capacity: capacity)
    self.capacity = ring.capacity
    self.ring = Mutex(ring)
  }

  func add(_ hash: UInt64, sequence: Int64) {
    ring.withLock { $0.add(hash, ticket: UInt64(bitPattern: sequence)) }
  }

  /// The newest record whose request has this hash.
  func sequence(of hash: UInt64) -> Int64? {
    ring.withLock { $0.ticket(of: hash) }.map { Int64(bitPattern: $0) }
  }
}
