/// What one tile of one window keeps, and where its words lie.
struct TileLayout: Sendable {
  /// One part of a tile; several outputs may read it.
  struct Part: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
      /// One word.
      case count
      /// Two words: fixed point.
      case sum
      /// Two words: fixed point.
      case squares
      /// One word: a double.
      case minimum
      case maximum
      /// Three words: time, order, a double.
      case first
      case last
      /// Two words: see ``SketchPool``.
      case distinct(precision: Int)
      /// One word: 0, or one more than an index of the table's sketches.
      case quantile(accuracy: Double)
      /// Two words: fixed point, weights relative to the tile's end.
      case decayed(halfLife: Int64)
      /// The same of ones.
      case decayedCount(halfLife: Int64)
    }

    var kind: Kind
    var input: Int?
    var filter: Int?

    var words: Int {
      switch kind {
      case .count, .minimum, .maximum, .quantile: 1
      case .sum, .squares, .distinct, .decayed, .decayedCount: 2
      case .first, .last: 3
      }
    }

    var isSketch: Bool {
      switch kind {
      case .distinct, .quantile: true
      case .count, .sum, .squares, .minimum, .maximum, .first, .last, .decayed, .decayedCount:
        false
      }
    }
  }

  /// The most tiles of one key: a place in a block has 16 bits.
  static let tilesMax: Int64 = 60_000
  /// Words before the parts: the tile's number and the time of its newest event.
  static let headWords = 2

  let spec: WindowSpec
  /// Tiles behind a key's newest that a read may still want.
  let tilesKept: Int64
  private(set) var parts: [Part] = []
  /// Where each part's words start in a tile.
  private(set) var offsets: [Int] = []
  /// Words of one tile.
  private(set) var words = TileLayout.headWords
  /// Whether a part is kept outside the tile.
  private(set) var hasSketches = false
  /// By part: what an event does to it.
  private(set) var steps: [TileStep] = []
  /// The words of a tile without events; the first is its number.
  private(set) var emptyTile: [Int64] = [0, .min]

  init(spec: WindowSpec, lateness: Int64) {
    self.spec = spec
    tilesKept = spec.hops + (lateness + spec.delay) / spec.hop + 2
  }

  mutating func add(_ output: AggregateOutput) {
    for kind in Self.kinds(of: output.aggregate) {
      // A count of events does not ask for a field; others count what is present.
      add(Part(kind: kind, input: output.input, filter: output.filter))
    }
  }

  /// Where the parts of an output start; they were added with it.
  func places(of output: AggregateOutput) -> AggregatePlan.Places {
    var result = AggregatePlan.Places()
    for kind in Self.kinds(of: output.aggregate) {
      let part = Part(kind: kind, input: output.input, filter: output.filter)
      let offset = parts.firstIndex(of: part).map { offsets[$0] } ?? 0
      switch kind {
      case .count: result.count = offset
      case .sum: result.sum = offset
      case .squares, .minimum, .maximum, .first, .last, .distinct, .quantile, .decayed,
        .decayedCount:
        result.own = offset
      }
    }
    return result
  }

  private mutating func add(_ part: Part) {
    guard !parts.contains(part) else { return }
    parts.append(part)
    offsets.append(words)
    steps.append(TileStep(part, offset: words))
    emptyTile.append(part.identity)
    for _ in 1..<part.words { emptyTile.append(0) }
    words += part.words
    if part.isSketch { hasSketches = true }
  }

  static func kinds(of aggregate: Aggregate) -> [Part.Kind] {
    switch aggregate {
    case .count, .rate: [.count]
    case .sum: [.sum]
    case .mean: [.count, .sum]
    case .minimum: [.minimum]
    case .maximum: [.maximum]
    case .variance, .standardDeviation: [.count, .sum, .squares]
    case .first: [.first]
    case .last: [.last]
    case .distinct(let precision): [.distinct(precision: precision)]
    case .quantile(_, let accuracy): [.quantile(accuracy: accuracy)]
    case .decayedSum(let halfLife): [.decayed(halfLife: halfLife)]
    case .decayedCount(let halfLife): [.decayedCount(halfLife: halfLife)]
    }
  }
}
