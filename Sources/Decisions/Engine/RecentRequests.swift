internal import DequeModule

/// The requests of one pipeline that are under way or ended lately, by the callers' ids: the same
/// id gets the same decision. Bounded.
///
/// A table of its own instead of a dictionary: each decision moves through it, and taking a key out
/// of a full dictionary hashes the texts of its neighbours anew.
struct RecentRequests: Sendable {
  typealias Waiter = @Sendable (Result<Decision, DecisionFailure>) -> Void

  private enum Entry: Sendable {
    case free
    /// `since`: when it was asked first, if a try before failed.
    case underWay([Waiter], since: Int64?)
    /// Boxed, so that the table stays small.
    indirect case decided(Decision)
    /// Its record could not be written, but its event may count already.
    case failed(since: Int64)
  }

  private struct Slot: Sendable {
    var id: String
    var hash: Int
    var entry: Entry
    /// Whether it stands in `order`.
    var isOrdered = false
  }

  /// What a request with an id finds.
  enum Finding: Sendable {
    /// Nothing: it is to be decided, and the end told with ``finish(_:with:at:)``. `since`: when it
    /// was asked first, in nanoseconds since 1970, if it then could not be recorded.
    case isNew(since: Int64?)
    /// It is being decided; the waiter will be called.
    case waits
    /// It is being decided, and as many as may wait for it do.
    case isFull
    case decided(Decision)
  }

  /// The most ended requests remembered.
  let countMax: Int
  private var slots: [Slot] = []
  private var unused: [Int] = []
  /// Places of slots by hash, probed one after the other; -1 where there is none.
  private var table: [Int]
  /// Ended ones, oldest first.
  private var order: Deque<Int> = []

  init(countMax: Int = 16_384) {
    self.countMax = countMax
    table = [Int](repeating: -1, count: 64)
  }

  /// Looks a request up, and takes it in if it is new.
  ///
  /// - Parameter waitersMax: how many may wait for one request.
  mutating func admit(_ id: String, waitersMax: Int, _ waiter: () -> Waiter) -> Finding {
    let hash = id.hashValue
    let place = find(id, hash)
    guard table[place] >= 0 else {
      insert(id, hash, at: place)
      return .isNew(since: nil)
    }
    let slot = table[place]
    switch slots[slot].entry {
    case .decided(let decision): return .decided(decision)
    case .failed(let since):
      slots[slot].entry = .underWay([], since: since)
      return .isNew(since: since)
    case .underWay(var waiters, let since):
      guard waiters.count < waitersMax else { return .isFull }
      // Taken out, so that the list is not copied.
      slots[slot].entry = .free
      waiters.append(waiter())
      slots[slot].entry = .underWay(waiters, since: since)
      return .waits
    case .free: return .isNew(since: nil)
    }
  }

  /// Notes the end of a request. One that was refused is forgotten, so that it can be tried again;
  /// of one that could not be recorded the time is kept.
  ///
  /// - Parameter instant: the request's own time, in nanoseconds since 1970.
  /// - Returns: who waited for it.
  mutating func finish(
    _ id: String, with outcome: Result<Decision, DecisionFailure>, at instant: Int64
  ) -> [Waiter] {
    let place = find(id, id.hashValue)
    let slot = table[place]
    guard slot >= 0, case .underWay(let waiters, let since) = slots[slot].entry else { return [] }
    switch outcome {
    case .success(let decision): end(slot, .decided(decision))
    case .failure(let failure) where failure.code == .durability:
      end(slot, .failed(since: since ?? instant))
    case .failure:
      if let since { end(slot, .failed(since: since)) } else { remove(place) }
    }
    return waiters
  }

  private mutating func end(_ slot: Int, _ entry: Entry) {
    slots[slot].entry = entry
    guard !slots[slot].isOrdered else { return }
    slots[slot].isOrdered = true
    order.append(slot)
    guard order.count > countMax, let oldest = order.popFirst() else { return }
    slots[oldest].isOrdered = false
    // One that is tried again stays until it has ended.
    if case .underWay = slots[oldest].entry { return }
    remove(find(slots[oldest].id, slots[oldest].hash))
  }

  /// Where in the table an id is, or would be.
  private func find(_ id: String, _ hash: Int) -> Int {
    let mask = table.count - 1
    var place = hash & mask
    while table[place] >= 0 {
      let slot = table[place]
      // Other bytes are another id, even where the texts are canonically equal.
      if slots[slot].hash == hash, slots[slot].id.utf8.elementsEqual(id.utf8) { return place }
      place = (place + 1) & mask
    }
    return place
  }

  private mutating func insert(_ id: String, _ hash: Int, at place: Int) {
    let entry = Slot(id: id, hash: hash, entry: .underWay([], since: nil))
    if let slot = unused.popLast() {
      slots[slot] = entry
      table[place] = slot
    } else {
      table[place] = slots.count
      slots.append(entry)
      if slots.count * 2 > table.count { grow() }
    }
  }

  private mutating func grow() {
    let mask = table.count * 2 - 1
    var wider = [Int](repeating: -1, count: mask + 1)
    for slot in table where slot >= 0 {
      var place = slots[slot].hash & mask
      while wider[place] >= 0 { place = (place + 1) & mask }
      wider[place] = slot
    }
    table = wider
  }

  /// Empties a place of the table and closes the gap (Knuth, volume 3, 6.4, algorithm R).
  private mutating func remove(_ place: Int) {
    let slot = table[place]
    guard slot >= 0 else { return }
    slots[slot] = Slot(id: "", hash: 0, entry: .free)
    unused.append(slot)
    let mask = table.count - 1
    var gap = place
    var next = (place + 1) & mask
    while table[next] >= 0 {
      let home = slots[table[next]].hash & mask
      if (next - home) & mask >= (next - gap) & mask {
        table[gap] = table[next]
        gap = next
      }
      next = (next + 1) & mask
    }
    table[gap] = -1
  }
}
