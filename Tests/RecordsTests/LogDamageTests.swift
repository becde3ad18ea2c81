import Foundation
import GRDB
import Testing

@testable import Records

/// Every byte of a small log, and every way in which a crash can tear its end.
@Suite struct LogDamageTests {
  /// A log of SQLite's own making: `commits` transactions of pages of `pageSize` bytes.
  private struct Log {
    let folder: RecordFolder
    let bytes: [UInt8]
    let pageSize: Int
    /// By transaction: the offset after its last frame.
    let ends: [Int]

    init(pageSize: Int, commits: Int, afterEarlierLog: Bool = false) throws {
      folder = try RecordFolder()
      self.pageSize = pageSize
      var configuration = Configuration()
      configuration.journalMode = .wal
      configuration.prepareDatabase { db in
        try db.execute(sql: "PRAGMA page_size = \(pageSize); PRAGMA wal_autocheckpoint = 0")
      }
      let queue = try DatabaseQueue(path: folder.file, configuration: configuration)
      try queue.write { db in
        try db.execute(sql: "CREATE TABLE chain (one INTEGER PRIMARY KEY, last INTEGER)")
        try db.execute(sql: "CREATE TABLE rows (number INTEGER PRIMARY KEY, body BLOB)")
        try db.execute(sql: "INSERT INTO chain VALUES (1, 0)")
      }
      if afterEarlierLog {
        for number in -40..<0 { try Self.add(number, pageSize, queue) }
      }
      try queue.writeWithoutTransaction { db in
        _ = try db.checkpoint(afterEarlierLog ? .restart : .truncate)
      }
      for number in 0..<commits { try Self.add(number, pageSize, queue) }
      bytes = try folder.bytes("-wal")
      let copy = try folder.crashedCopy()
      try queue.close()
      try folder.write(copy.bytes())
      ends = Self.ends(bytes, pageSize)
      #expect(ends.count == commits)
    }

    private static func add(_ number: Int, _ pageSize: Int, _ queue: DatabaseQueue) throws {
      try queue.write { db in
        try db.execute(
          sql: "INSERT INTO rows VALUES (?, randomblob(?))", arguments: [number, pageSize * 3 / 2])
        try db.execute(sql: "UPDATE chain SET last = ?", arguments: [number])
      }
    }

    /// The ends of the transactions of this log, by the salts and marks in it.
    private static func ends(_ bytes: [UInt8], _ pageSize: Int) -> [Int] {
      let size = pageSize + LogInspection.frameHeaderSize
      var ends: [Int] = []
      for start in stride(from: LogInspection.headerSize, to: bytes.count, by: size)
      where bytes[start + 8..<start + 16] == bytes[16..<24] {
        if bytes[start + 4..<start + 8].contains(where: { $0 != 0 }) { ends.append(start + size) }
      }
      return ends
    }

    /// The transaction that byte `offset` belongs to; the header is everyone's.
    func transaction(of offset: Int) -> Int {
      offset < LogInspection.headerSize ? 0 : ends.firstIndex { offset < $0 } ?? ends.count
    }

    func inspect(_ bytes: [UInt8]) -> LogInspection {
      var start = 0
      return LogInspection.scan(pageSize: pageSize) { count in
        let part = Array(bytes[start..<min(start + count, bytes.count)])
        start += part.count
        return part
      }
    }

    /// How many transactions SQLite itself recovers.
    func recovered(_ bytes: [UInt8]) throws -> Int {
      let copy = try RecordFolder()
      try copy.write(folder.bytes())
      try copy.write(bytes, "-wal")
      let queue = try DatabaseQueue(path: copy.file)
      defer { try? queue.close() }
      return try queue.read { db in
        try Int.fetchOne(db, sql: "SELECT count(*) FROM rows WHERE number >= 0") ?? -1
      }
    }
  }

  @Test func `of any damaged byte it is known what SQLite drops, and whether it was synced`()
    throws
  {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededRandom(seed: seed)
    let log = try Log(pageSize: 512, commits: 4)
    #expect(log.inspect(log.bytes).recoveredCommits == 4)
    var compared = 0
    for offset in log.bytes.indices {
      for mask: UInt8 in [1 << UInt8.random(in: 0..<8, using: &random), 0xff] {
        var bytes = log.bytes
        bytes[offset] ^= mask
        let found = log.inspect(bytes)
        let transaction = log.transaction(of: offset)
        let place: Comment = "byte \(offset) ^ \(mask), seed \(seed)"
        // The last one may be what a crash cut short; of the others the next one's begin is proof.
        #expect((found.damagedOffset != nil) == (transaction < 3), place)
        if let damaged = found.damagedOffset {
          let frame = (offset - 32) / 536
          #expect(damaged == (offset < 32 ? 0 : 32 + frame * 536), place)
        }
        #expect(found.recoveredCommits == transaction, place)
        if Int.random(in: 0..<200, using: &random) == 0 {
          #expect(try log.recovered(bytes) == transaction, place)
          compared += 1
        }
      }
    }
    #expect(compared > 10)
  }

