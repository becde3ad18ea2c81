import Synchronization
import Testing

@testable import Features

/// A client, a store and a disk that fails, played from one seed: what was acknowledged must be
/// there after every crash, once, and nothing that was never sent.
struct StoreSimulation {
  struct Report {
    var crashes = 0
    var snapshots = 0
    var restored = 0
    var torn = 0
    var full = 0
    var stops = 0
    var acknowledged = 0
  }

  let seed: UInt64
  var random: SeededGenerator
  let disk: SimulatedDisk
  let definitions: FeatureDefinitions
  var options = StoreOptions()
  var report = Report()
  /// Batches not acknowledged yet, in the order of sending.
  var open: [(number: Int, payments: [Payment])] = []
  /// Events that the store accepted, in its order.
  var accepted: [Payment] = []
  /// Ids of events that were acknowledged.
  var acknowledged: Set<String> = []
  let done = Completions()
  var batches = 0

  /// What the log's completions said, by batch.
  final class Completions: Sendable {
    let list = Mutex<[(number: Int, isStored: Bool)]>([])

    func take() -> [(number: Int, isStored: Bool)] {
      list.withLock { list in
        defer { list = [] }
        return list
      }
    }
  }

  init(seed: UInt64, _ definitions: FeatureDefinitions) {
    self.seed = seed
    self.definitions = definitions
    random = SeededGenerator(seed: seed)
    disk = SimulatedDisk(seed: seed ^ 0x5EED)
    options.segmentBytes = Int.random(in: 500...4_000, using: &random)
    options.sliceEvents = Int.random(in: 1...5, using: &random)
    options.groupBytes = Int.random(in: 1...1_500, using: &random)
    options.sliceBytes = Int.random(in: 1...800, using: &random)
  }

  /// Plays until `count` payments are acknowledged, with `crashes` on the way.
  mutating func play(_ count: Int, crashes: Int) throws {
    var waiting = Payment.random(count, jitter: 9_000, using: &random)
    for _ in 0..<crashes {
      let share = waiting.isEmpty ? 0 : Int.random(in: 0...waiting.count, using: &random)
      let now = Array(waiting.prefix(share))
      waiting.removeFirst(share)
      let operations = disk.change { $0.operations }
      let place = operations + Int.random(in: 1...40, using: &random)
      let fault = Bool.random(using: &random) ? SimulatedDisk.Fault.crash : .inputOutputError
      disk.change { state in
        state.faultAt = place
        state.fault = fault
      }
      try run(now)
      report.crashes += 1
      disk.restart()
    }
    disk.change { $0.faultAt = nil }
    try run(waiting)
    #expect(open.isEmpty, "seed \(seed)")
    #expect(acknowledged.count == count, "seed \(seed): \(acknowledged.count) of \(count)")
  }

  /// One life of the store: opens, checks, sends what was not acknowledged and what is new.
  private mutating func run(_ payments: [Payment]) throws {
    var waiting = open.map(\.payments)
    open = []
    var rest = payments[...]
    while !rest.isEmpty {
      let size = Int.random(in: 1...12, using: &random)
      waiting.append(Array(rest.prefix(size)))
      rest = rest.dropFirst(size)
    }
    // What never got a chance is sent in the next life.
    defer { for batch in waiting { open.append((-1, batch)) } }
    let store: FeatureStore
    do throws(StoreFailure) {
      store = try FeatureStore.open(
        definitions, disk, options, seed: (random.next(), random.next()))
    } catch {
      guard case .storage = error else {
        Issue.record("seed \(seed): \(error)")
        throw error
      }
      return
    }
    if store.recovery.snapshot > 0 { report.restored += 1 }
    if store.recovery.tornBytes > 0 { report.torn += 1 }
    check(store)
    var snapshot: SnapshotRun?
    var idle = 0
    while idle < 30 {
      if waiting.isEmpty, open.isEmpty { idle += 1 }
      if disk.change({ $0.isDown }) || Self.isStopped(store) { break }
      act(store, &waiting, &snapshot)
    }
    if Self.isStopped(store) { report.stops += 1 }
    settle()
    // All that was never acknowledged is sent again, in its order.
    waiting = open.map(\.payments) + waiting
    open = []
  }

  private static func isStopped(_ store: FeatureStore) -> Bool {
    if case .stopped? = store.failure { return true }
    return false
  }

