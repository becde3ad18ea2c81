/// The sketches of all tiles, by handle.
///
/// A tile of a distinct count has two words: the handle, and the hash where it saw only one. Then
/// the handle is ``single`` and nothing is kept here. Most tiles of most keys are so; reading them
/// waits for no other memory.
struct SketchPool: Sendable {
  /// The handle of a distinct count of the one hash in the word behind it.
  static let single: Int64 = -1

  var distincts = SketchList(empty: DistinctSketch(precision: 0))
  var quantiles = SketchList(empty: QuantileSketch(accuracy: 0))
  /// The hashes of the read at hand.
  private var hashes = HashCount()

  /// Bytes held, about; walks all sketches.
  var byteCount: Int {
    distincts.byteCount { $0.byteCount } + quantiles.byteCount { $0.byteCount }
  }

  /// Gives back the sketch of a part of a tile that is about to go.
  mutating func release(_ handle: Int64, _ part: TileLayout.Part) {
    guard handle > 0 else { return }
    if case .quantile = part.kind {
      quantiles.release(handle)
    } else {
      distincts.release(handle)
    }
  }

  /// Adds one event to the sketch of a tile, whose words start at `place`; 0 has none yet.
  mutating func add(
    _ row: borrowing EventRow, to words: inout MutableSpan<Int64>, at place: Int,
    _ part: TileLayout.Part
  ) {
    switch part.kind {
    case .distinct(let precision):
      add(row.hashes[part.input ?? 0], to: &words, at: place, precision)
    case .quantile(let accuracy):
      if words[place] == 0 {
        words[place] = quantiles.insert(QuantileSketch(accuracy: accuracy))
      }
      quantiles.list[Int(words[place]) - 1].add(row.values[part.input ?? 0])
    case .count, .sum, .squares, .minimum, .maximum, .first, .last, .decayed, .decayedCount:
      break
    }
  }

  private mutating func add(
    _ hash: UInt64, to words: inout MutableSpan<Int64>, at place: Int, _ precision: Int
  ) {
    let known = UInt64(bitPattern: words[place + 1])
    switch words[place] {
    case 0:
      words[place] = Self.single
      words[place + 1] = Int64(bitPattern: hash)
    case Self.single:
      if known == hash { return }
      words[place] = distincts.insert(
        DistinctSketch(
          precision: precision, exact: [min(known, hash), max(known, hash)], registers: []))
      words[place + 1] = 0
    case let handle: distincts.list[Int(handle) - 1].add(hash)
    }
  }

  /// The distinct count over the tiles that a window covers.
  mutating func distinct(_ tiles: TileReader, _ offset: Int, _ precision: Int) -> Double {
    // Nothing of this depends on what was found before: all of it is on its way at once.
    var most = 0
    var isExact = true
    tiles.forEachTile { tile in
      let handle = tiles.words[tile + offset]
      if handle == Self.single {
        most += 1
      } else if handle > 0 {
        most += distincts.list[Int(handle) - 1].exact.count
        isExact = isExact && distincts.list[Int(handle) - 1].registers.isEmpty
      }
    }
    guard isExact, most <= DistinctSketch.exactMax(precision) else {
      return merged(tiles, offset, precision).estimate
    }
    if most == 0 { return 0 }
    hashes.begin(most: most)
    tiles.forEachTile { tile in
      let handle = tiles.words[tile + offset]
      if handle == Self.single {
        hashes.add(UInt64(bitPattern: tiles.words[tile + offset + 1]))
      } else if handle > 0 {
        let sketch = Int(handle) - 1
        for index in distincts.list[sketch].exact.indices {
          hashes.add(distincts.list[sketch].exact[index])
        }
      }
    }
    return Double(hashes.count)
  }

  private func merged(_ tiles: TileReader, _ offset: Int, _ precision: Int) -> DistinctSketch {
    var all = DistinctSketch(precision: precision)
    tiles.forEachTile { tile in
      let handle = tiles.words[tile + offset]
      if handle == Self.single {
        all.add(UInt64(bitPattern: tiles.words[tile + offset + 1]))
      } else if handle > 0 {
        all.merge(distincts.list[Int(handle) - 1])
      }
    }
    return all
  }

  /// A quantile over the tiles that a window covers; `nil` without a value.
  func quantile(
    _ tiles: TileReader, _ offset: Int, _ share: Double, _ accuracy: Double
  ) -> Double? {
    var all = QuantileSketch(accuracy: accuracy)
    tiles.forEachTile { tile in
      let handle = tiles.words[tile + offset]
      if handle > 0 { all.merge(quantiles.list[Int(handle) - 1]) }
    }
    return all.quantile(share)
  }
}

/// Sketches of one kind in one place, so that one is read where it lies: a sketch taken out of an
/// optional or an enumeration is a copy, and counts references.
struct SketchList<Sketch: Sendable>: Sendable {
  /// By handle less 1.
  var list: [Sketch] = []
  private var free: [Int] = []
  private let empty: Sketch

  init(empty: Sketch) { self.empty = empty }

  /// Keeps a sketch; the handle is above 0.
  mutating func insert(_ sketch: Sketch) -> Int64 {
    if let place = free.popLast() {
      list[place] = sketch
      return Int64(place) + 1
    }
    list.append(sketch)
    return Int64(list.count)
  }

  mutating func release(_ handle: Int64) {
    list[Int(handle) - 1] = empty
    free.append(Int(handle) - 1)
  }

  /// Bytes held, about.
  func byteCount(_ one: (Sketch) -> Int) -> Int {
    list.reduce(list.capacity * MemoryLayout<Sketch>.stride) { $0 + one($1) }
  }
}
