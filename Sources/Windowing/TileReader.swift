/// The tiles of one key that a window covers: a stretch of a ring.
struct TileRange: Sendable {
  /// Of its slab.
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

/// Combines the parts of the tiles that a window covers, oldest first.
struct TileReader {
  let words: [Int64]
  let range: TileRange
  let tileWords: Int

  /// Combines all tiles into one, part by part, from which the answers are read: what several
  /// outputs ask for is added up once. Decayed parts and sketches are left out.
  func combine(_ steps: [TileStep], into tile: inout [Int64]) {
    for index in steps.indices {
      let offset = steps[index].offset
      switch steps[index].operation {
      case .count: tile[offset] = count(offset)
      case .sum, .squares:
        let sum = sum(offset)
        tile[offset] = Int64(truncatingIfNeeded: sum)
        tile[offset + 1] = Int64(truncatingIfNeeded: sum >> 64)
      case .minimum: tile[offset] = extreme(offset, from: .infinity) { min($0, $1) }
      case .maximum: tile[offset] = extreme(offset, from: -.infinity) { max($0, $1) }
      case .first: endpoint(offset, isFirst: true, into: &tile)
      case .last: endpoint(offset, isFirst: false, into: &tile)
      case .decayed, .sketch: break
      }
    }
  }

  func decayed(_ offset: Int, halfLife: Int64, hop: Int64, at time: Int64) -> Double {
    var total = 0.0
    forEachTile { tile in
      let end = (words[tile] &+ 1) &* hop
      let age = Double(time &- end) / Double(halfLife)
      total +=
        FixedPoint.double(Self.fixedPoint(words, tile + offset)) * Logarithm.powerOfTwo(-age)
    }
    return total
  }

  /// Calls `body` with the word at which each tile starts.
  @inline(__always)
  func forEachTile(_ body: (Int) -> Void) {
    for index in 0..<range.count { body(range.start(of: index, tileWords: tileWords)) }
  }

  @inline(__always)
  static func fixedPoint(_ words: [Int64], _ place: Int) -> Int128 {
    Int128(words[place + 1]) << 64 | Int128(UInt64(bitPattern: words[place]))
  }

  private func count(_ offset: Int) -> Int64 {
    var total: Int64 = 0
    forEachTile { total &+= words[$0 + offset] }
    return total
  }

  private func sum(_ offset: Int) -> Int128 {
    var total: Int128 = 0
    forEachTile { total &+= Self.fixedPoint(words, $0 + offset) }
    return total
  }

  /// The bits of the least or greatest; the identity where no tile has a value.
  @inline(__always)
  private func extreme(
    _ offset: Int, from identity: Double, _ better: (Double, Double) -> Double
  ) -> Int64 {
    var best = identity
    forEachTile { tile in
      best = better(best, Double(bitPattern: UInt64(bitPattern: words[tile + offset])))
    }
    return Int64(bitPattern: best.bitPattern)
  }

  /// The part of the first or last tile that has an event.
  private func endpoint(_ offset: Int, isFirst: Bool, into result: inout [Int64]) {
    let empty = isFirst ? Int64.max : .min
    result[offset] = empty
    // Tiles ascend in time, so no comparison is needed between them.
    for index in 0..<range.count {
      let place = isFirst ? index : range.count - 1 - index
      let tile = range.start(of: place, tileWords: tileWords)
      guard words[tile + offset] != empty else { continue }
      for word in offset..<offset + 3 { result[word] = words[tile + word] }
      return
    }
  }
}

/// Reads answers from a tile into which all that a window covers was combined.
enum TileAnswer {
  /// The answer of an aggregate that needs nothing but the tile; `nil` where it is missing.
  static func value(
    _ aggregate: Aggregate, _ places: AggregatePlan.Places, _ tile: [Int64], length: Int64
  ) -> Double? {
    switch aggregate {
    case .count: return Double(tile[places.count])
    case .rate: return Double(tile[places.count]) / (Double(length) / 1e9)
    case .sum: return FixedPoint.double(TileReader.fixedPoint(tile, places.sum))
    case .mean:
      let count = tile[places.count]
      return count == 0
        ? nil : FixedPoint.double(TileReader.fixedPoint(tile, places.sum)) / Double(count)
    case .minimum, .maximum:
      // The identity is infinite.
      let value = Double(bitPattern: UInt64(bitPattern: tile[places.own]))
      return value.isFinite ? value : nil
    case .variance: return variance(places, tile)
    case .standardDeviation: return variance(places, tile)?.squareRoot()
    case .first, .last:
      let empty = aggregate == .first ? Int64.max : .min
      return tile[places.own] == empty
        ? nil : Double(bitPattern: UInt64(bitPattern: tile[places.own + 2]))
    case .distinct, .quantile, .decayedSum, .decayedCount: return nil
    }
  }

  private static func variance(_ places: AggregatePlan.Places, _ tile: [Int64]) -> Double? {
    let count = tile[places.count]
    guard count > 1 else { return nil }
    return FixedPoint.variance(
      count: count, sum: TileReader.fixedPoint(tile, places.sum),
      squares: TileReader.fixedPoint(tile, places.own))
  }
}
