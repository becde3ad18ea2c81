import GRDB
import Testing

@testable import Records

@Suite struct RequestIndexTests {
  /// So few are remembered that the index is sorted and brought again and again.
  private var tight: RecordOptions {
    var options = RecordOptions()
    options.recentRequestsMaximum = 64
    options.recentRequestsAtOpen = 16
    options.groupRowsMaximum = 16
    return options
  }

  private func counts(_ folder: RecordFolder) throws -> (sorted: Int, noted: Int, through: Int64) {
    let queue = try DatabaseQueue(path: folder.file)
    defer { try? queue.close() }
    return try queue.read { db in
      func count(_ table: String) throws -> Int {
        try Int.fetchOne(db, sql: "SELECT count(*) FROM \(table)") ?? -1
      }
      return (
        try count("requests"), try count("requests_new"),
        try Int64.fetchOne(db, sql: "SELECT requests_through FROM chain") ?? -1
      )
    }
  }

  /// Appends group after group; each eighth record repeats an earlier request.
  private func fill(
    _ file: inout RecordFile, _ range: Range<Int>, _ random: inout SeededRandom,
    expect first: inout [Int]
  ) throws {
    var next = range.lowerBound
    while next < range.upperBound {
      let group = (0..<Int.random(in: 1...16, using: &random)).map { _ in
        defer { next += 1 }
        let repeats = !first.isEmpty && Int.random(in: 0..<8, using: &random) == 0
        let request = repeats ? first.randomElement(using: &random) ?? 0 : next
        return DecisionRecord.sample(next, request: "r\(request)")
      }
      for (record, result) in zip(group, try file.commit(group)) {
        switch result {
        case .success(.recorded):
          #expect(record.requestID == "r\(record.id.dropFirst())")
          first.append(Int(record.id.dropFirst()) ?? -1)
        case .success(.duplicate(let earlier)):
          #expect(earlier.requestID == record.requestID)
          #expect("r\(earlier.id.dropFirst())" == record.requestID)
        default: Issue.record("\(result)")
        }
      }
    }
  }

  @Test func `a repeated request is found, however old, whatever was brought to the index`()
    throws
  {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededRandom(seed: seed)
    let folder = try RecordFolder()
    var file = try RecordFile(path: folder.file, options: tight)
    var first: [Int] = []
    var opened = folder
    for round in 0..<4 {
      try fill(&file, round * 600..<round * 600 + 600, &random, expect: &first)
      // As a crash leaves it, with a run half done.
      let copy = try opened.crashedCopy()
      try file.close()
      opened = copy
      file = try RecordFile(path: opened.file, options: tight)
      for index in first.shuffled(using: &random).prefix(100) {
        let again = try file.commit([.sample(100_000 + round, request: "r\(index)")])
        #expect(again == [.success(.duplicate(.sample(index)))], "seed \(seed)")
      }
    }
    try file.close()
    let reader = try RecordReader(path: opened.file)
    #expect(try reader.verify().problems == [])
    for index in first.shuffled(using: &random).prefix(200) {
      #expect(try reader.find(pipeline: "cards", requestID: "r\(index)")?.record.id == "d\(index)")
    }
    #expect(try reader.find(pipeline: "cards", requestID: "r-1") == nil)
    reader.close()
    let (sorted, noted, through) = try counts(opened)
    #expect(sorted >= Int(through) && through > 1_000)
    #expect(noted < 600, "seed \(seed)")
  }

  @Test func `a group that failed leaves nothing that misleads`() throws {
    let folder = try RecordFolder()
    var file = try RecordFile(path: folder.file, options: tight)
    _ = try file.commit((0..<10).map { .sample($0) })
    try file.queue.writeWithoutTransaction { db in
      let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
      try db.execute(sql: "PRAGMA max_page_count = \(pages)")
    }
    let group = (10..<20).map { DecisionRecord.sample($0, bodyBytes: 4_000) }
    #expect(throws: RecordFailure.self) { try file.commit(group) }
    try file.queue.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA max_page_count = 100000")
    }
    // Others take the places that those were meant for.
    let others = try file.commit((20..<40).map { .sample($0) })
    #expect(others.allSatisfy { if case .success(.recorded) = $0 { true } else { false } })
    let second = try file.commit(group)
    #expect(second.first.map { if case .success(.recorded) = $0 { true } else { false } } == true)
    #expect(try file.commit([.sample(99, request: "r12")]).first == .success(.duplicate(group[2])))
    try file.close()
    #expect(try RecordReader(path: folder.file).verify().problems == [])
  }

  @Test func `two requests of one hash are two`() throws {
    let folder = try RecordFolder()
    var file = try RecordFile(path: folder.file, options: tight)
    _ = try file.commit([.sample(1, request: nil), .sample(2, request: nil)])
    let index = file.index
    try file.queue.writeWithoutTransaction { db in
      var step = RequestIndex.Step(entries: [], through: nil, trimThrough: nil)
      try step.note(db, index, 7, 1)
      try step.note(db, index, 7, 2)
      try db.execute(sql: "UPDATE decisions SET request_id = 'r' || sequence")
      for sequence: Int64 in [1, 2] {
        #expect(try index.find(db, "cards", "r\(sequence)", 7)?.sequence == sequence)
        #expect(try RequestRows.findNew(db, "cards", "r\(sequence)", 7)?.sequence == sequence)
      }
      #expect(try index.find(db, "cards", "r3", 7) == nil)
    }
    try file.close()
  }

  @Test func `retention forgets requests, sorted and noted`() throws {
    let folder = try RecordFolder()
    var file = try RecordFile(path: folder.file, options: tight)
    for round in 0..<60 { _ = try file.commit((0..<10).map { .sample(round * 10 + $0) }) }
    while try file.prune(before: 1_000 + 5_990).hasMore {}
    _ = try file.commit((0..<8).map { .sample(1_000 + $0, request: "r\($0)") })
    #expect(file.chain.sequence == 608)
    for round in 0..<60 { _ = try file.commit((0..<10).map { .sample(2_000 + round * 10 + $0) }) }
    try file.close()
    #expect(try RecordReader(path: folder.file).verify().problems == [])
    let queue = try DatabaseQueue(path: folder.file)
    let gone = """
      SELECT count(*) FROM requests WHERE sequence NOT IN (SELECT sequence FROM decisions)
      """
    #expect(try queue.read { db in try Int.fetchOne(db, sql: gone) } == 0)
    try queue.close()
  }

  @Test func `a request that is not found any more is a problem`() async throws {
    let folder = try RecordFolder()
    try await makeRecords(20, in: folder)
    let queue = try DatabaseQueue(path: folder.file)
    try await queue.write { db in
      try db.execute(sql: "DELETE FROM requests_new WHERE sequence IN (3, 9)")
    }
    try queue.close()
    let reader = try RecordReader(path: folder.file)
    #expect(
      try reader.verify().problems == [
        ChainProblem(sequence: 3, kind: .unfound), ChainProblem(sequence: 9, kind: .unfound),
      ])
    #expect(try reader.verify(checksStructure: false).isIntact)
    reader.close()
  }

  @Test func `the hash is SipHash-2-4`() {
    // From the paper: key 00…0f, input 00…0e.
    let hasher = RequestHasher(Array(0..<16))
    let text = String(decoding: [UInt8](1..<15), as: UTF8.self)
    #expect(hasher.hash(pipeline: "", requestID: text) == 0xa129_ca61_49be_45e5)
    #expect(
      hasher.hash(pipeline: "a", requestID: "bc") != hasher.hash(pipeline: "ab", requestID: "c"))
  }
}
