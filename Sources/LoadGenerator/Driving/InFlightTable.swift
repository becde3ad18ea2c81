/// One request on the wire. All instants in nanoseconds on the monotonic clock.
struct InFlightRequest {
  /// When it should have been sent.
  var intended: Int64
  /// When it was sent.
  var sent: Int64
  /// After this instant nobody waits for it any more.
  var deadline: Int64
  /// An index of ``LoadPlan/entries``.
  var entry: Int
  /// The place of its connection in the ``ConnectionTable``.
  var connection: Int
  /// Whether it counts: it was due after the warm-up.
  var isMeasured: Bool
}

/// The requests on the wire: constant time for each operation, and no allocation once it has grown
/// to the number that is under way at once.
///
/// Slots with a free list. A ticket is a slot with its generation, so a ticket that comes back
/// late finds nothing. A doubly linked list through the slots keeps the order of sending, which is
/// the order of the deadlines because every request has the same timeout.
struct InFlightTable {
  private struct Slot {
    var request: InFlightRequest
    var generation: UInt32 = 0
    var isUsed = true
    var previous: Int32 = -1
    var next: Int32 = -1
  }

  private var slots: [Slot] = []
  private var free: [Int32] = []
  private var oldest: Int32 = -1
  private var newest: Int32 = -1
  /// Requests on the wire.
  private(set) var count = 0
  /// Those of them that count.
  private(set) var measuredCount = 0

  /// Adds a request that is sent now, and names it.
  mutating func insert(_ request: InFlightRequest) -> Int {
    let place: Int32
    if let known = free.popLast() {
      place = known
      slots[Int(known)].request = request
      slots[Int(known)].isUsed = true
    } else {
      place = Int32(slots.count)
      slots.append(Slot(request: request))
    }
    slots[Int(place)].previous = newest
    slots[Int(place)].next = -1
    if newest >= 0 { slots[Int(newest)].next = place } else { oldest = place }
    newest = place
    count += 1
    if request.isMeasured { measuredCount += 1 }
    return ticket(of: place)
  }

  /// Takes a request out; `nil` if the ticket has ended before.
  mutating func remove(_ ticket: Int) -> InFlightRequest? {
    let place = ticket & 0xFFFF_FFFF
    guard ticket >= 0, place < slots.count else { return nil }
    let slot = slots[place]
    guard slot.isUsed, Int(slot.generation) == ticket >> 32 else { return nil }
    if slot.previous >= 0 {
      slots[Int(slot.previous)].next = slot.next
    } else {
      oldest = slot.next
    }
    if slot.next >= 0 {
      slots[Int(slot.next)].previous = slot.previous
    } else {
      newest = slot.previous
    }
    slots[place].isUsed = false
    // 31 bits: a ticket is never negative.
    slots[place].generation = (slot.generation &+ 1) & 0x7FFF_FFFF
    free.append(Int32(place))
    count -= 1
    if slot.request.isMeasured { measuredCount -= 1 }
    return slot.request
  }

  /// The request that was sent first.
  var first: (ticket: Int, deadline: Int64)? {
    guard oldest >= 0 else { return nil }
    return (ticket(of: oldest), slots[Int(oldest)].request.deadline)
  }

  /// The requests on one connection, oldest first. Looks at all: for rare occasions.
  func tickets(onConnection connection: Int) -> [Int] {
    var result: [Int] = []
    var place = oldest
    while place >= 0 {
      let slot = slots[Int(place)]
      if slot.request.connection == connection { result.append(ticket(of: place)) }
      place = slot.next
    }
    return result
  }

  private func ticket(of place: Int32) -> Int {
    Int(slots[Int(place)].generation) << 32 | Int(place)
  }
}
