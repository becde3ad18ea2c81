import Testing
import Windowing

@Suite struct WindowTableTests {
  private static let second: Int64 = 1_000_000_000

  /// Every aggregate over two windows of different shape, one with a delay.
  private func plan(lateness: Int64) throws -> AggregatePlan {
    let windows = [
      try WindowSpec(length: 60 * Self.second, hop: 2 * Self.second),
      try WindowSpec(length: 10 * Self.second, hop: 10 * Self.second),
      try WindowSpec(length: 30 * Self.second, hop: 5 * Self.second, delay: 20 * Self.second),
    ]
    let aggregates: [(Aggregate, Int?)] = [
      (.count, nil), (.count, 0), (.sum, 0), (.mean, 0), (.minimum, 0), (.maximum, 0),
      (.variance, 1), (.standardDeviation, 1), (.rate, nil), (.first, 0), (.last, 0),
      (.distinct(precision: 6), 0), (.quantile(0.9, accuracy: 0.01), 0),
      (.decayedSum(halfLife: 7 * Self.second), 0), (.decayedCount(halfLife: 7 * Self.second), nil),
      (.decayedCount(halfLife: 7 * Self.second), 0),
    ]
    var outputs: [AggregateOutput] = []
    for window in windows.indices {
      for (aggregate, input) in aggregates {
        outputs.append(AggregateOutput(aggregate, window: window, input: input))
        outputs.append(AggregateOutput(aggregate, window: window, input: input, filter: 0))
      }
    }
    return try AggregatePlan(windows: windows, outputs: outputs, lateness: lateness)
  }

