import Admission
import Batching
import Testing
import Timing

/// The queue under a simulated clock: random arrivals, cancels and runs from a printed seed, each
/// decision compared with an oracle that sorts everything anew, invariants after every event.
@Suite struct BatchQueueSimulationTests {
  struct Waiting {
    var id: Int
    var ticket: UInt64
    var rows: Int
    var priority: Int
    var deadline: Int64
    var shape: Int
    var arrived: Int64
  }

  /// What should run next, by brute force: sort, take the head, add what fits.
  static func oracle(
    _ waiting: [Waiting], now: Int64, policy: BatchPolicy, service: ServiceTime
  ) -> [Int] {
    func due(_ entry: Waiting) -> Int64 {
      min(entry.deadline, entry.arrived + policy.ageingNanoseconds)
    }
    let classes = Dictionary(grouping: waiting, by: \.priority).mapValues { entries in
      entries.sorted { (due($0), $0.ticket) < (due($1), $1.ticket) }
    }
    let order = classes.keys.sorted { a, b in
      func rank(_ level: Int) -> Int64 {
        let waited = now - (classes[level]?.first?.arrived ?? now)
        return Int64(level) - waited / policy.ageingNanoseconds
      }
      return (rank(a), a) < (rank(b), b)
    }
    let sorted = order.flatMap { classes[$0] ?? [] }
    guard let head = sorted.first else { return [] }
    let limit = max(head.rows, policy.batchRowsMax)
    let margin = service.deviationNanoseconds * FinishForecast.marginDeviations
    func slack(_ deadline: Int64) -> Double {
      deadline == .max ? .infinity : Double(deadline - now)
    }
    var taken: [Waiting] = []
    var rows = 0
    var tightest = Int64.max
    func take(_ entry: Waiting) {
      taken.append(entry)
      rows += entry.rows
      if service.batch(rows: rows) <= slack(entry.deadline) {
        tightest = min(tightest, entry.deadline)
      }
    }
    take(head)
    for entry in sorted.dropFirst() where rows < limit && entry.shape == head.shape {
      let total = rows + entry.rows
      let time = service.batch(rows: total) + margin
      let isLateAlone = service.batch(rows: entry.rows) > slack(entry.deadline)
      if total <= limit, time <= slack(tightest), time <= slack(entry.deadline) || isLateAlone {
        take(entry)
      }
    }
    return taken.map(\.id)
  }

  @Test(arguments: [UInt64(1), 2, 3])
  func `one hundred thousand events agree with brute force`(seed: UInt64) throws {
    print("batch queue simulation seed \(seed)")
    var walk = Walk(seed: seed)
    for _ in 0..<100_000 { try walk.step() }
    try walk.finish()
    #expect(walk.ran > 10_000 && walk.expired > 100 && walk.refused > 100 && walk.cancelled > 100)
  }

  /// One random walk; a run of b rows takes 20,000 + 1,000 b nanoseconds, give or
  /// take a tenth, but one in ten stalls.
  struct Walk {
    static let service = ServiceTime(fixedNanoseconds: 20_000, perRowNanoseconds: 1_000)
    static let never = Int64.max
    var generator: SeededGenerator
    var now: Int64 = 1_000_000_000
    var queue: BatchQueue
    var waiting: [Waiting] = []
    var running: [(number: UInt64, rows: Int, ends: Int64, nanoseconds: Int64)] = []
    var nextID = 0
    var ran = 0
    var expired = 0
    var refused = 0
    var cancelled = 0

    init(seed: UInt64) {
      generator = SeededGenerator(seed: seed)
      let classes = Array(repeating: BatchPolicy.ClassPolicy(), count: 3)
      var policy = BatchPolicy(batchRowsMax: 16, classes: classes, defaultPriority: 2)
      policy.queueRowsMax = 120
      policy.queueBytesMax = 4_000
      policy.ageingNanoseconds = 400_000
      queue = BatchQueue(
        policy: policy, instances: 2, curve: LatencyCurve(prior: Self.service))
    }

