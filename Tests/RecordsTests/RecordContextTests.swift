import GRDB
import Testing

@testable import Records

/// What records have in common: once in the file, with each record that is read, and in its hash.
@Suite struct RecordContextTests {
  private static let options = RecordOptions.small

  private func open(_ folder: RecordFolder) throws -> RecordFile {
    try RecordFile(path: folder.file, options: Self.options)
  }

  private func contexts(_ file: RecordFile) throws -> [String] {
    try file.queue.read { db in
      try String.fetchAll(db, sql: "SELECT text FROM contexts ORDER BY number")
    }
  }

  @Test func `a context is written once, also after the file was closed`() throws {
    let folder = try RecordFolder()
    var file = try open(folder)
    _ = try file.commit((0..<20).map { .sample($0) })
    _ = try file.commit((20..<40).map { .sample($0) })
    try file.close()
    file = try open(folder)
    _ = try file.commit((40..<60).map { .sample($0) })
    #expect(try contexts(file) == [#"{"kind":3}"#, #"{"kind":7}"#])
    try file.close()
    let reader = try RecordReader(path: folder.file)
    for index in 0..<60 {
      #expect(try reader.find(id: "d\(index)")?.record == .sample(index))
    }
    #expect(try reader.verify().isIntact)
    reader.close()
  }

  @Test func `a context of a group that was not written is written with the next`() throws {
    let folder = try RecordFolder()
    var file = try open(folder)
    _ = try file.commit((0..<3).map { .sample($0) })
    let pages = try file.queue.read { try Int.fetchOne($0, sql: "PRAGMA page_count") ?? 0 }
    try file.queue.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA max_page_count = \(pages + 1)")
    }
    let group = (3..<30).map { DecisionRecord.sample($0, bodyBytes: 1_000) }
    #expect(throws: RecordFailure.self) { try file.commit(group) }
    try file.queue.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA max_page_count = 100000")
    }
    _ = try file.commit(group)
    #expect(try contexts(file).count == 2)
    try file.close()
    let reader = try RecordReader(path: folder.file)
    #expect(try reader.verify().isIntact)
    reader.close()
  }

  @Test func `contexts that were changed by hand are found`() throws {
    let cases: [(String, [Int64])] = [
      ("UPDATE decisions SET context = NULL WHERE sequence = 8", [8]),
      ("UPDATE decisions SET context = 1 WHERE sequence = 10", [10]),
      ("UPDATE contexts SET text = text || ' ' WHERE number = 2", [8, 16]),
      ("DELETE FROM contexts WHERE number = 1", [4, 12, 20]),
    ]
    for (sql, altered) in cases {
      let folder = try RecordFolder()
      var file = try open(folder)
      _ = try file.commit((0..<20).map { .sample($0) })
      try file.queue.writeWithoutTransaction { db in try db.execute(sql: sql) }
      try file.close()
      let reader = try RecordReader(path: folder.file)
      #expect(
        try reader.verify().problems == altered.map { ChainProblem(sequence: $0, kind: .altered) },
        "\(sql)")
      reader.close()
    }
  }
}
