import Foundation
import GRDB
import Testing

@testable import Records

@Suite struct DamageTests {
  private func edit(_ folder: RecordFolder, _ sql: String) throws {
    let queue = try DatabaseQueue(path: folder.file)
    try queue.write { db in try db.execute(sql: sql) }
    try queue.close()
  }

  private func verify(_ folder: RecordFolder) throws -> VerificationReport {
    let reader = try RecordReader(path: folder.file)
    defer { reader.close() }
    return try reader.verify()
  }

  @Test func `the file syncs each commit and copies its log outside of commits`() throws {
    let folder = try RecordFolder()
    let file = try RecordFile(path: folder.file, options: RecordOptions())
    let settings = try file.queue.read { db in
      try ["synchronous", "journal_mode", "wal_autocheckpoint", "page_size"].map {
        try String.fetchOne(db, sql: "PRAGMA \($0)") ?? ""
      }
    }
    #expect(settings == ["2", "wal", "0", "4096"])
    try file.close()
  }

  @Test func `changes by hand are found`() async throws {
    let cases: [(String, [(Int64, ChainProblem.Kind)])] = [
      ("UPDATE decisions SET outcome = 'approve' WHERE sequence = 4", [(4, .altered)]),
      ("UPDATE decisions SET body = body || ' ' WHERE sequence = 9", [(9, .altered)]),
      ("UPDATE decisions SET body = body || char(0) WHERE sequence = 9", [(9, .altered)]),
      ("UPDATE decisions SET request_id = NULL WHERE sequence = 2", [(2, .altered)]),
      ("DELETE FROM decisions WHERE sequence BETWEEN 5 AND 7", [(5, .missing(through: 7))]),
      ("DELETE FROM decisions WHERE sequence = 1", [(1, .missing(through: 1))]),
      ("DELETE FROM decisions WHERE sequence > 18", [(19, .missing(through: 20))]),
      (
        "INSERT INTO decisions SELECT 0, 'x', 'x', pipeline, pipeline_digest, 0, outcome, 0,"
          + " hash, body, context FROM decisions WHERE sequence = 3", [(0, .extra), (0, .unfound)]
      ),
      (
        "INSERT INTO decisions SELECT 21, 'x', 'x', pipeline, pipeline_digest, 0, outcome, 0,"
          + " hash, body, context FROM decisions WHERE sequence = 3",
        [(21, .altered), (21, .unfound), (21, .extra)]
      ),
      ("UPDATE chain SET end_hash = zeroblob(32)", [(20, .endDiffers)]),
    ]
    for (sql, expected) in cases {
      let folder = try RecordFolder()
      try await makeRecords(20, in: folder)
      #expect(try verify(folder).isIntact)
      try edit(folder, sql)
      let found = try verify(folder).problems
      #expect(found == expected.map { ChainProblem(sequence: $0.0, kind: $0.1) }, "\(sql)")
    }
  }

  @Test func `a file whose end was changed is not written to`() async throws {
    for sql in [
      "UPDATE decisions SET outcome = 'x' WHERE sequence = 20",
      "DELETE FROM decisions WHERE sequence = 20", "DELETE FROM decisions", "DELETE FROM chain",
      "UPDATE chain SET end_sequence = 30",
    ] {
      let folder = try RecordFolder()
      try await makeRecords(20, in: folder)
      try edit(folder, sql)
      do throws(RecordFailure) {
        _ = try RecordStore(path: folder.file)
        Issue.record("opened after \(sql)")
      } catch {
        #expect(error.reason == "corrupt", "\(error)")
        #expect(error.description.contains(folder.file))
      }
    }
  }

  @Test func `another database and a later format are not touched`() async throws {
    let folder = try RecordFolder()
    try edit(folder, "CREATE TABLE notes (text TEXT)")
    #expect(throws: RecordFailure.self) { try RecordStore(path: folder.file) }
    #expect(throws: RecordFailure.self) { try RecordReader(path: folder.file) }
    let later = try RecordFolder()
    try await makeRecords(1, in: later)
    try edit(later, "PRAGMA user_version = 4")
    do throws(RecordFailure) {
      _ = try RecordStore(path: later.file)
      Issue.record("opened")
    } catch {
      #expect(error.description.contains("its format is 4, this program writes 3"), "\(error)")
    }
  }

