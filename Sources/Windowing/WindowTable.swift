/// The windows of all keys of one view: for each key and window the tiles that hold something,
/// sorted by time, in blocks of flat memory that grow with what the key did.
///
/// A value type without clock or lock; confined to one thread at a time. Sums are exact, so the
/// state depends on the set of events and not on their order (quantiles: while one key uses at most
/// 1,024 buckets).
package struct WindowTable: Sendable {
  package let plan: AggregatePlan
  private var columns: [WindowColumn]
  private var references: ReferencePages
  /// The event at hand.
  private var exact: ExactValues
  private var sketches = SketchPool()
  /// Slots of removed keys, used again.
  private var freeSlots: [UInt32] = []
  /// Of no meaning: keeps early loads from being left out.
  private var touched: Int64 = 0
  /// The instant that the windows' ``WindowColumn/oldestWanted`` are of.
  private var expected = Int64.min
  /// Keys made, removed ones included.
  private var slotCount: UInt32 = 0

  /// A table without keys.
  package init(plan: AggregatePlan) {
    self.plan = plan
    columns = plan.layouts.map { WindowColumn(layout: $0) }
    references = ReferencePages(width: plan.layouts.count)
    exact = ExactValues(plan.layouts)
  }

  /// Keys in use.
  package var keyCount: Int { Int(slotCount) - freeSlots.count }

  /// Bytes held, about.
  package var byteCount: Int {
    references.byteCount + freeSlots.capacity * 4
      + columns.reduce(0) { $0 + $1.byteCount } + sketches.byteCount
  }

  /// A slot for a new key, empty.
  package mutating func makeKey() -> UInt32 {
    if let slot = freeSlots.popLast() { return slot }
    makeKey(slotCount)
    return slotCount - 1
  }

  /// Makes room for a key whose slot the caller chose; such keys are forgotten with ``clear(_:)``.
  package mutating func makeKey(_ slot: UInt32) {
    guard slot >= slotCount else { return }
    references.open(slot + 1)
    slotCount = slot + 1
  }

  /// Forgets a key; its slot is given to a later one.
  package mutating func remove(_ key: UInt32) {
    clear(key)
    freeSlots.append(key)
  }

  /// Forgets the events of a key.
  package mutating func clear(_ key: UInt32) {
    for window in columns.indices {
      columns[window].dropTiles(&references[key, window], &sketches, before: .max)
    }
  }

  /// Loads where the tiles of a key lie. Asked of several keys before ``touchTiles(_:)`` of them,
  /// it lets their memory be on its way at once. Nothing changes; a slot without a key is no error.
  package mutating func touchReferences(_ key: UInt32) {
    guard key < slotCount, !columns.isEmpty else { return }
    touched ^= Int64(references[key, 0].block)
  }

  /// Loads the newest tiles of a key, as ``touchReferences(_:)`` does what leads to them. Before an
  /// event is added or a key read it lets the windows wait for their memory together.
  package mutating func touchTiles(_ key: UInt32) {
    guard key < slotCount else { return }
    for window in columns.indices {
      touched ^= columns[window].touchNewest(references[key, window])
    }
  }

  /// Loads what ``expire(_:before:)`` will drop of a key.
  package mutating func touchUnwanted(_ key: UInt32, before time: Int64) {
    guard key < slotCount else { return }
    expect(time)
    for window in columns.indices {
      touched ^= columns[window].touchUnwanted(references[key, window])
    }
  }

  /// Adds one event to every window of a key.
  ///
  /// The caller has checked that the event is within ``AggregatePlan/lateness`` of the newest of
  /// its source, and its values against ``Aggregate/magnitudeMax``. An event too old for a window
  /// that the key has moved on from changes nothing there.
  package mutating func add(_ row: borrowing EventRow, to key: UInt32) {
    exact.fill(row)
    for window in columns.indices {
      columns[window].add(row, exact, &references[key, window], &sketches)
    }
  }

  /// Drops what no read at `time` or later can want of a key.
  ///
  /// - Returns: whether the key has nothing left.
  package mutating func expire(_ key: UInt32, before time: Int64) -> Bool {
    expect(time)
    var isEmpty = true
    for window in columns.indices {
      columns[window].dropTiles(
        &references[key, window], &sketches, before: columns[window].oldestWanted)
      if references[key, window].tiles > 0 { isEmpty = false }
    }
    return isEmpty
  }

  /// Works out, once for many keys, which tiles no read at `time` or later wants.
  private mutating func expect(_ time: Int64) {
    guard time != expected else { return }
    expected = time
    for window in columns.indices {
      let spec = columns[window].layout.spec
      columns[window].oldestWanted = spec.tile(of: Self.asked(time, spec)) - spec.hops
    }
  }

  /// Appends everything known of a key, little-endian and independent of the machine.
  ///
  /// Changes nothing: as of ``read(_:at:into:)``, a table in an array would be copied for a call
  /// that does not say it might.
  package mutating func write(_ key: UInt32, to bytes: inout [UInt8]) {
    for window in columns.indices {
      columns[window].write(references[key, window], sketches, to: &bytes)
    }
  }

  /// Reads what ``write(_:to:)`` of a table with the same plan wrote into a new key.
  ///
  /// - Throws: ``WindowError`` if the bytes end early or are of another plan; the key is to be
  ///   removed then.
  package mutating func read(
    _ key: UInt32, from reader: inout SnapshotReader
  ) throws(WindowError) {
    for window in columns.indices {
      try columns[window].read(&references[key, window], &sketches, from: &reader)
    }
  }

  /// All outputs of a key as of `time` (nanoseconds since 1970).
  ///
  /// An event of the key counts if it was added before this call and its time lies in the window,
  /// as ``WindowSpec`` defines it. `nil` reads a key that was never seen.
  package mutating func read(_ key: UInt32?, at time: Int64, into result: inout AggregateValues) {
    for window in columns.indices {
      guard let key, key < slotCount else {
        readNothing(window, into: &result)
        continue
      }
      let asked = Self.asked(time, columns[window].layout.spec)
      let (slab, range) = columns[window].covered(references[key, window], at: asked)
      guard range.count > 0 else {
        readNothing(window, into: &result)
        continue
      }
      let tiles = TileReader(
        words: columns[window].slabs[slab].pages[range.page], range: range,
        tileWords: columns[window].layout.words)
      // Tiles ascend, so the last one holds the newest event.
      let last = range.start(of: range.count - 1, tileWords: tiles.tileWords)
      result.newest[window] = tiles.words[last + 1]
      tiles.combine(columns[window].layout.steps, into: &result.tile)
      for index in plan.outputsOfWindow[window] {
        let value = answer(index, tiles, result.tile, at: asked)
        result.isPresent[index] = value != nil
        result.values[index] = value ?? 0
      }
    }
  }

  private func readNothing(_ window: Int, into result: inout AggregateValues) {
    result.newest[window] = nil
    for index in plan.outputsOfWindow[window] {
      let value = plan.outputs[index].aggregate.valueOfNothing
      result.isPresent[index] = value != nil
      result.values[index] = value ?? 0
    }
  }

  /// The instant that a read at `time` looks at.
  private static func asked(_ time: Int64, _ spec: WindowSpec) -> Int64 {
    let (asked, overflow) = time.subtractingReportingOverflow(spec.delay)
    return overflow ? .min / 2 : asked
  }

  private mutating func answer(
    _ index: Int, _ tiles: TileReader, _ tile: [Int64], at asked: Int64
  ) -> Double? {
    let output = plan.outputs[index]
    let places = plan.places[index]
    let spec = columns[output.window].layout.spec
    switch output.aggregate {
    case .distinct(let precision): return sketches.distinct(tiles, places.own, precision)
    case .quantile(let share, let accuracy):
      return sketches.quantile(tiles, places.own, share, accuracy)
    case .decayedSum(let halfLife), .decayedCount(let halfLife):
      return tiles.decayed(places.own, halfLife: halfLife, hop: spec.hop, at: asked)
    case .count, .sum, .mean, .minimum, .maximum, .variance, .standardDeviation, .rate, .first,
      .last:
      return TileAnswer.value(output.aggregate, places, tile, length: spec.length)
    }
  }
}

/// The answers of one key at one instant; reused from read to read.
package struct AggregateValues: Sendable {
  /// By output of the plan; meaningful where ``isPresent``.
  package internal(set) var values: [Double]
  package internal(set) var isPresent: [Bool]
  /// By window: nanoseconds since 1970 of the newest event that it covers; `nil` without one.
  package internal(set) var newest: [Int64?]
  /// What a window covers, combined into one tile.
  var tile: [Int64]

  package init(plan: AggregatePlan) {
    values = [Double](repeating: 0, count: plan.outputs.count)
    isPresent = [Bool](repeating: false, count: plan.outputs.count)
    newest = [Int64?](repeating: nil, count: plan.windows.count)
    tile = [Int64](repeating: 0, count: plan.layouts.map(\.words).max() ?? 0)
  }
}
