import Synchronization
import Testing
import Timing

@testable import Records

@Suite struct RecordQueueTests {
  private static func options() -> RecordOptions {
    var options = RecordOptions()
    options.queueRowsMaximum = 40
    options.groupRowsMaximum = 8
    options.gatherNanoseconds = 100
    options.lazyGatherNanoseconds = 1_000
    options.pauseNanoseconds = 5_000
    return options
  }

  private func makeQueue(_ options: RecordOptions = options()) -> RecordQueue {
    RecordQueue(options: options, recent: RecentRequests(capacity: 1_024), remembersAll: true)
  }

  private func queued(
    _ index: Int, _ durability: Durability, at now: MonotonicInstant, _ options: RecordOptions
  ) -> QueuedRecord {
    let patience: Int64 =
      switch durability {
      case .commit: 0
      case .group: options.gatherNanoseconds
      case .afterResponse: options.lazyGatherNanoseconds
      }
    return QueuedRecord(
      .sample(index), durability: durability, due: now.advanced(byNanoseconds: patience),
      completion: { _ in })
  }

  private func at(_ nanoseconds: Int64) -> MonotonicInstant {
    MonotonicInstant(nanoseconds: nanoseconds)
  }

  private func ids(_ step: WriterStep) -> [String]? {
    guard case .write(let group) = step else { return nil }
    return group.map(\.record.id)
  }

  private func sleeps(_ step: WriterStep, until instant: MonotonicInstant) -> Bool {
    guard case .sleep(let until) = step else { return false }
    return until == instant
  }

  private func wakes(_ offer: RecordQueue.Offer) -> Bool? {
    guard case .accepted(let wakes) = offer else { return nil }
    return wakes
  }

  @Test func `an idle writer sleeps without end, and one signal wakes it`() {
    var queue = makeQueue()
    #expect(sleeps(queue.next(now: at(0)), until: .distantFuture))
    let options = queue.options
    #expect(wakes(queue.offer(queued(1, .group, at: at(10), options), key: 1, now: at(10))) == true)
    #expect(
      wakes(queue.offer(queued(2, .group, at: at(11), options), key: 2, now: at(11))) == false)
    #expect(sleeps(queue.next(now: at(12)), until: at(110)))
    #expect(
      wakes(queue.offer(queued(3, .group, at: at(20), options), key: 3, now: at(20))) == false)
    #expect(ids(queue.next(now: at(110))) == ["d1", "d2", "d3"])
  }

  @Test func `commit is written at once and takes along what waits`() {
    var queue = makeQueue()
    let options = queue.options
    _ = queue.next(now: at(0))
    #expect(
      wakes(queue.offer(queued(1, .afterResponse, at: at(0), options), key: 1, now: at(0))) == true)
    #expect(sleeps(queue.next(now: at(1)), until: at(1_000)))
    #expect(wakes(queue.offer(queued(2, .commit, at: at(2), options), key: 2, now: at(2))) == true)
    #expect(ids(queue.next(now: at(3))) == ["d1", "d2"])
  }

  @Test func `a full group does not wait`() {
    var queue = makeQueue()
    let options = queue.options
    _ = queue.next(now: at(0))
    for index in 0..<7 {
      _ = queue.offer(queued(index, .group, at: at(1), options), key: nil, now: at(1))
    }
    #expect(sleeps(queue.next(now: at(2)), until: at(101)))
    #expect(wakes(queue.offer(queued(7, .group, at: at(3), options), key: nil, now: at(3))) == true)
    #expect(ids(queue.next(now: at(4)))?.count == 8)
  }

  @Test func `the bounds in rows and in bytes are kept`() {
    var options = Self.options()
    options.queueBytesMaximum = 5 * DecisionRecord.sample(10).byteCount
    var queue = makeQueue(options)
    for index in 10..<15 {
      #expect(
        wakes(queue.offer(queued(index, .group, at: at(1), options), key: nil, now: at(1))) != nil)
    }
    guard
      case .refused(.full(rows: 5, _)) = queue.offer(
        queued(15, .group, at: at(1), options), key: nil, now: at(1))
    else {
      Issue.record("accepted")
      return
    }
    #expect(queue.statistics.refused == 1)
  }

  @Test func `a full disk refuses for a while, then one record tries`() {
    var queue = makeQueue()
    let options = queue.options
    _ = queue.offer(queued(1, .group, at: at(0), options), key: 1, now: at(0))
    _ = queue.offer(queued(2, .afterResponse, at: at(0), options), key: 2, now: at(0))
    #expect(ids(queue.next(now: at(100))) == ["d1", "d2"])
    let told = queue.pause(.diskFull("x"), now: at(200))
    #expect(told.map(\.record.id) == ["d1"])
    #expect(queue.statistics.pause == .diskFull("x"))
    guard
      case .refused(.diskFull) = queue.offer(
        queued(3, .group, at: at(300), options), key: 3, now: at(300))
    else {
      Issue.record("accepted")
      return
    }
    #expect(sleeps(queue.next(now: at(300)), until: at(5_200)))
    #expect(
      wakes(queue.offer(queued(4, .commit, at: at(5_200), options), key: 4, now: at(5_200)))
        == false)
    #expect(ids(queue.next(now: at(5_201))) == ["d2", "d4"])
    _ = queue.finishGroup()
    #expect(queue.statistics.pause == nil)
    #expect(queue.statistics.queuedRows == 0)
  }

  @Test func `removal takes turns with records`() throws {
    var queue = makeQueue()
    let options = queue.options
    _ = try queue.offer(PruneJob(before: 1))
    for index in 0..<20 {
      _ = queue.offer(queued(index, .group, at: at(1), options), key: nil, now: at(1))
    }
    var turns = ""
    for _ in 0..<6 {
      switch queue.next(now: at(200)) {
      case .write:
        turns += "w"
        _ = queue.finishGroup()
      case .prune: turns += "p"
      default: turns += "?"
      }
    }
    #expect(turns == "wpwpwp")
    queue.finishPrune()
    #expect(sleeps(queue.next(now: at(200)), until: .distantFuture))
  }

  @Test func `on random walks each record leaves once, in order, in time, within bounds`() {
    for round in 0..<200 {
      let seed = UInt64.random(in: 0...UInt64.max)
      var walk = QueueWalk(seed: seed, options: Self.options())
      walk.run(steps: 400)
      #expect(walk.problems.isEmpty, "seed \(seed), round \(round): \(walk.problems)")
      if !walk.problems.isEmpty { return }
    }
  }
}

