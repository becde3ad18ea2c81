import Dispatch
import Features
import Foundation
import Synchronization

/// What several threads count.
final class Counter: Sendable {
  private let value = Mutex(0)

  var count: Int { value.withLock { $0 } }
  func add() { value.withLock { $0 += 1 } }
}

/// The store as a server uses it: keys, duplicates, a log on a disk, snapshots.
struct StoreRuns {
  let folder: String
  let cards: Int
  let events: Int

  func open(wide: Bool, _ options: StoreOptions = StoreOptions()) throws -> FeatureStore {
    let definitions = try FeatureFile.parse(Payments.views(wide: wide), path: "views.yaml")
    return try FeatureStore.open(definitions, path: folder, options)
  }

  /// Sends `count` events in batches; returns processor time of this thread and wall time.
  func fill(
    _ store: FeatureStore, _ payments: inout Payments, _ count: Int, batch: Int = 1_000
  ) throws -> (wall: Int64, thread: Int64) {
    let schema = store.definitions.sources[0].schema
    var outcomes: [IngestOutcome] = []
    var took: (wall: Int64, thread: Int64) = (0, 0)
    var left = count
    let room = DispatchSemaphore(value: 32)
    while left > 0 {
      let records = payments.batch(min(batch, left), schema)
      left -= records.count
      room.wait()
      let before = (Clocks.wall(), Clocks.thread())
      try store.ingest(records[...], source: 0, now: .max, into: &outcomes) { _ in room.signal() }
      took.wall += Clocks.wall() - before.0
      took.thread += Clocks.thread() - before.1
    }
    for _ in 0..<32 { room.wait() }
    for _ in 0..<32 { room.signal() }
    return took
  }

  func ingest() throws {
    let store = try open(wide: false)
    var payments = Payments(cards: cards)
    _ = try fill(store, &payments, cards * 2)
    let before = (Clocks.wall(), Clocks.process())
    let took = try fill(store, &payments, events)
    let all = (Clocks.wall() - before.0, Clocks.process() - before.1)
    print(
      "ingest: \(cards) cards, batches of 1,000: \(rate(events, took.wall))/s in ingest, "
        + "\(took.thread / Int64(events)) ns of processor an event; with making them and the log's "
        + "thread \(all.1 / Int64(events)) ns; resident \(Clocks.resident() >> 20) MiB")
    try store.close()
  }

  /// NDJSON in, as a server reads it: parse, ingest, log.
  func text() throws {
    let store = try open(wide: false)
    var payments = Payments(cards: cards)
    _ = try fill(store, &payments, cards * 2)
    var bytes: [UInt8] = []
    for _ in 0..<events { bytes.append(contentsOf: payments.line().utf8) }
    let schema = store.definitions.sources[0].schema
    var place = 0
    var reader = RecordReader(.ndjson, schema, name: "events") { buffer in
      guard place < bytes.count else { return false }
      let end = min(bytes.count, place + 1 << 18)
      buffer.append(contentsOf: bytes[place..<end])
      place = end
      return true
    }
    var records = [EventRecord](repeating: EventRecord(schema), count: 1_000)
    var outcomes: [IngestOutcome] = []
    let room = DispatchSemaphore(value: 32)
    let before = (Clocks.wall(), Clocks.process(), Clocks.thread())
    var count = 0
    while true {
      var filled = 0
      while filled < records.count, try reader.next(into: &records[filled]) { filled += 1 }
      if filled == 0 { break }
      room.wait()
      try store.ingest(records[..<filled], source: 0, now: .max, into: &outcomes) { _ in
        room.signal()
      }
      count += filled
    }
    for _ in 0..<32 { room.wait() }
    for _ in 0..<32 { room.signal() }
    let took = (
      Clocks.wall() - before.0, Clocks.process() - before.1, Clocks.thread() - before.2
    )
    print(
      "text: \(bytes.count / count) bytes a line: \(rate(count, took.0))/s wall, "
        + "\(took.2 / Int64(count)) ns of this thread, \(took.1 / Int64(count)) ns of all threads")
    try store.close()
  }

