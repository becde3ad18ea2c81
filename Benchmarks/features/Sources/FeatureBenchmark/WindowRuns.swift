import Windowing

/// The window table alone, without keys to be found and without a log.
enum WindowRuns {
  static func run() throws {
    let second: Int64 = 1_000_000_000
    let windows = try [60, 300, 3_600, 86_400].map { (length: Int64) in
      try WindowSpec(
        length: length * second, hop: WindowSpec.defaultHop(length: length * second))
    }
    let outputs = windows.indices.flatMap {
      [AggregateOutput(.count, window: $0), AggregateOutput(.sum, window: $0, input: 0)]
    }
    let plan = try AggregatePlan(windows: windows, outputs: outputs, lateness: 60 * second)
    for keys in [10_000, 100_000, 1_000_000] {
      var table = WindowTable(plan: plan)
      for _ in 0..<keys { _ = table.makeKey() }
      var time = Payments.start
      var random = Walk(state: 42)
      update(&table, keys, min(keys * 10, 4_000_000), 32, &time, &random)
      let updates = 2_000_000
      for ahead in [1, 32] {
        let before = (Clocks.wall(), Clocks.thread())
        update(&table, keys, updates, ahead, &time, &random)
        let took = (Clocks.wall() - before.0, Clocks.thread() - before.1)
        print(
          "windows: \(keys) keys, \(ahead) events ahead: \(took.0 / Int64(updates)) ns an event, "
            + "\(took.1 / Int64(updates)) ns of processor, \(rate(updates, took.0))/s, "
            + "\(table.byteCount / keys) bytes a key")
      }
    }
  }

  private static func update(
    _ table: inout WindowTable, _ keys: Int, _ count: Int, _ ahead: Int, _ time: inout Int64,
    _ random: inout Walk
  ) {
    var rows = [EventRow](repeating: EventRow(values: 1), count: ahead)
    var slots = [UInt32](repeating: 0, count: ahead)
    for index in rows.indices { rows[index].presentValues = 1 }
    for _ in 0..<count / ahead {
      for index in 0..<ahead {
        let draw = random.next()
        rows[index].time = time
        rows[index].order = draw
        rows[index].values[0] = Double(draw & 0xFFFF) / 100
        slots[index] = UInt32(truncatingIfNeeded: (draw >> 32) % UInt64(keys))
        time += Payments.step
      }
      for slot in slots { table.touchReferences(slot) }
      for slot in slots { table.touchTiles(slot) }
      for index in 0..<ahead { table.add(rows[index], to: slots[index]) }
    }
  }
}
