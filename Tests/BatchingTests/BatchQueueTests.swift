import Admission
import Batching
import Testing
import Timing

/// Times are nanoseconds from `start`; a run of b rows takes 1,000 + 100 b.
@Suite struct BatchQueueTests {
  typealias Queue = BatchQueue

  static let start = MonotonicInstant(nanoseconds: 1_000_000_000_000)
  static let curve = LatencyCurve(
    prior: ServiceTime(fixedNanoseconds: 1_000, perRowNanoseconds: 100))

  static func at(_ nanoseconds: Int64) -> MonotonicInstant {
    start.advanced(byNanoseconds: nanoseconds)
  }

  static func queue(_ policy: BatchPolicy, instances: Int = 1) -> Queue {
    Queue(policy: policy, instances: instances, curve: curve)
  }

  /// The requests of the batch that runs at `time`; `nil` if none does.
  static func run(_ queue: inout Queue, at time: Int64) -> [Int]? {
    guard case .run(let batch) = queue.next(now: at(time)) else { return nil }
    return batch.entries.map(\.slot)
  }

  @Test func `an idle instance and a waiting request mean a run`() throws {
    var queue = Self.queue(BatchPolicy(batchRowsMax: 8))
    _ = try queue.enqueue(1, Arrival(rows: 1, bytes: 4), now: Self.at(0))
    #expect(Self.run(&queue, at: 0) == [1])
    #expect(queue.isEmpty && queue.runningBatches == 1)
  }

  @Test func `an idle queue lets one request try although its deadline seems out of reach`() {
    let slow = LatencyCurve(
      prior: ServiceTime(fixedNanoseconds: 1e12, perRowNanoseconds: 0))
    var queue = Queue(policy: BatchPolicy(batchRowsMax: 1), instances: 1, curve: slow)
    let arrival = Arrival(rows: 1, bytes: 4, deadline: Self.at(1_000_000))
    var refusals = 0
    while queue.isEmpty && refusals < 1_000 {
      if (try? queue.enqueue(1, arrival, now: Self.at(0))) == nil { refusals += 1 }
    }
    #expect(refusals == 15)
    #expect((try? queue.enqueue(2, arrival, now: Self.at(0))) == nil, "a backlog is no idle queue")
  }

  @Test func `what nothing bounds is never watched, however long it waits`() throws {
    var queue = Self.queue(BatchPolicy(batchRowsMax: 1, ageingNanoseconds: 1_000))
    _ = try queue.enqueue(1, Arrival(rows: 1, bytes: 4), now: Self.at(0))
    #expect(Self.run(&queue, at: 0) == [1])
    _ = try queue.enqueue(2, Arrival(rows: 1, bytes: 4), now: Self.at(0))
    #expect(queue.earliestDeadline == nil && !queue.needsWatch)
    let bounded = Arrival(rows: 1, bytes: 4, deadline: Self.at(90_000))
    _ = try queue.enqueue(3, bounded, now: Self.at(5_000))
    #expect(queue.earliestDeadline == Self.at(90_000) && queue.needsWatch)
    #expect(queue.expire(now: Self.at(80_000)).isEmpty)
    #expect(queue.expire(now: Self.at(90_000)).map(\.slot) == [3])
    #expect(queue.earliestDeadline == nil && queue.count == 1)
  }

  @Test func `a failed run teaches the curve nothing`() throws {
    var queue = Self.queue(BatchPolicy(batchRowsMax: 1))
    _ = try queue.enqueue(1, Arrival(rows: 1, bytes: 4), now: Self.at(0))
    #expect(Self.run(&queue, at: 0) == [1])
    queue.finish(batch: 1, rows: 1, nanoseconds: nil)
    #expect(queue.curve == Self.curve && queue.runningBatches == 0)
  }

  @Test func `an empty queue rests`() {
    var queue = Self.queue(BatchPolicy(batchRowsMax: 8))
    guard case .rest = queue.next(now: Self.at(0)) else {
      Issue.record("expected rest")
      return
    }
  }

