import Features
import Foundation
import Synchronization

/// Reads records and hands them to a store in batches, as fast as the disk takes them.
struct FeaturesStoreIngestion {
  private let store: FeatureStore
  private let batch: Int
  private let progress: StoredCount
  private var outcomes: [IngestOutcome] = []
  private var counts = IngestCounts()
  private var attributes = 0
  private var problems: [String] = []
  private var badRecords = 0

  /// How many events are durable, told in the order in which they become so.
  private final class StoredCount: Sendable {
    let count = Mutex(0)
    let failure = Mutex<StoreFailure?>(nil)
    let isTold: Bool

    init(isTold: Bool) { self.isTold = isTold }

    func add(_ events: Int, _ result: Result<Void, StoreFailure>) {
      switch result {
      case .success:
        let sum = count.withLock { count in
          count += events
          return count
        }
        if isTold { Terminal.say("stored \(sum)") }
      case .failure(let problem): failure.withLock { $0 = $0 ?? problem }
      }
    }
  }

  init(_ store: FeatureStore, batch: Int, tellsProgress: Bool) {
    self.store = store
    self.batch = batch
    progress = StoredCount(isTold: tellsProgress)
  }

  /// Takes in the events of a file; `-` is the standard input.
  mutating func take(_ path: String, source: Int) throws {
    let schema = store.definitions.sources[source].schema
    var reader =
      path == "-"
      ? RecordReader(.ndjson, schema, name: "standard input") { bytes in
        let data = FileHandle.standardInput.availableData
        bytes.append(contentsOf: data)
        return !data.isEmpty
      } : try FeaturesFiles.reader(path, schema)
    try read(&reader, schema) {
      (store, records, outcomes, completion) throws(StoreFailure) in
      let now = Int64(Date().timeIntervalSince1970 * 1e9)
      try store.ingest(
        records, source: source, now: now, into: &outcomes, completion: completion)
    }
    if counts.refused > 0 {
      problems.append("\(counts.refused) events were refused for a value or for want of room")
    }
  }

  /// Takes in the files of attributes that the views name.
  mutating func takeAttributes(besides views: String) throws {
    let folder = URL(fileURLWithPath: views).deletingLastPathComponent()
    for file in store.definitions.attributeFiles {
      let path = file.file.hasPrefix("/") ? file.file : folder.appending(path: file.file).path
      var reader = try FeaturesFiles.reader(path, file.schema)
      let before = counts
      try read(&reader, file.schema) {
        (store, records, outcomes, completion) throws(StoreFailure) in
        try store.update(records, view: file.view, into: &outcomes, completion: completion)
      }
      attributes += counts.accepted - before.accepted
      counts = before
    }
  }

  private typealias Completion = @Sendable (Result<Void, StoreFailure>) -> Void

  private mutating func read(
    _ reader: inout RecordReader, _ schema: RecordSchema,
    _ take: (FeatureStore, ArraySlice<EventRecord>, inout [IngestOutcome], @escaping Completion)
      throws(StoreFailure) -> Void
  ) throws {
    var records = [EventRecord](repeating: EventRecord(schema), count: batch)
    var isOpen = true
    while isOpen {
      var count = 0
      while count < batch {
        do {
          guard try reader.next(into: &records[count]) else {
            isOpen = false
            break
          }
          count += 1
        } catch {
          if error.isFinal { throw error }
          badRecords += 1
          if problems.count < 20 { problems.append(error.description) }
        }
      }
      guard count > 0 else { break }
      try hand(records[..<count], take)
      store.snapshotIfDue { Terminal.complain("no snapshot: \($0)") }
    }
  }

  /// Hands one batch over; waits while the queue is full.
  private mutating func hand(
    _ records: ArraySlice<EventRecord>,
    _ take: (FeatureStore, ArraySlice<EventRecord>, inout [IngestOutcome], @escaping Completion)
      throws(StoreFailure) -> Void
  ) throws(StoreFailure) {
    while true {
      do throws(StoreFailure) {
        if let failure = progress.failure.withLock({ $0 }) { throw failure }
        let progress = progress
        let size = records.count
        try take(store, records, &outcomes) { progress.add(size, $0) }
        break
      } catch {
        guard error == .full else { throw error }
        Thread.sleep(forTimeInterval: 0.001)
      }
    }
    for outcome in outcomes { counts.count(outcome) }
  }

  /// What was done, in words.
  func lines() -> [String] {
    var lines = problems
    if badRecords > 0 { lines.append("\(badRecords) bad records were left out") }
    if attributes > 0 { lines.append("\(attributes) records of attributes taken in") }
    lines.append(
      "\(counts.accepted) events accepted, \(counts.duplicate) duplicate, \(counts.late) late, "
        + "\(counts.future) of the future, \(counts.refused) refused")
    return lines
  }
}
