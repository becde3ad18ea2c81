/// The tiles of one key that a window covers: a stretch of a ring.
struct TileRange: Sendable {
  var slab = 0
  var page = 0
  /// The word at which the block starts in its page.
  var base = 0
  /// Tiles of the block.
  var capacity = 0
  /// The place of the oldest covered tile in the block.
  var first = 0
  /// Tiles covered; 0 covers none.
  var count = 0

  /// The word at which a covered tile starts in its page.
  @inline(__always)
  func start(of index: Int, tileWords: Int) -> Int {
    let place = first + index
    return base + (place < capacity ? place : place - capacity) * tileWords
  }
}

/// Combines one part over the tiles that a window covers, oldest first.
struct TileReader {
  let words: [Int64]
  let range: TileRange
  let tileWords: Int
  let hop: Int64

  /// The answer of an aggregate that needs nothing but the tiles; `nil` where it is missing.
  func answer(_ aggregate: Aggregate, _ places: AggregatePlan.Places) -> Double? {
    switch aggregate {
    case .count: return Double(count(places.count))
    case .sum: return FixedPoint.double(sum(places.sum))
    case .mean:
      let count = count(places.count)
      return count == 0 ? nil : FixedPoint.double(sum(places.sum)) / Double(count)
    case .minimum: return extreme(places.own, isMinimum: true)
    case .maximum: return extreme(places.own, isMinimum: false)
    case .variance: return variance(places)
    case .standardDeviation: return variance(places)?.squareRoot()
    case .first: return endpoint(places.own, isFirst: true)
    case .last: return endpoint(places.own, isFirst: false)
    case .rate, .distinct, .quantile, .decayedSum, .decayedCount: return nil
    }
  }

  func count(_ offset: Int) -> Int64 {
    var total: Int64 = 0
    forEachTile { total &+= words[$0 + offset] }
    return total
  }

  func sum(_ offset: Int) -> Int128 {
    var total: Int128 = 0
    forEachTile { total &+= fixedPoint($0 + offset) }
    return total
  }

  func decayed(_ offset: Int, halfLife: Int64, at time: Int64) -> Double {
    var total = 0.0
    forEachTile { tile in
      let end = (words[tile] &+ 1) &* hop
      let age = Double(time &- end) / Double(halfLife)
      total += FixedPoint.double(fixedPoint(tile + offset)) * Logarithm.powerOfTwo(-age)
    }
    return total
  }

  func forEachHandle(_ offset: Int, _ body: (Int64) -> Void) {
    forEachTile { if words[$0 + offset] > 0 { body(words[$0 + offset]) } }
  }

  private func variance(_ places: AggregatePlan.Places) -> Double? {
    let count = count(places.count)
    guard count > 1 else { return nil }
    return FixedPoint.variance(count: count, sum: sum(places.sum), squares: sum(places.own))
  }

  /// `nil` where no tile has a value: the identity is infinite.
  private func extreme(_ offset: Int, isMinimum: Bool) -> Double? {
    var best = isMinimum ? Double.infinity : -Double.infinity
    forEachTile { tile in
      let value = Double(bitPattern: UInt64(bitPattern: words[tile + offset]))
      best = isMinimum ? min(best, value) : max(best, value)
    }
    return best.isFinite ? best : nil
  }

  /// The value of the first or last event; `nil` where no tile has one.
  private func endpoint(_ offset: Int, isFirst: Bool) -> Double? {
    var found: Double?
    forEachTile { tile in
      let isEmpty = words[tile + offset] == (isFirst ? Int64.max : .min)
      // Tiles ascend in time, so no comparison is needed between them.
      if isEmpty || isFirst && found != nil { return }
      found = Double(bitPattern: UInt64(bitPattern: words[tile + offset + 2]))
    }
    return found
  }

  @inline(__always)
  private func fixedPoint(_ place: Int) -> Int128 {
    Int128(words[place + 1]) << 64 | Int128(UInt64(bitPattern: words[place]))
  }

  @inline(__always)
  private func forEachTile(_ body: (Int) -> Void) {
    for index in 0..<range.count { body(range.start(of: index, tileWords: tileWords)) }
  }
}
