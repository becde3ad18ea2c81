internal import DequeModule
internal import Timing

/// The waiting requests of one priority class, earliest due first.
///
/// A sorted double-ended queue: arrival in order, the common case, is an append, and taking from
/// the front frees at once what it held. An arrival out of order moves what follows it.
struct ClassQueue: Sendable {
  typealias Entry = QueueEntry

  private var entries: Deque<Entry> = []

  /// Rows that wait.
  private(set) var rows = 0
  /// Entries that a time bound will remove or demote; 0 spares every scan for them.
  private(set) var bounded = 0

  /// Requests that wait.
  var count: Int { entries.count }
  var isEmpty: Bool { entries.isEmpty }
  /// The entry due first.
  var first: Entry? { entries.first }

  subscript(position: Int) -> Entry { entries[position] }

  /// Adds an entry at its place.
  mutating func insert(_ entry: Entry) {
    note(entry, 1)
    guard let last = entries.last, entry.precedes(last) else {
      entries.append(entry)
      return
    }
    entries.insert(entry, at: position(of: entry))
  }

  private mutating func note(_ entry: Entry, _ change: Int) {
    rows += change * entry.rows
    if entry.expiresAt != .distantFuture { bounded += change }
  }

  /// How many entries stand before `entry`'s place.
  func position(of entry: Entry) -> Int {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entry.precedes(entries[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// Removes the entries among the first `limit` for which `matches` holds and hands each to
  /// `body`, in order. Those passed over keep their order.
  mutating func take(
    first limit: Int, where matches: (Entry) -> Bool, _ body: (Entry) -> Void
  ) {
    var kept = 0
    let end = min(limit, entries.count)
    for index in 0..<end {
      let entry = entries[index]
      if matches(entry) {
        note(entry, -1)
        body(entry)
      } else {
        if kept != index { entries[kept] = entry }
        kept += 1
      }
    }
    if kept < end { entries.removeSubrange(kept..<end) }
  }

  /// Removes the entry with `ticket`, if it waits here.
  mutating func remove(ticket: UInt64) -> Entry? {
    guard let index = entries.firstIndex(where: { $0.ticket == ticket }) else { return nil }
    let entry = entries.remove(at: index)
    note(entry, -1)
    return entry
  }

  /// The earliest instant at which an entry expires; ``MonotonicInstant/distantFuture`` for none.
  var earliestExpiry: MonotonicInstant {
    var earliest = MonotonicInstant.distantFuture
    var left = bounded
    for entry in entries {
      // Nothing expires before it is due, and entries stand in the order in which they are due.
      if left == 0 || entry.due >= earliest { break }
      if entry.expiresAt != .distantFuture { left -= 1 }
      earliest = min(earliest, entry.expiresAt)
    }
    return earliest
  }

  /// The number of leading entries that are due by `now`.
  func dueCount(_ now: MonotonicInstant) -> Int {
    var number = 0
    while number < entries.count, entries[number].due <= now { number += 1 }
    return number
  }
}
