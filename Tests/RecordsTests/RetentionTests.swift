import GRDB
import Testing

@testable import Records

@Suite struct RetentionTests {
  @Test func `old records go, and what stays can be verified`() async throws {
    let folder = try RecordFolder()
    let store = try RecordStore(path: folder.file, options: .small)
    _ = await store.appendAll((0..<700).map { .sample($0, request: nil) }, .group)
    let rows = try store.list(limit: 1_000).records
    // The chain's order and the order by time may differ: only a prefix of the chain is removed.
    let instant = DecisionRecord.sample(600).decidedAt
    let bySequence = rows.sorted { $0.sequence < $1.sequence }
    let removable = bySequence.prefix { $0.record.decidedAt < instant }
    let report = try store.prune(before: instant)
    #expect(report.removedRows == Int64(removable.count))
    #expect(report.throughSequence == Int64(removable.count))
    let verified = try store.verify()
    #expect(verified.isIntact, "\(verified.problems)")
    #expect(verified.removedRows == report.removedRows)
    #expect(verified.rows == 700 - report.removedRows)
    #expect(try store.prune(before: instant).removedRows == 0)
    _ = await store.append(.sample(1_000))
    #expect(try store.prune(before: .max).removedRows == 701 - report.removedRows)
    #expect(try store.verify().isIntact)
    #expect(try store.verify().rows == 0)
    _ = await store.append(.sample(2_000))
    store.close()
    let again = try RecordStore(path: folder.file, options: .small)
    #expect(again.statistics.lastSequence == 702)
    #expect(try again.verify().rows == 1)
    #expect(try again.verify().isIntact)
    again.close()
  }

  @Test func `evidence of tampering is not removed`() async throws {
    let folder = try RecordFolder()
    try await makeRecords(50, in: folder)
    let queue = try DatabaseQueue(path: folder.file)
    try await queue.write { db in
      try db.execute(sql: "UPDATE decisions SET outcome = 'x' WHERE sequence = 10")
    }
    try queue.close()
    var options = RecordOptions()
    options.rowsCheckedAtOpen = 10
    let store = try RecordStore(path: folder.file, options: options)
    #expect(throws: RecordFailure.self) { try store.prune(before: .max) }
    let verified = try store.verify()
    #expect(verified.problems == [ChainProblem(sequence: 10, kind: .altered)])
    #expect(verified.rows == 50)
    _ = await store.append(.sample(1_000))
    #expect(store.statistics.recorded == 1)
    store.close()
  }

  @Test func `a removed start that was changed is found`() async throws {
    let folder = try RecordFolder()
    let store = try RecordStore(path: folder.file, options: .small)
    for index in 0..<20 { _ = await store.append(.sample(index)) }
    #expect(try store.prune(before: DecisionRecord.sample(10).decidedAt).removedRows == 10)
    store.close()
    let queue = try DatabaseQueue(path: folder.file)
    try await queue.write { db in
      try db.execute(sql: "UPDATE chain SET removed_through = 12, removed_rows = 12")
      try db.execute(sql: "DELETE FROM decisions WHERE sequence <= 12")
    }
    try queue.close()
    let report = try RecordReader(path: folder.file).verify()
    #expect(report.problems == [ChainProblem(sequence: 13, kind: .altered)])
  }
}
