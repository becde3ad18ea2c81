private import Admission
package import Timing

/// The queue of one model version: takes requests in, says what runs next.
///
/// Pure: no clock, lock or thread inside; the caller passes `now` and carries out what is returned.
/// So the same code runs under a lock for instance threads, without one on an event loop, and under
/// a simulated clock in tests. Rules, in order:
///
/// - *Order*: priority class (aged), then what is due first, then arrival.
/// - *Work-conserving*: an idle instance and a waiting request mean a run, except while the delay
///   gate holds: all instances idle, company expected, every deadline allows it.
/// - *Cut*: a batch ends where one more row would make its tightest deadline late.
/// - *Shapes*: requests with another shape stay for a batch of their own; they end none.
/// - *Expired work never runs*: ``expire(now:)`` removes it, and ``next(now:)`` never returns it.
///
/// A wake-up carries no meaning of its own: whoever wakes asks ``next(now:)`` again, so a stale
/// timer cannot close a later batch.
package struct BatchQueue: Sendable {
  package typealias Entry = QueueEntry

  /// Why a request may not enter.
  package enum Refusal: Error, Sendable, Equatable {
    /// The queue's rows are at their bound.
    case rowsFull(limit: Int)
    /// The queue's bytes are at their bound.
    case bytesFull(limit: Int)
    /// The request's class is at its bound of requests.
    case classFull(limit: Int)
    /// The deadline has passed already.
    case deadlinePassed
    /// The predicted finish lies after the deadline.
    case unreachable(predictedWaitNanoseconds: Int64)
    /// The queue takes no more requests.
    case draining
  }

  package let policy: BatchPolicy
  /// Instances that run batches of this queue; at least 1.
  package let instances: Int
  /// The model's run time over batch size, learnt from the runs.
  package internal(set) var curve: LatencyCurve
  /// Rows that wait.
  package internal(set) var rows = 0
  /// Bytes that wait.
  package internal(set) var bytes = 0
  /// Whether the queue refuses new requests.
  package private(set) var isDraining = false

  /// The classes, most urgent first; one more at the end for requests that were demoted.
  var classes: [ClassQueue]
  /// The batches that run now.
  var running: [RunningBatch] = []
  var nextTicket: UInt64 = 1
  var nextBatch: UInt64 = 1
  /// Since when an idle instance has been waiting for company.
  var gateOpenedAt: MonotonicInstant?
  var arrivals = ArrivalRate()
  /// Refusals of an idle queue since one request was let in to try.
  var idleRefusals = 0
  /// An idle queue lets every so many-th request in although its deadline seems out of reach.
  static let idleRefusalsMax = 16

  /// A queue for `instances` instances under `policy`.
  package init(policy: BatchPolicy, instances: Int, curve: LatencyCurve = LatencyCurve()) {
    precondition(instances >= 1, "a queue needs an instance")
    self.policy = policy
    self.instances = instances
    self.curve = curve
    classes = Array(repeating: ClassQueue(), count: policy.classes.count + 1)
  }

  /// Requests that wait.
  package var count: Int { classes.reduce(0) { $0 + $1.count } }
  package var isEmpty: Bool { rows == 0 }
  /// Batches that run now.
  package var runningBatches: Int { running.count }

  /// Lets a request in, or says why not; without side effects if it does not.
  ///
  /// - Parameter slot: names the request to the caller; comes back in its entry.
  /// - Returns: the ticket, for ``cancel(ticket:)``.
  package mutating func enqueue(_ slot: Int, _ arrival: Arrival, now: MonotonicInstant)
    throws(Refusal) -> UInt64
  {
    if isDraining { throw .draining }
    let index = classIndex(arrival.priority)
    let entry = entry(slot, arrival, classIndex: index, now: now)
    try checkBounds(entry, classIndex: index)
    try checkDeadline(entry, classIndex: index, now: now)
    nextTicket += 1
    insert(entry, classIndex: index)
    arrivals.observe(now)
    return entry.ticket
  }

  /// Removes a waiting request; `nil` if it no longer waits.
  package mutating func cancel(ticket: UInt64) -> Entry? {
    for index in classes.indices {
      if let entry = classes[index].remove(ticket: ticket) {
        forget(entry)
        return entry
      }
    }
    return nil
  }

  /// Refuses new requests from now on; those that wait still run.
  package mutating func drain() { isDraining = true }

  /// Removes every waiting request.
  package mutating func removeAll() -> [Entry] {
    var removed: [Entry] = []
    for index in classes.indices {
      classes[index].take(first: .max, where: { _ in true }) { removed.append($0) }
    }
    for entry in removed { forget(entry) }
    return removed
  }

  /// Where a request of `priority` waits; 0 and unknown classes take the default.
  func classIndex(_ priority: Int) -> Int {
    (1...policy.classes.count).contains(priority) ? priority - 1 : policy.defaultPriority - 1
  }

  mutating func insert(_ entry: Entry, classIndex: Int) {
    classes[classIndex].insert(entry)
    rows += entry.rows
    bytes += entry.bytes
  }

  /// Takes a removed entry out of the totals.
  mutating func forget(_ entry: Entry) {
    rows -= entry.rows
    bytes -= entry.bytes
    if rows == 0 { gateOpenedAt = nil }
  }

  private func entry(
    _ slot: Int, _ arrival: Arrival, classIndex: Int, now: MonotonicInstant
  ) -> Entry {
    let rules = policy.classes[classIndex]
    var deadline = arrival.deadline
    var demotedAt = MonotonicInstant.distantFuture
    if rules.timeoutNanoseconds > 0 {
      let timeout = now.advanced(byNanoseconds: rules.timeoutNanoseconds)
      switch rules.timeoutAction {
      case .reject: deadline = min(deadline, timeout)
      case .delay: demotedAt = timeout
      }
    }
    let horizon = now.advanced(byNanoseconds: policy.ageingNanoseconds)
    return Entry(
      slot: slot, ticket: nextTicket, rows: arrival.rows, bytes: arrival.bytes,
      enqueuedAt: now, deadline: deadline, demotedAt: demotedAt, shapeClass: arrival.shapeClass,
      due: min(deadline, demotedAt, horizon))
  }
}

/// A batch that an instance runs now.
struct RunningBatch: Sendable {
  let number: UInt64
  /// When it is predicted to end.
  let predictedEnd: MonotonicInstant
}
