/// The last so many request ids, as hashes, with the ticket under which each was queued.
///
/// A ring of entries, oldest overwritten first, with a chained hash table over it. Adding and
/// looking up take constant time and never allocate: 24 bytes an entry, all of it taken at
/// the start.
struct RecentRequests: Sendable {
  /// How many ids are remembered: a power of two.
  let capacity: Int
  private var keys: [UInt64]
  private var tickets: [UInt64]
  /// Per bucket the newest entry's index plus one; 0 is an empty bucket.
  private var heads: [UInt32]
  /// Per entry the next older entry of its bucket, the same way.
  private var older: [UInt32]
  private var cursor = 0
  /// Ids that were added in all.
  private(set) var added = 0

  init(capacity: Int) {
    var size = 16
    while size < min(capacity, 1 << 30) { size *= 2 }
    self.capacity = size
    keys = Array(repeating: 0, count: size)
    tickets = Array(repeating: 0, count: size)
    heads = Array(repeating: 0, count: size)
    older = Array(repeating: 0, count: size)
  }

  /// Whether an id was forgotten.
  var hasForgotten: Bool { added > capacity }

  /// Remembers `key`, in the place of the oldest.
  mutating func add(_ key: UInt64, ticket: UInt64) {
    if added >= capacity { unlink(cursor) }
    let bucket = bucket(of: key)
    keys[cursor] = key
    tickets[cursor] = ticket
    older[cursor] = heads[bucket]
    heads[bucket] = UInt32(cursor + 1)
    cursor = (cursor + 1) & (capacity - 1)
    added += 1
  }

  /// The newest ticket of `key`.
  func ticket(of key: UInt64) -> UInt64? {
    var link = heads[bucket(of: key)]
    while link != 0 {
      let index = Int(link - 1)
      if keys[index] == key { return tickets[index] }
      link = older[index]
    }
    return nil
  }

  /// The oldest entry is the last of its bucket's chain, as chains run from new to old.
  private mutating func unlink(_ index: Int) {
    let bucket = bucket(of: keys[index])
    let link = UInt32(index + 1)
    if heads[bucket] == link {
      heads[bucket] = 0
      return
    }
    var at = heads[bucket]
    while at != 0 {
      let next = older[Int(at - 1)]
      if next == link {
        older[Int(at - 1)] = 0
        return
      }
      at = next
    }
  }

  private func bucket(of key: UInt64) -> Int { Int(truncatingIfNeeded: key) & (capacity - 1) }
}