    mutating func step() throws {
      switch Int.random(in: 0..<10, using: &generator) {
      case 0..<7: arrive()
      case 7: cancel()
      default: advance()
      }
      settle()
      checkInvariants()
    }

    /// Lets everything that waits come to its end, and checks that nothing was lost.
    mutating func finish() throws {
      while !waiting.isEmpty || !running.isEmpty {
        advance()
        settle()
        checkInvariants()
      }
      #expect(ran + expired + refused + cancelled == nextID)
      #expect(queue.isEmpty && queue.bytes == 0 && queue.runningBatches == 0)
    }

    private mutating func arrive() {
      let rows = Int.random(in: 1...4, using: &generator)
      let priority = Int.random(in: 0...4, using: &generator)
      let hasDeadline = Bool.random(using: &generator)
      let deadline =
        hasDeadline ? now + Int64.random(in: 1_000...300_000, using: &generator) : Self.never
      let shape = Int.random(in: 0..<5, using: &generator) == 0 ? 7 : 0
      let arrival = Arrival(
        rows: rows, bytes: rows * 30, priority: priority,
        deadline: MonotonicInstant(nanoseconds: deadline), shapeClass: shape)
      let before = (queue.rows, queue.bytes, queue.count)
      nextID += 1
      do {
        let ticket = try queue.enqueue(
          nextID, arrival, now: MonotonicInstant(nanoseconds: now))
        waiting.append(
          Waiting(
            id: nextID, ticket: ticket, rows: rows,
            priority: (1...3).contains(priority) ? priority : 2, deadline: deadline, shape: shape,
            arrived: now))
      } catch {
        refused += 1
        #expect(before == (queue.rows, queue.bytes, queue.count))
      }
    }

    private mutating func cancel() {
      guard let index = waiting.indices.randomElement(using: &generator) else { return }
      #expect(queue.cancel(ticket: waiting[index].ticket)?.slot == waiting[index].id)
      waiting.remove(at: index)
      cancelled += 1
    }

    private mutating func advance() {
      now += Int64.random(in: 500...24_000, using: &generator)
      for batch in running where batch.ends <= now {
        queue.finish(batch: batch.number, rows: batch.rows, nanoseconds: batch.nanoseconds)
      }
      running.removeAll { $0.ends <= now }
    }

    private mutating func settle() {
      let instant = MonotonicInstant(nanoseconds: now)
      let gone = Set(queue.expire(now: instant).map(\.slot))
      let late = Set(waiting.filter { $0.deadline <= now }.map(\.id))
      #expect(gone == late)
      expired += gone.count
      waiting.removeAll { gone.contains($0.id) }
      while true {
        let expected = BatchQueueSimulationTests.oracle(
          waiting, now: now, policy: queue.policy, service: queue.curve.service)
        guard case .run(let batch) = queue.next(now: instant) else {
          #expect(waiting.isEmpty || running.count == 2, "an idle instance did not run")
          return
        }
        #expect(batch.entries.map(\.slot) == expected)
        let isStall = Int.random(in: 0..<10, using: &generator) == 0
        let stretch = Double.random(in: isStall ? 2...8 : 0.9...1.2, using: &generator)
        let nanoseconds = Int64(Self.service.batch(rows: batch.rows) * stretch)
        running.append((batch.number, batch.rows, now + nanoseconds, nanoseconds))
        let taken = Set(expected)
        waiting.removeAll { taken.contains($0.id) }
        ran += taken.count
      }
    }

    private func checkInvariants() {
      #expect(queue.rows == waiting.reduce(0) { $0 + $1.rows })
      #expect(queue.bytes == waiting.reduce(0) { $0 + $1.rows * 30 })
      #expect(queue.count == waiting.count)
      #expect(queue.rows <= 120 && queue.bytes <= 4_000 && running.count <= 2)
    }
  }
}
