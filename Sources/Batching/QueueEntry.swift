package import Timing

/// What the queue must know of a request; the request itself stays with the caller.
package struct Arrival: Sendable {
  /// Rows along the batch dimension; at least 1 counts, an empty request counts as 1.
  package var rows: Int
  /// Bytes of all inputs.
  package var bytes: Int
  /// The class asked for, from 1; 0 or out of range takes the default.
  package var priority: Int
  /// After this instant the answer is worthless.
  package var deadline: MonotonicInstant
  /// Requests of one shape class can share a batch.
  package var shapeClass: Int

  package init(
    rows: Int, bytes: Int, priority: Int = 0, deadline: MonotonicInstant = .distantFuture,
    shapeClass: Int = 0
  ) {
    self.rows = max(1, rows)
    self.bytes = bytes
    self.priority = priority
    self.deadline = deadline
    self.shapeClass = shapeClass
  }
}

/// One request in the queue: plain numbers, so that moving it costs no reference count.
package struct QueueEntry: Sendable {
  /// What the caller named the request by.
  package let slot: Int
  /// Unique in its queue, ascending by arrival.
  package let ticket: UInt64
  package let rows: Int
  package let bytes: Int
  /// When it arrived.
  package let enqueuedAt: MonotonicInstant
  /// After this instant it is not run: its own deadline, or its class's timeout if that rejects.
  package let deadline: MonotonicInstant
  /// When it goes behind all others; ``MonotonicInstant/distantFuture`` if never.
  var demotedAt: MonotonicInstant
  let shapeClass: Int

  /// The place in its class: the earliest instant at which something is due.
  let due: MonotonicInstant

  /// The earliest instant at which waiting changes it; ``MonotonicInstant/distantFuture`` if never.
  var expiresAt: MonotonicInstant { min(deadline, demotedAt) }

  /// Whether this entry runs before `other` of the same class.
  func precedes(_ other: QueueEntry) -> Bool {
    due == other.due ? ticket < other.ticket : due < other.due
  }
}
