import Testing
import Windowing

@Suite struct WindowSnapshotTests {
  private static let second: Int64 = 1_000_000_000

  private func plan() throws -> AggregatePlan {
    let windows = [
      try WindowSpec(length: 60 * Self.second, hop: 2 * Self.second),
      try WindowSpec(length: 30 * Self.second, hop: 5 * Self.second, delay: 20 * Self.second),
    ]
    let aggregates: [(Aggregate, Int?)] = [
      (.count, nil), (.sum, 0), (.variance, 1), (.first, 0), (.last, 0), (.minimum, 0),
      (.distinct(precision: 4), 0), (.quantile(0.5, accuracy: 0.02), 0),
      (.decayedSum(halfLife: Self.second), 0),
    ]
    return try AggregatePlan(
      windows: windows,
      outputs: windows.indices.flatMap { window in
        aggregates.map { AggregateOutput($0.0, window: window, input: $0.1) }
      }, lateness: 10 * Self.second)
  }

  @Test func `a key read back answers the same, and goes on the same`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    var random = SeededGenerator(state: seed)
    let plan = try plan()
    for _ in 0..<30 {
      var table = WindowTable(plan: plan)
      let key = table.makeKey()
      var newest: Int64 = 0
      func next() -> EventRow {
        newest += Int64.random(in: 0...3, using: &random) * Self.second
        var row = OracleEvent.random(time: newest, using: &random).row
        row.hashes[0] = random.next()
        return row
      }
      for _ in 0..<Int.random(in: 0...200, using: &random) { table.add(next(), to: key) }
      var bytes: [UInt8] = []
      table.write(key, to: &bytes)
      var copy = WindowTable(plan: plan)
      _ = copy.makeKey()
      let copied = copy.makeKey()
      var reader = SnapshotReader(bytes[...])
      try copy.read(copied, from: &reader)
      #expect(reader.isAtEnd)
      var answers = [AggregateValues(plan: plan), AggregateValues(plan: plan)]
      for _ in 0..<50 {
        let row = next()
        table.add(row, to: key)
        copy.add(row, to: copied)
        table.read(key, at: newest, into: &answers[0])
        copy.read(copied, at: newest, into: &answers[1])
        #expect(answers[0].values.map(\.bitPattern) == answers[1].values.map(\.bitPattern))
        #expect(answers[0].newest == answers[1].newest)
      }
    }
  }

  @Test func `damaged bytes are an error and never a crash`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    var random = SeededGenerator(state: seed)
    let plan = try plan()
    var table = WindowTable(plan: plan)
    let key = table.makeKey()
    for step in 0..<60 {
      table.add(
        OracleEvent.random(time: Int64(step) * Self.second, using: &random).row, to: key)
    }
    var bytes: [UInt8] = []
    table.write(key, to: &bytes)
    for end in 0..<min(bytes.count, 2_000) {
      var copy = WindowTable(plan: plan)
      let copied = copy.makeKey()
      var reader = SnapshotReader(bytes[..<end])
      #expect(throws: WindowError.self) { try copy.read(copied, from: &reader) }
    }
    for _ in 0..<2_000 {
      var damaged = bytes
      for _ in 0..<3 {
        damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8(
          truncatingIfNeeded: random.next())
      }
      var copy = WindowTable(plan: plan)
      let copied = copy.makeKey()
      var reader = SnapshotReader(damaged[...])
      try? copy.read(copied, from: &reader)
      copy.remove(copied)
    }
  }

  @Test func `distinct values are counted over tiles of none, one and many, and when read back`()
    throws
  {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    var random = SeededGenerator(state: seed)
    let window = try WindowSpec(length: 64 * Self.second, hop: Self.second)
    let plan = try AggregatePlan(
      windows: [window],
      outputs: [AggregateOutput(.distinct(precision: 11), window: 0, input: 0)], lateness: 0)
    // Zero is a hash as any other, and neighbours meet in a table of hashes.
    let hashes: [UInt64] = [0, 1, 2, 3, 16, 17, .max, 1 << 63]
    for _ in 0..<200 {
      var table = WindowTable(plan: plan)
      let key = table.makeKey()
      var seen: Set<UInt64> = []
      var time: Int64 = 0
      for _ in 0..<Int.random(in: 0...30, using: &random) {
        time = min(time + Int64.random(in: 0...3, using: &random) * Self.second, 60 * Self.second)
        var row = EventRow(values: 0, hashes: 1)
        row.time = time
        row.hashes[0] = hashes.randomElement(using: &random) ?? 0
        row.presentHashes = 1
        seen.insert(row.hashes[0])
        table.add(row, to: key)
      }
      var bytes: [UInt8] = []
      table.write(key, to: &bytes)
      var copy = WindowTable(plan: plan)
      let copied = copy.makeKey()
      var reader = SnapshotReader(bytes[...])
      try copy.read(copied, from: &reader)
      var answers = AggregateValues(plan: plan)
      table.read(key, at: time, into: &answers)
      #expect(answers.values[0] == Double(seen.count))
      copy.read(copied, at: time, into: &answers)
      #expect(answers.values[0] == Double(seen.count))
      var again: [UInt8] = []
      copy.write(copied, to: &again)
      #expect(again == bytes)
    }
  }
}
