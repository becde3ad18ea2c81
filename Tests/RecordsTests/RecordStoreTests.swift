import Foundation
import Synchronization
import Testing

@testable import Records

@Suite struct RecordStoreTests {
  @Test func `what is recorded is read back, and survives closing and opening`() async throws {
    let folder = try RecordFolder()
    let records = (0..<50).map { DecisionRecord.sample($0, bodyBytes: $0 * 100) }
    let store = try RecordStore(path: folder.file, options: .small)
    for (index, record) in records.enumerated() {
      let durability: Durability = index.isMultiple(of: 2) ? .commit : .group
      let outcome = await store.append(record, durability)
      guard case .success(.recorded(let sequence, let hash)) = outcome else {
        Issue.record("\(outcome)")
        continue
      }
      #expect(sequence == Int64(index + 1))
      #expect(
        try store.find(id: record.id)
          == StoredRecord(sequence: sequence, hash: hash, record: record))
    }
    store.close()
    let again = try RecordStore(path: folder.file, options: .small)
    for record in records {
      #expect(try again.find(id: record.id)?.record == record)
      #expect(
        try again.find(pipeline: "cards", requestID: record.requestID ?? "")?.record == record)
    }
    #expect(try again.find(id: "none") == nil)
    #expect(try again.find(pipeline: "cards", requestID: "none") == nil)
    #expect(try again.find(pipeline: "other", requestID: "r1") == nil)
    #expect(again.statistics.lastSequence == 50)
    #expect(try again.verify().isIntact)
    again.close()
  }

  @Test func `concurrent duplicates give one record and one answer`() async throws {
    let folder = try RecordFolder()
    let store = try RecordStore(path: folder.file, options: .small)
    // Forty requests, ten times each, all with ids of their own.
    let records = (0..<400).map { DecisionRecord.sample($0, request: "r\($0 % 40)") }
    let results = await store.appendAll(records)
    var recorded: [String: String] = [:]
    var answers: [String: Set<String>] = [:]
    for (record, result) in zip(records, results) {
      let request = record.requestID ?? ""
      switch result {
      case .success(.recorded):
        #expect(recorded.updateValue(record.id, forKey: request) == nil)
        answers[request, default: []].insert(record.id)
      case .success(.duplicate(let first)): answers[request, default: []].insert(first.id)
      default: Issue.record("\(result)")
      }
    }
    #expect(recorded.count == 40)
    for (request, ids) in answers { #expect(ids == [recorded[request] ?? ""]) }
    #expect(store.statistics.recorded == 40)
    #expect(store.statistics.duplicates == 360)
    #expect(try store.verify().rows == 40)
    store.close()
  }

  @Test func `the same request in two pipelines is two decisions`() async throws {
    let folder = try RecordFolder()
    let store = try RecordStore(path: folder.file, options: .small)
    _ = await store.append(.sample(1, request: "r"))
    let second = await store.append(.sample(2, request: "r", pipeline: "loans"))
    guard case .success(.recorded(sequence: 2, _)) = second else {
      Issue.record("\(second)")
      return
    }
    _ = await store.append(.sample(3, request: nil))
    _ = await store.append(.sample(4, request: nil))
    #expect(store.statistics.recorded == 4)
    store.close()
  }

  @Test func `a request from before is known after opening, with and without memory`() async throws
  {
    let folder = try RecordFolder()
    try await makeRecords(30, in: folder)
    for remembered in [0, 7, 1_000] {
      var options = RecordOptions()
      options.recentRequestsAtOpen = remembered
      let store = try RecordStore(path: folder.file, options: options)
      #expect(
        store.recall(pipeline: "cards", requestID: "r29") == (remembered > 0 ? .written : .unknown))
      #expect(
        store.recall(pipeline: "cards", requestID: "r3") == (remembered > 7 ? .written : .unknown))
      #expect(try store.find(pipeline: "cards", requestID: "r3")?.record == .sample(3))
      let again = await store.append(.sample(1_000 + remembered, request: "r3"))
      #expect(again == .success(.duplicate(.sample(3))))
      store.close()
    }
  }

  @Test func `an id that is taken fails alone`() async throws {
    let folder = try RecordFolder()
    let store = try RecordStore(path: folder.file, options: .small)
    _ = await store.append(.sample(1))
    let results = await store.appendAll([
      .sample(2), DecisionRecord.sample(1, request: "new"), .sample(3),
    ])
    #expect(results[1] == .failure(.duplicateID("d1")))
    #expect(store.statistics.recorded == 3)
    #expect(store.statistics.failed == 1)
    #expect(try store.verify().isIntact)
    store.close()
  }

  @Test func `what cannot be kept is refused at once`() throws {
    let folder = try RecordFolder()
    var options = RecordOptions()
    options.bodyBytesMaximum = 100
    let store = try RecordStore(path: folder.file, options: options)
    var bad = Array(repeating: DecisionRecord.sample(1), count: 5)
    bad[0].id = ""
    bad[1].pipeline = String(repeating: "p", count: 1_025)
    bad[2].requestID = "a\0b"
    bad[3].body = Array(repeating: 32, count: 101)
    bad[4].requestID = ""
    for record in bad {
      do throws(RecordFailure) {
        try store.append(record, durability: .group) { _ in Issue.record("called") }
        Issue.record("accepted")
      } catch {
        #expect(error.reason == "invalid", "\(error)")
      }
    }
    store.close()
    #expect(throws: RecordFailure.closed) {
      try store.append(.sample(1), durability: .group) { _ in Issue.record("called") }
    }
    #expect(throws: RecordFailure.closed) { try store.prune(before: 0) }
  }

  @Test func `after the response is at once, and closing writes what waits`() async throws {
    let folder = try RecordFolder()
    var options = RecordOptions()
    // Nothing is due before the store is closed.
    options.lazyGatherNanoseconds = .max / 2
    let store = try RecordStore(path: folder.file, options: options)
    for index in 0..<100 {
      let called = Mutex(0)
      try store.append(.sample(index), durability: .afterResponse) { result in
        #expect(result == .success(.queued))
        called.withLock { $0 += 1 }
      }
      #expect(called.withLock { $0 } == 1)
    }
    #expect(store.recall(pipeline: "cards", requestID: "r5") == .queued(.sample(5)))
    #expect(try store.find(pipeline: "cards", requestID: "r5")?.record == .sample(5))
    #expect(try store.find(pipeline: "cards", requestID: "r5")?.sequence == 0)
    #expect(try store.find(pipeline: "cards", requestID: "none") == nil)
    let again = await store.append(.sample(500, request: "r5"), .afterResponse)
    #expect(again == .success(.duplicate(.sample(5))))
    #expect(store.statistics.queuedRows == 100)
    store.close()
    #expect(store.statistics.queuedRows == 0)
    #expect(store.statistics.queuedBytes == 0)
    let report = try RecordReader(path: folder.file).verify()
    #expect(report.rows == 100)
    #expect(report.isIntact)
  }

  @Test func `a list goes page by page, by time, and within its bounds`() async throws {
    let folder = try RecordFolder()
    let store = try RecordStore(path: folder.file, options: .small)
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededRandom(seed: seed)
    var all: [DecisionRecord] = []
    for index in 0..<120 {
      var record = DecisionRecord.sample(index, pipeline: index % 3 == 0 ? "loans" : "cards")
      record.decidedAt = Int64.random(in: 0..<40, using: &random)
      all.append(record)
      _ = await store.append(record, .commit)
    }
    for pipeline in [nil, "cards", "loans", "none"] {
      for (from, to) in [(nil, nil), (5, 30), (7, nil), (nil, 9), (30, 5)] as [(Int64?, Int64?)] {
        let expected = all.enumerated().filter { _, record in
          (pipeline == nil || record.pipeline == pipeline) && record.decidedAt >= from ?? .min
            && record.decidedAt < to ?? .max
        }.sorted { ($0.element.decidedAt, $0.offset) < ($1.element.decidedAt, $1.offset) }
        var found: [DecisionRecord] = []
        var cursor: RecordCursor?
        repeat {
          let page = try store.list(
            pipeline: pipeline, from: from, to: to, limit: 7, after: cursor)
          #expect(page.records.count <= 7)
          found += page.records.map(\.record)
          cursor = try page.next.map { try #require(RecordCursor($0.description)) }
        } while cursor != nil
        #expect(found == expected.map(\.element), "seed \(seed)")
      }
    }
    store.close()
  }

  @Test func `a second writer is turned away, a reader is not`() async throws {
    let folder = try RecordFolder()
    let store = try RecordStore(path: folder.file, options: .small)
    _ = await store.append(.sample(1))
    do throws(RecordFailure) {
      _ = try RecordStore(path: folder.file, options: .small)
      Issue.record("opened twice")
    } catch {
      #expect(error.description.contains("another process is writing to it"), "\(error)")
    }
    let reader = try RecordReader(path: folder.file)
    #expect(try reader.find(id: "d1")?.record == .sample(1))
    _ = await store.append(.sample(2))
    #expect(try reader.verify().rows == 2)
    reader.close()
    store.close()
    try RecordStore(path: folder.file).close()
  }

  @Test func `files of others are refused with what to do`() throws {
    let folder = try RecordFolder()
    try folder.write(Array("this is a letter, not a database, and long enough".utf8))
    #expect(throws: RecordFailure.self) { try RecordStore(path: folder.file) }
    for path in [folder.path + "/no/such/folder/file", folder.path] {
      do throws(RecordFailure) {
        _ = try RecordStore(path: path)
        Issue.record("opened \(path)")
      } catch {
        #expect(error.description.contains(path), "\(error)")
      }
    }
    do throws(RecordFailure) {
      _ = try RecordReader(path: folder.path + "/missing.sqlite")
      Issue.record("opened")
    } catch {
      #expect(error.reason == "unusable", "\(error)")
    }
  }
}