  @Test func `a mark of a commit that became none is known from the checksum`() throws {
    let log = try Log(pageSize: 4_096, commits: 5)
    // The second to last commit: its mark is gone.
    let start = log.ends[3] - 4_120
    var bytes = log.bytes
    for index in start + 4..<start + 8 { bytes[index] = 0 }
    #expect(log.inspect(bytes).damagedOffset == start)
    // And its checksum, whatever the mark.
    bytes = log.bytes
    for index in start + 16..<start + 24 { bytes[index] ^= 0x5a }
    #expect(log.inspect(bytes).damagedOffset == start)
  }

  @Test func `whatever a power cut leaves of the last transaction is no damage`() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededRandom(seed: seed)
    for afterEarlierLog in [false, true] {
      let log = try Log(pageSize: 4_096, commits: 8, afterEarlierLog: afterEarlierLog)
      let start = log.ends[6]
      let earlier = try Log(pageSize: 4_096, commits: 8).bytes
      for round in 0..<60 {
        var bytes = log.bytes
        if !afterEarlierLog, round % 3 == 0 {
          bytes.removeSubrange(Int.random(in: start...bytes.count, using: &random)...)
        }
        // Each sector of 512 bytes is new, or zero, or what was there before: an earlier log.
        let share = Int.random(in: 1..<10, using: &random)
        for sector in start / 512..<(bytes.count + 511) / 512 {
          guard Int.random(in: 0..<10, using: &random) < share else { continue }
          let isZero = Bool.random(using: &random)
          for index in max(start, sector * 512)..<min(bytes.count, sector * 512 + 512) {
            bytes[index] = isZero || index >= earlier.count ? 0 : earlier[index]
          }
        }
        let found = log.inspect(bytes)
        #expect(found.damagedOffset == nil, "round \(round), seed \(seed)")
        #expect(found.recoveredCommits >= 7, "round \(round), seed \(seed)")
      }
    }
  }

  @Test func `a sector of garbage before the last two transactions is found`() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededRandom(seed: seed)
    let log = try Log(pageSize: 4_096, commits: 5)
    for start in stride(from: 0, to: log.ends[3], by: 512) {
      var bytes = log.bytes
      let end = min(start + 512, log.ends[3])
      for index in start..<end { bytes[index] = UInt8.random(in: .min ... .max, using: &random) }
      #expect(log.inspect(bytes).damagedOffset != nil, "byte \(start), seed \(seed)")
    }
  }

  @Test func `what a full disk cut short, and a later commit left over, is no damage`() throws {
    let log = try Log(pageSize: 4_096, commits: 6)
    let other = try Log(pageSize: 4_096, commits: 9)
    // After the last commit: frames of this log that follow each other, but not the last, and
    // none of which ends a transaction.
    var rest = Array(other.bytes[other.ends[6]..<other.ends[7] - 4_120])
    for start in stride(from: 0, to: rest.count, by: 4_120) {
      rest.replaceSubrange(start + 8..<start + 16, with: log.bytes[16..<24])
    }
    let found = log.inspect(log.bytes + rest)
    #expect(found.damagedOffset == nil)
    #expect(found.recoveredCommits == 6)
    // The last commit torn as well.
    var torn = log.bytes
    for index in log.ends[4] + 100..<log.ends[4] + 200 { torn[index] = 0 }
    #expect(log.inspect(torn + rest).damagedOffset == nil)
  }

  @Test func `the pages of each transaction ascend in a store's log`() throws {
    let folder = try RecordFolder()
    var file = try RecordFile(path: folder.file, options: RecordOptions())
    for round in 0..<30 {
      _ = try file.commit((0..<40).map { .sample(round * 40 + $0, bodyBytes: $0 * 300) })
      if round % 5 == 4 { _ = try file.prune(before: 1_000 + Int64(round) * 200) }
    }
    let bytes = try folder.bytes("-wal")
    try file.close()
    var last: UInt32 = 0
    for start in stride(from: 32, to: bytes.count, by: 4_120) {
      let frame = LogFrame(Array(bytes[start..<start + 4_120]), bigEndian: false)
      #expect(frame.page > last)
      last = frame.pagesAfterCommit == 0 ? frame.page : 0
    }
    #expect(last == 0)
  }
}