  private mutating func act(
    _ store: FeatureStore, _ waiting: inout [[Payment]], _ snapshot: inout SnapshotRun?
  ) {
    switch Int.random(in: 0..<12, using: &random) {
    case 0..<4:
      guard let batch = waiting.first else { break }
      if send(batch, store) { waiting.removeFirst() }
    case 4..<7: _ = store.log.commit()
    case 7..<10:
      do {
        if snapshot == nil { snapshot = try store.beginSnapshot() }
        if try snapshot?.step() == .done {
          snapshot = nil
          report.snapshots += 1
        }
      } catch { snapshot = nil }
    case 10:
      guard Int.random(in: 0..<6, using: &random) == 0 else { break }
      let room = Int.random(in: 0...600, using: &random)
      disk.change { state in
        let used = state.names.values.reduce(0) { $0 + (state.contents[$1]?.current.count ?? 0) }
        state.capacity = used + room
      }
    default: disk.change { $0.capacity = nil }
    }
    settle(&waiting)
  }

  /// Sends a batch; false if the store took nothing of it.
  private mutating func send(_ batch: [Payment], _ store: FeatureStore) -> Bool {
    var records: [EventRecord] = []
    for payment in batch {
      var record = EventRecord(definitions.sources[0].schema)
      payment.fill(&record)
      records.append(record)
    }
    batches += 1
    let number = batches
    let done = done
    var outcomes: [IngestOutcome] = []
    do {
      try store.ingest(records[...], source: 0, now: .max, into: &outcomes) { result in
        done.list.withLock { list in
          if case .success = result { list.append((number, true)) } else {
            list.append((number, false))
          }
        }
      }
    } catch {
      if case .diskFull = error { report.full += 1 }
      return false
    }
    for (payment, outcome) in zip(batch, outcomes) {
      switch outcome {
      case .accepted: accepted.append(payment)
      // Sent again too late to be told from a duplicate, it counted or it does not.
      case .duplicate, .late: break
      default: Issue.record("seed \(seed): \(outcome) of \(payment)")
      }
    }
    open.append((number, batch))
    return true
  }

  /// Books acknowledgements; refused batches are sent again.
  private mutating func settle(_ waiting: inout [[Payment]]) {
    for (number, isStored) in done.take() {
      guard let place = open.firstIndex(where: { $0.number == number }) else { continue }
      let batch = open.remove(at: place)
      if isStored {
        report.acknowledged += batch.payments.count
        for payment in batch.payments { acknowledged.insert(payment.id) }
      } else {
        waiting.insert(batch.payments, at: 0)
      }
    }
  }

  private mutating func settle() {
    var refused: [[Payment]] = []
    settle(&refused)
    for batch in refused { open.append((-1, batch)) }
  }

  /// Holds the state against the definition over a beginning of what was accepted.
  private mutating func check(_ store: FeatureStore) {
    let count = store.counts(source: 0).accepted
    guard count <= accepted.count else {
      Issue.record("seed \(seed): \(count) events where \(accepted.count) were sent")
      return
    }
    for payment in accepted[count...] where acknowledged.contains(payment.id) {
      Issue.record("seed \(seed): \(payment.id) was acknowledged and is gone")
    }
    accepted.removeLast(accepted.count - count)
    var engine = FeatureEngine(definitions, seed: (1, 2))
    var record = EventRecord(definitions.sources[0].schema)
    for payment in accepted {
      payment.fill(&record)
      if engine.ingest(record, source: 0, now: .max) != .accepted {
        Issue.record("seed \(seed): \(payment.id) counts twice")
      }
    }
    var expected = FeatureVector()
    var found = FeatureVector()
    guard let newest = engine.newest(source: 0) else { return }
    #expect(store.newest(source: 0) == newest, "seed \(seed)")
    for payment in accepted.suffix(8) {
      payment.fill(&record)
      engine.vector(0, record, at: newest, into: &expected)
      store.vector(0, record, at: newest, into: &found)
      let isSame =
        expected.statuses == found.statuses && expected.ages == found.ages
        && expected.values.map(\.bitPattern) == found.values.map(\.bitPattern)
      if !isSame { Issue.record("seed \(seed): features of \(payment) differ after a crash") }
    }
  }
}
