/// One value asked of a window.
package struct AggregateOutput: Sendable, Hashable {
  package var aggregate: Aggregate
  /// An index of ``AggregatePlan/windows``.
  package var window: Int
  /// Which value of an ``EventRow`` it reads (for ``Aggregate/distinct(precision:)``: which hash);
  /// `nil` for a plain count.
  package var input: Int?
  /// Which filter of an ``EventRow`` must have passed; `nil` takes every event.
  package var filter: Int?

  package init(_ aggregate: Aggregate, window: Int, input: Int? = nil, filter: Int? = nil) {
    self.aggregate = aggregate
    self.window = window
    self.input = input
    self.filter = filter
  }
}

/// What the tiles of one view hold, so that every output can be read from them and no part is kept
/// twice: count, sum and mean of one field share two parts.
package struct AggregatePlan: Sendable {
  package let windows: [WindowSpec]
  package let outputs: [AggregateOutput]
  /// Nanoseconds by which an event may be older than the newest of its source.
  package let lateness: Int64
  let layouts: [TileLayout]
  /// By window: the outputs that ask for it.
  let outputsOfWindow: [[Int]]
  /// By output: where what it reads lies in a tile.
  let places: [Places]

  /// Word offsets in a tile; those an aggregate does not need are 0.
  struct Places: Sendable {
    var count = 0
    var sum = 0
    /// The part that only this aggregate has: an extreme, an endpoint, squares, a sketch.
    var own = 0
  }

  /// The most inputs, hashes or filters of one plan: each has a bit in an ``EventRow``.
  package static let inputsMax = 64

  /// - Throws: ``WindowError`` for an index out of range or a parameter out of bounds.
  package init(
    windows: [WindowSpec], outputs: [AggregateOutput], lateness: Int64
  ) throws(WindowError) {
    guard lateness >= 0, lateness <= WindowSpec.spanMax else {
      throw WindowError("lateness must be at least 0 and at most ten years")
    }
    var layouts = windows.map { TileLayout(spec: $0, lateness: lateness) }
    guard layouts.allSatisfy({ $0.tilesKept <= TileLayout.tilesMax }) else {
      throw WindowError(
        "a window with its delay and the lateness spans at most \(TileLayout.tilesMax) hops: "
          + "choose a longer hop")
    }
    for output in outputs {
      guard windows.indices.contains(output.window) else {
        throw WindowError("an output names window \(output.window) of \(windows.count)")
      }
      try Self.check(output)
      if let halfLife = output.aggregate.halfLife, windows[output.window].hop / 16 > halfLife {
        throw WindowError(
          "a half-life is at least a 16th of the hop of its window: choose a shorter hop")
      }
      layouts[output.window].add(output)
    }
    self.windows = windows
    self.outputs = outputs
    self.lateness = lateness
    self.layouts = layouts
    outputsOfWindow = windows.indices.map { window in
      outputs.indices.filter { outputs[$0].window == window }
    }
    places = outputs.map { layouts[$0.window].places(of: $0) }
  }

  private static func check(_ output: AggregateOutput) throws(WindowError) {
    for index in [output.input, output.filter] {
      if let index, index < 0 || index >= inputsMax {
        throw WindowError("a view has at most \(inputsMax) inputs and as many filters")
      }
    }
    switch output.aggregate {
    case .distinct(let precision):
      guard (4...16).contains(precision) else {
        throw WindowError("the precision of a distinct count is 4 to 16, not \(precision)")
      }
      if output.input == nil { throw WindowError("a distinct count needs a field") }
    case .quantile(let share, let accuracy):
      guard share >= 0, share <= 1, accuracy >= 0.001, accuracy <= 0.2 else {
        throw WindowError("a quantile lies in 0...1 and its accuracy in 0.001...0.2")
      }
      if output.input == nil { throw WindowError("a quantile needs a field") }
    case .decayedSum(let halfLife), .decayedCount(let halfLife):
      guard halfLife > 0, halfLife <= WindowSpec.spanMax else {
        throw WindowError("a half-life is above 0 and at most ten years")
      }
      if output.aggregate.readsValue, output.input == nil {
        throw WindowError("a decayed sum needs a field")
      }
    case .count, .rate: break
    case .sum, .mean, .minimum, .maximum, .variance, .standardDeviation, .first, .last:
      if output.input == nil { throw WindowError("this aggregate needs a field") }
    }
  }
}

/// One event as the aggregates see it. Reused from event to event: its arrays keep their memory.
package struct EventRow: Sendable {
  /// Nanoseconds since 1970.
  package var time: Int64 = 0
  /// Settles which of two events at one instant is the later one.
  package var order: UInt64 = 0
  /// Bit i is set if filter i passed.
  package var filters: UInt64 = 0
  /// Bit i is set if value i is present.
  package var presentValues: UInt64 = 0
  /// Bit i is set if hash i is present.
  package var presentHashes: UInt64 = 0
  /// Finite numbers; what is absent is not read.
  package var values: [Double]
  /// Hashes of the values that distinct counts see.
  package var hashes: [UInt64]

  package init(values: Int, hashes: Int = 0) {
    self.values = [Double](repeating: 0, count: values)
    self.hashes = [UInt64](repeating: 0, count: hashes)
  }
}
