import Synchronization
import Testing

@testable import Features

/// A store on a disk in memory whose log is written when the test says so.
struct StoreFixture {
  let disk = SimulatedDisk(seed: 1)
  var store: FeatureStore
  let results = Results()

  /// What completions said, in their order.
  final class Results: Sendable {
    let list = Mutex<[Result<Void, StoreFailure>]>([])
    var stored: Int {
      list.withLock { $0.count { if case .success = $0 { true } else { false } } }
    }
    var failures: [StoreFailure] {
      list.withLock { list in
        list.compactMap { if case .failure(let failure) = $0 { failure } else { nil } }
      }
    }
  }

  init(_ options: StoreOptions = StoreOptions()) throws {
    store = try Self.open(disk, options)
  }

  static func open(
    _ disk: SimulatedDisk, _ options: StoreOptions = StoreOptions(),
    _ text: String = FeatureFixture.text
  ) throws -> FeatureStore {
    try FeatureStore.open(try FeatureFixture.definitions(text), disk, options, seed: (3, 4))
  }

  static func payments(_ range: Range<Int>) -> [Payment] {
    range.map {
      Payment(
        id: "p\($0)", at: 1_767_225_600_000 + Int64($0) * 100, card: "c\($0 % 3)", shop: 1,
        country: "DE", amount: Double($0), bad: nil)
    }
  }

  /// Sends payments as one batch.
  @discardableResult
  func send(_ range: Range<Int>) throws -> [IngestOutcome] {
    var records: [EventRecord] = []
    for payment in Self.payments(range) {
      var record = EventRecord(store.definitions.sources[0].schema)
      payment.fill(&record)
      records.append(record)
    }
    var outcomes: [IngestOutcome] = []
    let results = results
    try store.ingest(records[...], source: 0, now: .max, into: &outcomes) { result in
      results.list.withLock { $0.append(result) }
    }
    return outcomes
  }

  /// Sends payments, one batch and one fsync each.
  func store(_ range: Range<Int>) throws {
    for number in range {
      try send(number..<number + 1)
      while store.log.commit() {}
    }
  }

  func accepted(_ store: FeatureStore) -> Int { store.counts(source: 0).accepted }
}