  /// What a decision does: its features, then its own event; nobody else is there.
  func decide() throws {
    for wide in [false, true] {
      let store = try open(wide: wide)
      var payments = Payments(cards: cards)
      _ = try fill(store, &payments, cards * 4)
      var record = EventRecord(store.definitions.sources[0].schema)
      var vector = FeatureVector()
      var reads = Durations()
      var both = Durations()
      let records = payments.batch(20_000, store.definitions.sources[0].schema)
      var outcomes: [IngestOutcome] = []
      let start = (Clocks.thread(), Clocks.process())
      for index in records.indices {
        record = records[index]
        let before = Clocks.wall()
        store.vector(0, record, at: record.time, into: &vector)
        let middle = Clocks.wall()
        try store.ingest(records[index...index], source: 0, now: .max, into: &outcomes) { _ in }
        reads.add(middle - before)
        both.add(Clocks.wall() - before)
      }
      let used = (Clocks.thread() - start.0, Clocks.process() - start.1)
      print("decide: \(vector.values.count) features: vector \(reads.text())")
      print(
        "decide: vector and event \(both.text()); processor \(used.0 / 20_000) ns of the thread, "
          + "\(used.1 / 20_000) with the log's")
      try store.close()
      for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
        try FileManager.default.removeItem(atPath: folder + "/" + name)
      }
    }
  }

  /// Decisions of one thread, while a second brings batches and a third writes snapshots.
  func pause() throws {
    let store = try open(wide: false)
    var payments = Payments(cards: cards)
    _ = try fill(store, &payments, cards * 3)
    let seconds: Int64 = 6
    for kind in ["alone", "snapshot", "batches", "batches and snapshot"] {
      let end = Clocks.wall() + seconds * 1_000_000_000
      let group = DispatchGroup()
      let written = Counter()
      if kind.contains("snapshot") {
        group.enter()
        let thread = Thread {
          while Clocks.wall() < end {
            do { if try store.writeSnapshot() { written.add() } } catch { print(error) }
          }
          group.leave()
        }
        thread.start()
      }
      if kind.contains("batches") {
        group.enter()
        let batches = payments
        payments.number += 100_000_000
        payments.time += Payments.step
        let runs = self
        let thread = Thread {
          var batches = batches
          // The times stand still: what matters is that they are not late.
          while Clocks.wall() < end {
            do {
              _ = try runs.fill(store, &batches, 20_000)
            } catch {
              print(error)
            }
          }
          group.leave()
        }
        thread.start()
      }
      var durations = Durations()
      // Of the processor: what the thread itself had to do, whoever else was running.
      var work = Durations()
      var record = EventRecord(store.definitions.sources[0].schema)
      var vector = FeatureVector()
      var outcomes: [IngestOutcome] = []
      while Clocks.wall() < end {
        if let newest = store.newest(source: 0) { payments.time = max(payments.time, newest) }
        payments.fill(&record)
        let before = Clocks.wall()
        let used = Clocks.thread()
        store.vector(0, record, at: record.time, into: &vector)
        _ = try? store.ingest([record][...], source: 0, now: .max, into: &outcomes) { _ in }
        durations.add(Clocks.wall() - before)
        work.add(Clocks.thread() - used)
        let next = before + 200_000
        while Clocks.wall() < next { usleep(20) }
      }
      group.wait()
      print("pause: \(kind): \(durations.text()), \(written.count) snapshots")
      print("pause: \(kind): processor of the thread: \(work.text())")
    }
    try store.close()
  }

  /// Opens what another run left.
  func recover() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder)
    func size(_ suffix: String) -> Int {
      names.filter { $0.hasSuffix(suffix) }.reduce(0) {
        let path = folder + "/" + $1
        let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
        return $0 + (size ?? 0)
      }
    }
    let before = (Clocks.wall(), Clocks.process())
    let store = try open(wide: false)
    let took = (Clocks.wall() - before.0, Clocks.process() - before.1)
    print(
      "recover: log \(size(".log") >> 20) MiB, snapshots \(size(".state") >> 20) MiB: "
        + "\(took.0 / 1_000_000) ms, \(took.1 / 1_000_000) ms of processor; \(store.recovery)")
    print(
      "recover: \(store.counts(source: 0).accepted) events, \(store.keyCount(entity: 0)) keys, "
        + "state \(store.byteCount >> 20) MiB, resident \(Clocks.resident() >> 20) MiB")
    try store.close()
  }

  /// Leaves a log of so many events, with a snapshot or without.
  func leave(snapshot: Bool) throws {
    var options = StoreOptions()
    options.keepsLog = true
    options.queueBytes = 512 << 20
    let store = try open(wide: false, options)
    var payments = Payments(cards: cards)
    _ = try fill(store, &payments, events)
    if snapshot {
      let before = (Clocks.wall(), Clocks.thread())
      try store.writeSnapshot()
      print(
        "snapshot: \((Clocks.wall() - before.0) / 1_000_000) ms, "
          + "\((Clocks.thread() - before.1) / 1_000_000) ms of processor")
    }
    try store.close()
  }
}
