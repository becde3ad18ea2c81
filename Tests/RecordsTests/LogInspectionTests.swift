import Testing

@testable import Records

@Suite struct LogInspectionTests {
  /// A file that was left open after `count` commits, as a crash leaves it.
  private func crashed(_ count: Int) throws -> RecordFolder {
    let folder = try RecordFolder()
    var file = try RecordFile(path: folder.file, options: RecordOptions())
    for index in 0..<count { _ = try file.commit([.sample(index)]) }
    let copy = try folder.crashedCopy()
    try file.close()
    return copy
  }

  /// How many records are there after opening; `nil` if that is refused.
  private func open(_ folder: RecordFolder) throws -> Int? {
    let store: RecordStore
    do throws(RecordFailure) {
      store = try RecordStore(path: folder.file, options: .small)
    } catch {
      #expect(error.reason == "corrupt", "\(error)")
      return nil
    }
    defer { store.close() }
    let report = try store.verify()
    #expect(report.isIntact, "\(report.problems)")
    for index in 0..<Int(report.rows) {
      #expect(try store.find(id: "d\(index)")?.record == .sample(index))
    }
    return Int(report.rows)
  }

  @Test func `nothing is lost when the process is gone`() throws {
    let folder = try crashed(20)
    #expect(try LogInspection.read(database: folder.file).soundFrames >= 20)
    #expect(try open(folder) == 20)
  }

  @Test func `a torn end is cut off, whatever its length`() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededRandom(seed: seed)
    let folder = try crashed(20)
    let log = try folder.bytes("-wal")
    var last = 0
    for length in (0..<20).map({ _ in Int.random(in: 0...log.count, using: &random) }).sorted() {
      let copy = try folder.crashedCopy()
      try copy.write(Array(log[0..<length]), "-wal")
      let rows = try #require(try open(copy), "seed \(seed), length \(length)")
      #expect(rows >= last, "seed \(seed)")
      last = rows
    }
  }

  @Test func `garbage in the last transaction is cut off with it`() throws {
    let folder = try crashed(20)
    var log = try folder.bytes("-wal")
    for index in log.index(log.endIndex, offsetBy: -6_000)..<log.endIndex { log[index] = 0xa5 }
    try folder.write(log, "-wal")
    #expect(try open(folder) == 19)
  }

  @Test func `a flipped bit in the log is refused, unless it can only be the torn end`() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededRandom(seed: seed)
    let folder = try crashed(20)
    let log = try folder.bytes("-wal")
    var refused = 0
    for round in 0..<48 {
      var bytes = log
      // The header too: 32 bytes that the whole log hangs on.
      let index = Int.random(in: 0..<(round % 4 == 0 ? 32 : bytes.count), using: &random)
      bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      let copy = try folder.crashedCopy()
      try copy.write(bytes, "-wal")
      if let rows = try open(copy) {
        #expect(rows >= 19, "seed \(seed), byte \(index)")
      } else {
        refused += 1
        #expect(throws: RecordFailure.self) { try RecordReader(path: copy.file) }
      }
    }
    #expect(refused > 24, "seed \(seed)")
  }

  @Test func `what remains of an earlier log is no damage`() throws {
    let folder = try RecordFolder()
    var file = try RecordFile(path: folder.file, options: RecordOptions())
    for index in 0..<30 { _ = try file.commit([.sample(index)]) }
    try file.checkpoint()
    for index in 30..<33 { _ = try file.commit([.sample(index)]) }
    let copy = try folder.crashedCopy()
    try file.close()
    #expect(try open(copy) == 33)
  }

  @Test func `a log that is no log is left to SQLite`() throws {
    let none = LogInspection.scan { _ in [] }
    #expect(none == LogInspection())
    var random = SeededRandom(seed: 7)
    var left = 20_000
    let noise = LogInspection.scan { count in
      let taken = min(count, left)
      left -= taken
      return (0..<taken).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    }
    #expect(noise.damagedOffset == nil)
    #expect(noise.soundFrames == 0)
  }
}