  @Test func `a full disk keeps out the whole group, and space lets it in`() throws {
    let folder = try RecordFolder()
    var file = try RecordFile(path: folder.file, options: RecordOptions())
    _ = try file.commit((0..<10).map { .sample($0) })
    let pages = try file.queue.read { db in
      try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
    }
    try file.queue.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA max_page_count = \(pages + 2)")
    }
    let group = (10..<40).map { DecisionRecord.sample($0, bodyBytes: 1_000) }
    for _ in 0..<3 {
      do throws(RecordFailure) {
        _ = try file.commit(group)
        Issue.record("committed")
      } catch {
        #expect(error.reason == "disk_full", "\(error)")
      }
    }
    #expect(file.chain.sequence == 10)
    try file.queue.writeWithoutTransaction { db in
      #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM decisions") == 10)
      try db.execute(sql: "PRAGMA max_page_count = 100000")
    }
    #expect(try file.commit(group).count == 30)
    #expect(file.chain.sequence == 40)
    try file.close()
    #expect(try verify(folder).isIntact)
    #expect(try verify(folder).rows == 40)
  }

  @Test func `another writer is noticed before the chain forks`() throws {
    let folder = try RecordFolder()
    var file = try RecordFile(path: folder.file, options: RecordOptions())
    _ = try file.commit([.sample(0)])
    try edit(folder, "UPDATE chain SET end_sequence = 7")
    do throws(RecordFailure) {
      _ = try file.commit([.sample(1)])
      Issue.record("committed")
    } catch {
      #expect(error.reason == "durability", "\(error)")
    }
    try file.close()
  }

  @Test func `a flipped bit anywhere is found, or has changed nothing`() async throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededRandom(seed: seed)
    let folder = try RecordFolder()
    try await makeRecords(60, in: folder, bodyBytes: 200)
    let sound = try folder.bytes()
    var found = 0
    for _ in 0..<150 {
      let copy = try RecordFolder()
      var bytes = sound
      let index = Int.random(in: 0..<bytes.count, using: &random)
      bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      try copy.write(bytes)
      do throws(RecordFailure) {
        let reader = try RecordReader(path: copy.file)
        defer { reader.close() }
        if try !reader.verify().isIntact {
          found += 1
          continue
        }
        for number in 0..<60 {
          #expect(
            try reader.find(id: "d\(number)")?.record == .sample(number, bodyBytes: 200),
            "byte \(index), seed \(seed)")
        }
      } catch {
        found += 1
      }
    }
    #expect(found > 25, "seed \(seed)")
  }

  @Test func `a page that leads back to itself ends the reading`() async throws {
    let folder = try RecordFolder()
    try await makeRecords(200, in: folder, bodyBytes: 200)
    let sound = try folder.bytes()
    let root = try await DatabaseQueue(path: folder.file).read { db in
      try Int.fetchOne(db, sql: "SELECT rootpage FROM sqlite_master WHERE name = 'decisions'") ?? 0
    }
    let page = (root - 1) * 4_096
    #expect(sound[page] == 5, "the root has children")
    let cells = Int(sound[page + 3]) << 8 | Int(sound[page + 4])
    // The right-most child, then the children of the cells.
    let places =
      [page + 8]
      + (0..<cells).map { cell in
        page + (Int(sound[page + 12 + 2 * cell]) << 8 | Int(sound[page + 13 + 2 * cell]))
      }
    for place in places {
      for target in [root, Int(sound[place + 3]) - 1] {
        var bytes = sound
        bytes[place + 3] = UInt8(target)
        let copy = try RecordFolder()
        try copy.write(bytes)
        let reader = try RecordReader(path: copy.file)
        #expect(try !reader.verify(checksStructure: false).isIntact)
        #expect(try !reader.verify().isIntact)
        reader.close()
      }
    }
  }
}
