extension TileLayout {
  /// The instant at which a tile ends, in nanoseconds.
  @inline(__always)
  func end(of tile: Int64) -> Int64 { (tile &+ 1) &* spec.hop }
}

extension TileLayout.Part {
  /// Whether an event concerns this part: its filter passed and its input is present.
  @inline(__always)
  func takes(_ row: borrowing EventRow) -> Bool {
    if let filter, row.filters >> UInt64(filter) & 1 == 0 { return false }
    guard let input else { return true }
    if case .distinct = kind { return row.presentHashes >> UInt64(input) & 1 == 1 }
    return row.presentValues >> UInt64(input) & 1 == 1
  }

  /// A sketch without values; of parts that have none, an empty distinct count.
  var emptySketch: SketchPool.Sketch {
    switch kind {
    case .distinct(let precision): .distinct(DistinctSketch(precision: precision))
    case .quantile(let accuracy): .quantile(QuantileSketch(accuracy: accuracy))
    case .count, .sum, .squares, .minimum, .maximum, .first, .last, .decayed:
      .distinct(DistinctSketch(precision: 4))
    }
  }

  /// Writes the identity: what merging leaves unchanged.
  func clear(_ words: inout MutableSpan<Int64>, at place: Int) {
    for word in place..<place + self.words { words[word] = 0 }
    switch kind {
    case .minimum: words[place] = Int64(bitPattern: Double.infinity.bitPattern)
    case .maximum: words[place] = Int64(bitPattern: (-Double.infinity).bitPattern)
    case .first: words[place] = .max
    case .last: words[place] = .min
    case .count, .sum, .squares, .distinct, .quantile, .decayed: break
    }
  }

  /// Adds one event that the part takes to the words at `place`; sketches are kept elsewhere.
  @inline(__always)
  func add(
    _ row: borrowing EventRow, to words: inout MutableSpan<Int64>, at place: Int, tileEnd: Int64
  ) {
    let value = input.map { row.values[$0] } ?? 1
    switch kind {
    case .count: words[place] &+= 1
    case .sum: Self.add(FixedPoint.rounded(value), &words, place)
    case .squares: Self.add(FixedPoint.rounded(value * value), &words, place)
    case .minimum:
      if value < Double(bitPattern: UInt64(bitPattern: words[place])) {
        words[place] = Int64(bitPattern: value.bitPattern)
      }
    case .maximum:
      if value > Double(bitPattern: UInt64(bitPattern: words[place])) {
        words[place] = Int64(bitPattern: value.bitPattern)
      }
    case .first:
      let known = (words[place], UInt64(bitPattern: words[place + 1]))
      if (row.time, row.order) < known { Self.put(row, value, &words, place) }
    case .last:
      let known = (words[place], UInt64(bitPattern: words[place + 1]))
      if (row.time, row.order) >= known { Self.put(row, value, &words, place) }
    case .decayed(let halfLife):
      let age = Double(tileEnd &- row.time) / Double(halfLife)
      Self.add(FixedPoint.rounded(value * Logarithm.powerOfTwo(-age)), &words, place)
    case .distinct, .quantile: break
    }
  }

  @inline(__always)
  private static func put(
    _ row: borrowing EventRow, _ value: Double, _ words: inout MutableSpan<Int64>, _ place: Int
  ) {
    words[place] = row.time
    words[place + 1] = Int64(bitPattern: row.order)
    words[place + 2] = Int64(bitPattern: value.bitPattern)
  }

  @inline(__always)
  private static func add(_ value: Int128, _ words: inout MutableSpan<Int64>, _ place: Int) {
    let (low, carry) = UInt64(bitPattern: words[place]).addingReportingOverflow(
      UInt64(truncatingIfNeeded: value))
    words[place] = Int64(bitPattern: low)
    words[place + 1] &+= Int64(truncatingIfNeeded: value >> 64) &+ (carry ? 1 : 0)
  }
}