/// A writer and its senders in simulated time.
private struct QueueWalk {
  var random: SeededRandom
  var queue: RecordQueue
  var now = MonotonicInstant(nanoseconds: 1)
  var accepted: [String: QueuedRecord] = [:]
  var written: [String] = []
  var left: Set<String> = []
  var sleepingUntil: MonotonicInstant?
  var count = 0
  var problems: [String] = []

  init(seed: UInt64, options: RecordOptions) {
    random = SeededRandom(seed: seed)
    queue = RecordQueue(
      options: options, recent: RecentRequests(capacity: 64), remembersAll: false)
  }

  mutating func run(steps: Int) {
    for _ in 0..<steps {
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<5: offer()
      case 5..<7:
        now = now.advanced(byNanoseconds: Int64.random(in: 0..<400, using: &random))
        if let until = sleepingUntil, now >= until { writer() }
      default: if sleepingUntil == nil { writer() }
      }
      check()
    }
    if Bool.random(using: &random) { finish() } else { breakDown() }
  }

  private mutating func offer() {
    let durability = Durability.allCases.randomElement(using: &random) ?? .group
    let patience: Int64 =
      switch durability {
      case .commit: 0
      case .group: queue.options.gatherNanoseconds
      case .afterResponse: queue.options.lazyGatherNanoseconds
      }
    count += 1
    let request = Int.random(in: 0..<50, using: &random)
    let queued = QueuedRecord(
      .sample(count, request: "r\(request)"), durability: durability,
      due: now.advanced(byNanoseconds: patience), completion: { _ in })
    switch queue.offer(queued, key: UInt64(request), now: now) {
    case .accepted(let wakes):
      accepted[queued.record.id] = queued
      if wakes {
        if sleepingUntil == nil { problems.append("woke a writer that was awake") }
        sleepingUntil = nil
      }
    case .duplicate(let record):
      if durability != .afterResponse || left.contains(record.id) {
        problems.append("duplicate of \(record.id)")
      }
    case .refused(.full):
      if queue.statistics.queuedRows < queue.options.queueRowsMaximum { problems.append("full") }
    case .refused(.diskFull):
      if queue.statistics.pause == nil { problems.append("refused without a pause") }
    case .refused(let failure): problems.append("\(failure)")
    }
  }

  private mutating func writer() {
    sleepingUntil = nil
    switch queue.next(now: now) {
    case .sleep(let until): sleepingUntil = until
    case .prune, .end: problems.append("nothing asked for that")
    case .write(let group):
      if group.isEmpty || group.count > queue.options.groupRowsMaximum {
        problems.append("a group of \(group.count)")
      }
      now = now.advanced(byNanoseconds: Int64.random(in: 0..<300, using: &random))
      if Int.random(in: 0..<8, using: &random) == 0 {
        for queued in queue.pause(.diskFull("x"), now: now) {
          if !queued.isAwaited { problems.append("dropped \(queued.record.id)") }
          leave(queued)
        }
      } else {
        for queued in group {
          written.append(queued.record.id)
          leave(queued)
        }
        _ = queue.finishGroup()
      }
    }
  }

  private mutating func leave(_ queued: QueuedRecord) {
    let id = queued.record.id
    if accepted[id] == nil || !left.insert(id).inserted { problems.append("\(id) left again") }
  }

  /// Nobody is forgotten: a sleeping writer wakes by the earliest due record or the end of a pause.
  private mutating func check() {
    if queue.statistics.queuedRows != accepted.count - left.count {
      problems.append(
        "\(queue.statistics.queuedRows) rows, \(accepted.count - left.count) expected")
    }
    let waiting = accepted.filter { !left.contains($0.key) }.values
    let bytes = waiting.reduce(0) { $0 + $1.byteCount }
    if queue.statistics.queuedBytes != bytes { problems.append("bytes") }
    guard let until = sleepingUntil, let due = waiting.map(\.due).min() else { return }
    if until > max(due, queue.blockedUntil ?? due) { problems.append("sleeps past \(due)") }
  }

  private mutating func finish() {
    if queue.close(), sleepingUntil == nil { problems.append("woke a writer that was awake") }
    for _ in 0..<100 {
      if case .end = queue.next(now: now) { break }
      for queued in queue.taken[queue.done..<queue.current] {
        written.append(queued.queued.record.id)
        leave(queued.queued)
      }
      _ = queue.finishGroup()
    }
    let numbers = written.compactMap { Int($0.dropFirst()) }
    if numbers != numbers.sorted() { problems.append("out of order") }
    if left.count != accepted.count { problems.append("left \(left.count) of \(accepted.count)") }
  }

  private mutating func breakDown() {
    for queued in queue.stop(.stopped(.durability("x"))).records { leave(queued) }
    if left.count != accepted.count { problems.append("left \(left.count) of \(accepted.count)") }
    guard case .end = queue.next(now: now) else {
      problems.append("went on")
      return
    }
  }
}