  @Test func `every aggregate equals brute force, whatever the order within the lateness`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    var random = SeededGenerator(state: seed)
    let lateness = 15 * Self.second
    let plan = try plan(lateness: lateness)
    for _ in 0..<5 {
      var table = WindowTable(plan: plan)
      var answers = AggregateValues(plan: plan)
      let keys = (0..<5).map { _ in table.makeKey() }
      var accepted = [[OracleEvent]](repeating: [], count: keys.count)
      var newest = Int64.random(in: -100...100, using: &random) * Self.second
      for _ in 0..<400 {
        let stride: Int64 = Int64.random(in: 0...10, using: &random) == 0 ? Int64(40) : 1
        newest += Int64.random(in: 0...Self.second, using: &random) * stride
        let event = OracleEvent.random(
          time: newest - Int64.random(in: 0...lateness, using: &random), using: &random)
        let key = Int.random(in: 0..<keys.count, using: &random)
        table.add(event.row, to: keys[key])
        accepted[key].append(event)
        let asked = newest - Int64.random(in: 0...lateness, using: &random)
        table.read(keys[key], at: asked, into: &answers)
        let oracle = WindowOracle(plan: plan, events: accepted[key])
        for index in plan.outputs.indices {
          let expected = oracle.answer(plan.outputs[index], at: asked)
          #expect(answers.isPresent[index] == (expected != nil), "\(plan.outputs[index])")
          let seen = answers.values[index]
          #expect(
            oracle.agree(seen, expected ?? 0, plan.outputs[index]),
            "\(plan.outputs[index]) \(seen) \(String(describing: expected))")
        }
        for window in plan.windows.indices {
          #expect(answers.newest[window] == oracle.newest(in: window, at: asked))
        }
      }
    }
  }

  @Test func `the order of arrival changes no bit of an answer`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    var random = SeededGenerator(state: seed)
    let plan = try plan(lateness: 200 * Self.second)
    for _ in 0..<20 {
      let events = (0..<150).map { _ in
        OracleEvent.random(
          time: Int64.random(in: 0...150, using: &random) * Self.second, using: &random)
      }
      var tables = [WindowTable(plan: plan), WindowTable(plan: plan)]
      let keys = tables.indices.map { tables[$0].makeKey() }
      for event in events { tables[0].add(event.row, to: keys[0]) }
      for event in events.shuffled(using: &random) { tables[1].add(event.row, to: keys[1]) }
      var answers = [AggregateValues(plan: plan), AggregateValues(plan: plan)]
      for step in 0..<20 {
        for table in tables.indices {
          tables[table].read(
            keys[table], at: Int64(step) * 10 * Self.second, into: &answers[table])
        }
        #expect(answers[0].values.map(\.bitPattern) == answers[1].values.map(\.bitPattern))
        #expect(answers[0].isPresent == answers[1].isPresent)
      }
    }
  }

  @Test func `late events among thousands of tiles go where they belong`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    var random = SeededGenerator(state: seed)
    let window = try WindowSpec(length: 4_000 * Self.second, hop: Self.second)
    let outputs = [
      AggregateOutput(.count, window: 0), AggregateOutput(.sum, window: 0, input: 0),
      AggregateOutput(.last, window: 0, input: 0),
    ]
    let lateness = 3_000 * Self.second
    let plan = try AggregatePlan(windows: [window], outputs: outputs, lateness: lateness)
    var table = WindowTable(plan: plan)
    var answers = AggregateValues(plan: plan)
    let key = table.makeKey()
    var accepted: [OracleEvent] = []
    // Before 1970 too: tiles count downwards there.
    var newest = -5_000 * Self.second
    for step in 0..<6_000 {
      newest += Int64.random(in: 0...3 * Self.second, using: &random)
      let behind = Bool.random(using: &random) ? Int64.random(in: 0...lateness, using: &random) : 0
      let event = OracleEvent.random(time: newest - behind, using: &random)
      table.add(event.row, to: key)
      accepted.append(event)
      guard step % 50 == 0 else { continue }
      let asked = newest + Int64.random(in: -lateness...lateness, using: &random)
      table.read(key, at: asked, into: &answers)
      let oracle = WindowOracle(plan: plan, events: accepted)
      for index in plan.outputs.indices {
        let expected = oracle.answer(plan.outputs[index], at: asked)
        #expect(
          answers.isPresent[index] == (expected != nil)
            && (expected == nil || answers.values[index] == expected),
          "seed \(seed): \(plan.outputs[index]) at step \(step)")
      }
      #expect(answers.newest[0] == oracle.newest(in: 0, at: asked))
    }
  }

  @Test func `looking at keys before their turn changes nothing`() throws {
    let plan = try plan(lateness: 0)
    var random = SeededGenerator(state: 4)
    var tables = [WindowTable(plan: plan), WindowTable(plan: plan)]
    let keys = (0..<3_000).map { _ in tables.indices.map { tables[$0].makeKey() }[0] }
    for step in 0..<5_000 {
      let row = OracleEvent.random(time: Int64(step) * Self.second / 8, using: &random).row
      let key = keys[Int.random(in: 0..<keys.count, using: &random)]
      // Also of keys that are not there.
      for near in [key, key + 1, key + 5_000] {
        tables[1].touchReferences(near)
        tables[1].touchTiles(near)
        tables[1].touchUnwanted(near, before: row.time)
      }
      for table in tables.indices { tables[table].add(row, to: key) }
    }
    for key in keys {
      var bytes: [[UInt8]] = [[], []]
      for table in tables.indices { tables[table].write(key, to: &bytes[table]) }
      #expect(bytes[0] == bytes[1])
    }
  }

  @Test func `a plan that would keep more tiles than a block counts is refused`() throws {
    let window = try WindowSpec(
      length: 60 * Self.second, hop: Self.second, delay: 7 * 86_400 * Self.second)
    #expect(throws: WindowError.self) {
      _ = try AggregatePlan(windows: [window], outputs: [], lateness: 0)
    }
  }

  @Test func `a half-life far below a hop is refused, as its weights would be lost`() throws {
    let window = try WindowSpec(length: 64 * Self.second, hop: 16 * Self.second)
    for aggregate: (Int64) -> Aggregate in [
      { .decayedSum(halfLife: $0) }, { .decayedCount(halfLife: $0) },
    ] {
      let short = AggregateOutput(aggregate(Self.second - 1), window: 0, input: 0)
      #expect(throws: WindowError.self) {
        _ = try AggregatePlan(windows: [window], outputs: [short], lateness: 0)
      }
      let output = AggregateOutput(aggregate(Self.second), window: 0, input: 0)
      let plan = try AggregatePlan(windows: [window], outputs: [output], lateness: 0)
      var table = WindowTable(plan: plan)
      let key = table.makeKey()
      var row = EventRow(values: 1)
      row.presentValues = 1
      row.values[0] = 1_000
      table.add(row, to: key)
      var answers = AggregateValues(plan: plan)
      for asked in [0, 1, 15, 40] {
        table.read(key, at: Int64(asked) * Self.second, into: &answers)
        let value = output.aggregate.readsValue ? 1_000.0 : 1
        let expected = value / Double(1 << asked)
        #expect(abs(answers.values[0] - expected) <= 1e-6 * max(1, expected))
      }
    }
  }

  @Test func `a key that was never seen has empty windows`() throws {
    let plan = try plan(lateness: 0)
    var table = WindowTable(plan: plan)
    var answers = AggregateValues(plan: plan)
    table.read(nil, at: 5, into: &answers)
    let oracle = WindowOracle(plan: plan, events: [])
    for index in plan.outputs.indices {
      let expected = oracle.answer(plan.outputs[index], at: 5)
      #expect(answers.isPresent[index] == (expected != nil))
      #expect(answers.values[index] == 0)
    }
    #expect(answers.newest.allSatisfy { $0 == nil })
  }

  @Test func `a removed key leaves nothing to the next one in its slot`() throws {
    let plan = try plan(lateness: 0)
    var table = WindowTable(plan: plan)
    let key = table.makeKey()
    var random = SeededGenerator(state: 1)
    table.add(OracleEvent.random(time: 0, using: &random).row, to: key)
    table.remove(key)
    #expect(table.keyCount == 0)
    let next = table.makeKey()
    #expect(next == key)
    var answers = AggregateValues(plan: plan)
    table.read(next, at: 0, into: &answers)
    #expect(answers.values.allSatisfy { $0 == 0 })
  }

  @Test func `what no later read can want is dropped, and nothing else`() throws {
    let plan = try plan(lateness: 0)
    var table = WindowTable(plan: plan)
    let key = table.makeKey()
    var random = SeededGenerator(state: 2)
    var events: [OracleEvent] = []
    for step in 0..<100 {
      let event = OracleEvent.random(time: Int64(step) * Self.second, using: &random)
      table.add(event.row, to: key)
      events.append(event)
    }
    let oracle = WindowOracle(plan: plan, events: events)
    var answers = AggregateValues(plan: plan)
    let instants = stride(from: 99 * Self.second, through: 180 * Self.second, by: 7_000_000_000)
    for asked in instants {
      let isEmpty = table.expire(key, before: asked)
      table.read(key, at: asked, into: &answers)
      for index in plan.outputs.indices {
        let expected = oracle.answer(plan.outputs[index], at: asked)
        #expect(oracle.agree(answers.values[index], expected ?? 0, plan.outputs[index]))
      }
      #expect(isEmpty == (asked >= 162 * Self.second))
    }
  }

  @Test func `memory of many keys with few events stays small`() throws {
    let windows = try [60, 300, 3_600, 86_400].map {
      let length = Int64($0) * Self.second
      return try WindowSpec(length: length, hop: WindowSpec.defaultHop(length: length))
    }
    let outputs = windows.indices.flatMap { window in
      [
        AggregateOutput(.count, window: window), AggregateOutput(.sum, window: window, input: 0),
        AggregateOutput(.maximum, window: window, input: 0),
      ]
    }
    let plan = try AggregatePlan(windows: windows, outputs: outputs, lateness: 60 * Self.second)
    var table = WindowTable(plan: plan)
    var row = EventRow(values: 1)
    row.presentValues = 1
    for key in 0..<20_000 {
      let slot = table.makeKey()
      for event in 0..<3 {
        row.time = Int64(key + event * 20_000) * 1_000_000
        row.values[0] = Double(event)
        table.add(row, to: slot)
      }
    }
    #expect(table.byteCount / 20_000 < 1_000)
  }
}

/// SplitMix64: the same walk for the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