  @Test func `busy instances let requests gather, and the next batch takes them all`() throws {
    var queue = Self.queue(BatchPolicy(batchRowsMax: 4))
    for request in 1...6 {
      _ = try queue.enqueue(request, Arrival(rows: 1, bytes: 4), now: Self.at(0))
      if request == 1 { #expect(Self.run(&queue, at: 0) == [1]) }
    }
    #expect(Self.run(&queue, at: 1) == nil)
    queue.finish(batch: 1, rows: 1, nanoseconds: 1_100)
    #expect(Self.run(&queue, at: 2) == [2, 3, 4, 5])
    queue.finish(batch: 2, rows: 4, nanoseconds: 1_400)
    #expect(Self.run(&queue, at: 3) == [6])
  }

  @Test func `the earliest deadline runs first, arrival breaks ties`() throws {
    var queue = Self.queue(BatchPolicy(batchRowsMax: 1))
    let deadlines: [Int64] = [90_000, 50_000, 70_000, 50_000]
    for (index, deadline) in deadlines.enumerated() {
      _ = try queue.enqueue(
        index, Arrival(rows: 1, bytes: 4, deadline: Self.at(deadline)), now: Self.at(0))
    }
    var order: [Int] = []
    for number in 1...4 {
      order += try #require(Self.run(&queue, at: 0))
      queue.finish(batch: UInt64(number), rows: 1, nanoseconds: 1_100)
    }
    #expect(order == [1, 3, 2, 0])
  }

  @Test func `a class runs before the next, and waiting lifts a class`() throws {
    let classes = Array(repeating: BatchPolicy.ClassPolicy(), count: 3)
    var policy = BatchPolicy(batchRowsMax: 1, classes: classes, defaultPriority: 2)
    policy.ageingNanoseconds = 10_000
    var queue = Self.queue(policy)
    _ = try queue.enqueue(3, Arrival(rows: 1, bytes: 4, priority: 3), now: Self.at(0))
    _ = try queue.enqueue(1, Arrival(rows: 1, bytes: 4, priority: 1), now: Self.at(2))
    #expect(Self.run(&queue, at: 3) == [1])
    queue.finish(batch: 1, rows: 1, nanoseconds: 1_100)
    _ = try queue.enqueue(2, Arrival(rows: 1, bytes: 4), now: Self.at(15_000))
    _ = try queue.enqueue(4, Arrival(rows: 1, bytes: 4, priority: 1), now: Self.at(29_999))
    // Class 3 has waited three ageing periods: it now ranks before a fresh class 1.
    #expect(Self.run(&queue, at: 30_000) == [3])
  }

  @Test func `another shape neither joins nor ends a batch`() throws {
    var queue = Self.queue(BatchPolicy(batchRowsMax: 8))
    for (request, shape) in [(1, 16), (2, 32), (3, 16), (4, 32), (5, 16)] {
      _ = try queue.enqueue(
        request, Arrival(rows: 1, bytes: 4, shapeClass: shape), now: Self.at(0))
    }
    #expect(Self.run(&queue, at: 0) == [1, 3, 5])
    queue.finish(batch: 1, rows: 3, nanoseconds: 1_300)
    #expect(Self.run(&queue, at: 0) == [2, 4])
  }

  @Test func `a batch is cut where one more row would make its tightest deadline late`() throws {
    var queue = Self.queue(BatchPolicy(batchRowsMax: 8))
    // 1,000 + 100 b <= 1,300 holds up to three rows.
    _ = try queue.enqueue(
      0, Arrival(rows: 1, bytes: 4, deadline: Self.at(1_300)), now: Self.at(0))
    for request in 1...5 {
      _ = try queue.enqueue(request, Arrival(rows: 1, bytes: 4), now: Self.at(0))
    }
    #expect(Self.run(&queue, at: 0) == [0, 1, 2])
  }

  @Test func `a preferred size is a place to cut`() throws {
    var queue = Self.queue(BatchPolicy(batchRowsMax: 8, preferredRows: [4]))
    for request in 1...6 {
      _ = try queue.enqueue(request, Arrival(rows: 1, bytes: 4), now: Self.at(0))
    }
    #expect(Self.run(&queue, at: 0) == [1, 2, 3, 4])
  }

  @Test func `the delay gate holds an idle instance until its delay or a full batch`() throws {
    var queue = Self.queue(BatchPolicy(batchRowsMax: 3, delayNanoseconds: 500))
    _ = try queue.enqueue(1, Arrival(rows: 1, bytes: 4), now: Self.at(0))
    guard case .wait(let until) = queue.next(now: Self.at(0)) else {
      Issue.record("the gate did not hold")
      return
    }
    #expect(until == Self.at(500))
    _ = try queue.enqueue(2, Arrival(rows: 1, bytes: 4), now: Self.at(100))
    #expect(Self.run(&queue, at: 100) == nil)
    _ = try queue.enqueue(3, Arrival(rows: 1, bytes: 4), now: Self.at(200))
    #expect(Self.run(&queue, at: 200) == [1, 2, 3])
    queue.finish(batch: 1, rows: 3, nanoseconds: 1_300)
    _ = try queue.enqueue(4, Arrival(rows: 1, bytes: 4), now: Self.at(300))
    #expect(Self.run(&queue, at: 300) == nil)
    #expect(Self.run(&queue, at: 800) == [4])
  }

  @Test func `the delay gate gives way to a deadline and to a busy server`() throws {
    var queue = Self.queue(BatchPolicy(batchRowsMax: 3, delayNanoseconds: 5_000), instances: 2)
    // A full batch takes 1,300: waiting may last until 700.
    _ = try queue.enqueue(
      1, Arrival(rows: 1, bytes: 4, deadline: Self.at(2_000)), now: Self.at(0))
    guard case .wait(let until) = queue.next(now: Self.at(0)) else {
      Issue.record("the gate did not hold")
      return
    }
    #expect(until == Self.at(700))
    #expect(Self.run(&queue, at: 700) == [1])
    _ = try queue.enqueue(2, Arrival(rows: 1, bytes: 4), now: Self.at(710))
    #expect(Self.run(&queue, at: 710) == [2])
  }

  @Test func `expired requests leave and never run`() throws {
    var queue = Self.queue(BatchPolicy(batchRowsMax: 1))
    _ = try queue.enqueue(0, Arrival(rows: 1, bytes: 4), now: Self.at(0))
    #expect(Self.run(&queue, at: 0) == [0])
    _ = try queue.enqueue(
      1, Arrival(rows: 1, bytes: 4, deadline: Self.at(9_000)), now: Self.at(0))
    #expect(queue.earliestDeadline == Self.at(9_000))
    #expect(queue.expire(now: Self.at(8_999)).isEmpty)
    #expect(queue.expire(now: Self.at(9_000)).map(\.slot) == [1])
    #expect(queue.isEmpty && queue.bytes == 0)
  }

  @Test func `a class timeout rejects, or sends behind all others`() throws {
    let rejecting = BatchPolicy.ClassPolicy(timeoutAction: .reject, timeoutNanoseconds: 5_000)
    let delaying = BatchPolicy.ClassPolicy(timeoutAction: .delay, timeoutNanoseconds: 5_000)
    var queue = Self.queue(BatchPolicy(batchRowsMax: 1, classes: [rejecting, delaying]))
    _ = try queue.enqueue(1, Arrival(rows: 1, bytes: 4, priority: 1), now: Self.at(0))
    _ = try queue.enqueue(2, Arrival(rows: 1, bytes: 4, priority: 2), now: Self.at(0))
    _ = try queue.enqueue(3, Arrival(rows: 1, bytes: 4, priority: 2), now: Self.at(4_000))
    #expect(queue.expire(now: Self.at(5_000)).map(\.slot) == [1])
    #expect(queue.rows == 2)
    #expect(Self.run(&queue, at: 5_001) == [3])
    queue.finish(batch: 1, rows: 1, nanoseconds: 1_100)
    #expect(Self.run(&queue, at: 5_002) == [2])
  }

  @Test func `bounds hold in rows, bytes and requests of a class`() throws {
    var policy = BatchPolicy(
      batchRowsMax: 4, classes: [BatchPolicy.ClassPolicy(requestsMax: 3)])
    policy.queueRowsMax = 5
    policy.queueBytesMax = 100
    var queue = Self.queue(policy)
    _ = try queue.enqueue(1, Arrival(rows: 4, bytes: 60), now: Self.at(0))
    #expect(throws: Queue.Refusal.rowsFull(limit: 5)) {
      try queue.enqueue(2, Arrival(rows: 2, bytes: 1), now: Self.at(0))
    }
    #expect(throws: Queue.Refusal.bytesFull(limit: 100)) {
      try queue.enqueue(2, Arrival(rows: 1, bytes: 41), now: Self.at(0))
    }
    _ = try queue.enqueue(3, Arrival(rows: 1, bytes: 40), now: Self.at(0))
    #expect(queue.rows == 5 && queue.bytes == 100)
  }

  @Test func `a request larger than the bound enters an empty queue`() throws {
    var policy = BatchPolicy(batchRowsMax: 4)
    policy.queueRowsMax = 2
    var queue = Self.queue(policy)
    _ = try queue.enqueue(1, Arrival(rows: 4, bytes: 60), now: Self.at(0))
    #expect(Self.run(&queue, at: 0) == [1])
  }

  @Test func `a deadline out of reach is refused with the predicted wait`() throws {
    var queue = Self.queue(BatchPolicy(batchRowsMax: 1))
    for request in 0..<10 {
      _ = try queue.enqueue(
        request, Arrival(rows: 1, bytes: 4, deadline: Self.at(12_200)), now: Self.at(0))
    }
    #expect(throws: Queue.Refusal.unreachable(predictedWaitNanoseconds: 11_000)) {
      try queue.enqueue(
        10, Arrival(rows: 1, bytes: 4, deadline: Self.at(12_300)), now: Self.at(0))
    }
    #expect(throws: Queue.Refusal.deadlinePassed) {
      try queue.enqueue(11, Arrival(rows: 1, bytes: 4, deadline: Self.at(0)), now: Self.at(0))
    }
  }

  @Test func `a newcomer may not make an admitted request late`() throws {
    var queue = Self.queue(BatchPolicy(batchRowsMax: 1))
    _ = try queue.enqueue(
      1, Arrival(rows: 1, bytes: 4, deadline: Self.at(1_500)), now: Self.at(0))
    #expect(throws: Queue.Refusal.self) {
      try queue.enqueue(
        2, Arrival(rows: 1, bytes: 4, deadline: Self.at(1_400)), now: Self.at(0))
    }
  }

  @Test func `a cancelled request leaves the queue`() throws {
    var queue = Self.queue(BatchPolicy(batchRowsMax: 8))
    let first = try queue.enqueue(1, Arrival(rows: 1, bytes: 4), now: Self.at(0))
    _ = try queue.enqueue(2, Arrival(rows: 1, bytes: 4), now: Self.at(0))
    #expect(queue.cancel(ticket: first)?.slot == 1)
    #expect(queue.cancel(ticket: first) == nil)
    #expect(Self.run(&queue, at: 0) == [2])
  }

  @Test func `a draining queue refuses newcomers and runs what waits`() throws {
    var queue = Self.queue(BatchPolicy(batchRowsMax: 8, delayNanoseconds: 1_000_000))
    _ = try queue.enqueue(1, Arrival(rows: 1, bytes: 4), now: Self.at(0))
    queue.drain()
    #expect(throws: Queue.Refusal.draining) {
      try queue.enqueue(2, Arrival(rows: 1, bytes: 4), now: Self.at(0))
    }
    #expect(Self.run(&queue, at: 0) == [1])
  }

  @Test func `finishing a batch that does not run is a programming error`() async {
    await #expect(processExitsWith: .failure) {
      var queue = BatchQueue(policy: BatchPolicy(batchRowsMax: 1), instances: 1)
      queue.finish(batch: 7, rows: 1, nanoseconds: 1)
    }
  }
}
