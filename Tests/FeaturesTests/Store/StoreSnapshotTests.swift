import Testing

@testable import Features

@Suite struct StoreSnapshotTests {
  private static let hour: Int64 = 3_600_000

  private func payment(_ number: Int, card: String, at: Int64) -> Payment {
    Payment(
      id: "p\(number)", at: 1_767_225_600_000 + at, card: card, shop: 1, country: "DE",
      amount: Double(number), bad: nil)
  }

  private func send(_ payments: [Payment], _ store: FeatureStore) throws {
    var records: [EventRecord] = []
    for payment in payments {
      var record = EventRecord(store.definitions.sources[0].schema)
      payment.fill(&record)
      records.append(record)
    }
    var outcomes: [IngestOutcome] = []
    try store.ingest(records[...], source: 0, now: .max, into: &outcomes) { _ in }
    #expect(outcomes.allSatisfy { $0 == .accepted })
    while store.log.commit() {}
  }

  private func vectors(_ payments: [Payment], _ store: FeatureStore) throws -> [FeatureVector] {
    let newest = try #require(store.newest(source: 0))
    return payments.map { payment in
      var record = EventRecord(store.definitions.sources[0].schema)
      payment.fill(&record)
      var vector = FeatureVector()
      store.vector(0, record, at: newest, into: &vector)
      // NaN is not equal to itself.
      return FeatureVector(
        values: vector.values.map { $0.isNaN ? -999 : $0 }, statuses: vector.statuses,
        ages: vector.ages)
    }
  }

  @Test func `a slot that gets a new key while a snapshot is written stays out of it`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    for _ in 0..<20 {
      var options = StoreOptions()
      options.sliceBytes = Int.random(in: 1...900, using: &random)
      let fixture = try StoreFixture(options)
      var number = 0
      func some(_ count: Int, _ prefix: String, _ at: Int64) -> [Payment] {
        (0..<count).map { index in
          number += 1
          return payment(number, card: "\(prefix)\(index)", at: at + Int64(index))
        }
      }
      try send(some(30, "old", 0), fixture.store)
      // Long after, the old keys are forgotten a few at a time.
      for step in 0..<20 { try send(some(2, "now", Self.hour + Int64(step) * 10), fixture.store) }
      #expect(fixture.store.keyCount(entity: 0) < 30)
      var run = try #require(try fixture.store.beginSnapshot())
      var sent: [Payment] = some(3, "now", Self.hour + 300)
      try send(sent, fixture.store)
      var step = 0
      while true {
        if step < 12 {
          let more = some(
            Int.random(in: 1...3, using: &random), "new\(step)-", Self.hour + 400 + Int64(step))
          try send(more, fixture.store)
          sent += more
        }
        step += 1
        if try run.step() == .done { break }
      }
      let expected = try vectors(sent, fixture.store)
      let keys = fixture.store.keyCount(entity: 0)
      fixture.disk.restart()
      let store = try StoreFixture.open(fixture.disk, options)
      #expect(store.recovery.snapshot > 0 && store.recovery.batches > 0)
      #expect(store.keyCount(entity: 0) == keys)
      #expect(try vectors(sent, store) == expected)
      // Slots are still given out once each.
      let later = some(40, "later", Self.hour + 900)
      try send(later, store)
      let again = later.map {
        payment(Int($0.amount) + 1_000, card: $0.card, at: Self.hour + 950)
      }
      try send(again, store)
      let counts = try vectors(later, store).map { $0.values[0] }
      #expect(counts.allSatisfy { $0 == 2 }, "seed \(seed): \(counts)")
    }
  }

  @Test func `an event that comes again ahead of its source opens no door to others`() throws {
    let fixture = try StoreFixture()
    try send([payment(1, card: "a", at: 8_000), payment(2, card: "b", at: 17_000)], fixture.store)
    var records: [EventRecord] = []
    for again in [payment(2, card: "b", at: 21_000), payment(1, card: "a", at: 8_000)] {
      var record = EventRecord(fixture.store.definitions.sources[0].schema)
      again.fill(&record)
      records.append(record)
    }
    var outcomes: [IngestOutcome] = []
    try fixture.store.ingest(records[...], source: 0, now: .max, into: &outcomes) { _ in }
    #expect(outcomes == [.duplicate, .duplicate])
    try send([payment(3, card: "a", at: 18_000)], fixture.store)
    fixture.disk.restart()
    #expect(fixture.accepted(try StoreFixture.open(fixture.disk)) == 3)
  }

  @Test func `what was read of the log when opening counts towards the next snapshot`() throws {
    var options = StoreOptions()
    options.snapshotBytes = 2_000
    let fixture = try StoreFixture(options)
    try fixture.store(0..<40)
    #expect(fixture.store.isSnapshotDue)
    fixture.disk.restart()
    let store = try StoreFixture.open(fixture.disk, options)
    #expect(store.isSnapshotDue)
    try store.writeSnapshot()
    #expect(!store.isSnapshotDue)
    #expect(try !StoreFixture.open(fixture.disk, options).isSnapshotDue)
  }

  @Test func `events of a batch see those before them, in any size of slice`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let payments = Payment.random(300, jitter: 9_000, using: &random)
    var results: [[FeatureVector]] = []
    for slice in [1, 7, 32, 300] {
      var options = StoreOptions()
      options.sliceEvents = slice
      let fixture = try StoreFixture(options)
      var outcomes: [IngestOutcome] = []
      var records: [EventRecord] = []
      // Each twice: the second is a duplicate, also within one slice.
      for payment in payments {
        var record = EventRecord(fixture.store.definitions.sources[0].schema)
        payment.fill(&record)
        records += [record, record]
      }
      try fixture.store.ingest(records[...], source: 0, now: .max, into: &outcomes) { _ in }
      #expect(outcomes.count { $0 == .accepted } == payments.count)
      #expect(outcomes.count { $0 == .duplicate } == payments.count)
      results.append(try vectors(payments, fixture.store))
    }
    for result in results { #expect(result == results[0], "seed \(seed)") }
  }
}
