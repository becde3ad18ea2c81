/// What one event does to one part of a tile, worked out once for the plan.
struct TileStep: Sendable {
  enum Operation: Sendable {
    case count
    case sum
    case squares
    case minimum
    case maximum
    case first
    case last
    case decayed
    /// Kept outside the tile.
    case sketch
  }

  let operation: Operation
  /// Where the part's words start in a tile.
  let offset: Int
  /// The value it reads; −1 for none, which counts as 1.
  let input: Int
  /// Bits that an event must have.
  private let filters: UInt64
  private let values: UInt64
  private let hashes: UInt64
  /// Nanoseconds, of a decayed part.
  let halfLife: Double
  /// For sketches.
  let part: TileLayout.Part

  init(_ part: TileLayout.Part, offset: Int) {
    self.part = part
    self.offset = offset
    var input = part.input ?? -1
    filters = part.filter.map { 1 << UInt64($0) } ?? 0
    let bit: UInt64 = part.input.map { 1 << UInt64($0) } ?? 0
    var life = 1.0
    var isHash = false
    switch part.kind {
    case .count: operation = .count
    case .sum: operation = .sum
    case .squares: operation = .squares
    case .minimum: operation = .minimum
    case .maximum: operation = .maximum
    case .first: operation = .first
    case .last: operation = .last
    case .distinct:
      operation = .sketch
      isHash = true
    case .quantile: operation = .sketch
    case .decayed(let halfLife):
      operation = .decayed
      life = Double(halfLife)
    case .decayedCount(let halfLife):
      operation = .decayed
      life = Double(halfLife)
      // A field that is counted is not read.
      input = -1
    }
    self.input = input
    halfLife = life
    hashes = isHash ? bit : 0
    values = isHash ? 0 : bit
  }

  /// Whether an event concerns the part: its filter passed and its input is present.
  @inline(__always)
  func takes(_ row: borrowing EventRow) -> Bool {
    (filters & ~row.filters) | (values & ~row.presentValues) | (hashes & ~row.presentHashes) == 0
  }

  /// Adds one event that the part takes to the words at `place`; sketches are kept elsewhere.
  @inline(__always)
  func add(
    _ row: borrowing EventRow, _ exact: borrowing ExactValues, to words: inout MutableSpan<Int64>,
    at place: Int, tileEnd: Int64
  ) {
    switch operation {
    case .count: words[place] &+= 1
    case .sum: Self.add(exact.values[input], &words, place)
    case .squares: Self.add(exact.squares[input], &words, place)
    case .minimum:
      let value = row.values[input]
      if value < Double(bitPattern: UInt64(bitPattern: words[place])) {
        words[place] = Int64(bitPattern: value.bitPattern)
      }
    case .maximum:
      let value = row.values[input]
      if value > Double(bitPattern: UInt64(bitPattern: words[place])) {
        words[place] = Int64(bitPattern: value.bitPattern)
      }
    case .first:
      let known = (words[place], UInt64(bitPattern: words[place + 1]))
      if (row.time, row.order) < known { Self.put(row, row.values[input], &words, place) }
    case .last:
      let known = (words[place], UInt64(bitPattern: words[place + 1]))
      if (row.time, row.order) >= known { Self.put(row, row.values[input], &words, place) }
    case .decayed:
      let value = input < 0 ? 1 : row.values[input]
      let age = Double(tileEnd &- row.time) / halfLife
      Self.add(FixedPoint.rounded(value * Logarithm.powerOfTwo(-age)), &words, place)
    case .sketch: break
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

/// The values of one event in fixed point, rounded once for all windows.
struct ExactValues: Sendable {
  private(set) var values: [Int128] = []
  private(set) var squares: [Int128] = []
  /// The inputs that sums and squares read.
  private let summed: [Int]
  private let squared: [Int]

  init(_ layouts: [TileLayout]) {
    func inputs(_ kind: TileLayout.Part.Kind) -> [Int] {
      Set(layouts.flatMap(\.parts).filter { $0.kind == kind }.compactMap(\.input)).sorted()
    }
    summed = inputs(.sum)
    squared = inputs(.squares)
    values = [Int128](repeating: 0, count: (summed.last ?? -1) + 1)
    squares = [Int128](repeating: 0, count: (squared.last ?? -1) + 1)
  }

  @inline(__always)
  mutating func fill(_ row: borrowing EventRow) {
    for index in summed.indices {
      let input = summed[index]
      guard row.presentValues >> UInt64(input) & 1 == 1 else { continue }
      values[input] = FixedPoint.rounded(row.values[input])
    }
    for index in squared.indices {
      let input = squared[index]
      guard row.presentValues >> UInt64(input) & 1 == 1 else { continue }
      squares[input] = FixedPoint.rounded(row.values[input] * row.values[input])
    }
  }
}
