/// The sketches of all tiles, by handle: a tile keeps one word each.
struct SketchPool: Sendable {
  enum Sketch: Sendable, Equatable {
    case distinct(DistinctSketch)
    case quantile(QuantileSketch)
  }

  private var sketches: [Sketch?] = []
  private var free: [Int] = []

  /// Bytes held, about; walks all sketches.
  var byteCount: Int {
    sketches.reduce(sketches.capacity * MemoryLayout<Sketch?>.stride) { sum, sketch in
      switch sketch {
      case .distinct(let sketch): sum + sketch.byteCount
      case .quantile(let sketch): sum + sketch.byteCount
      case nil: sum
      }
    }
  }

  /// The sketch of a handle above 0.
  subscript(_ handle: Int64) -> Sketch? { sketches[Int(handle) - 1] }

  /// Keeps a sketch; the handle is above 0.
  mutating func insert(_ sketch: Sketch) -> Int64 {
    if let place = free.popLast() {
      sketches[place] = sketch
      return Int64(place) + 1
    }
    sketches.append(sketch)
    return Int64(sketches.count)
  }

  mutating func release(_ handle: Int64) {
    sketches[Int(handle) - 1] = nil
    free.append(Int(handle) - 1)
  }

  /// Adds one event to the sketch of a tile.
  ///
  /// - Parameter handle: the sketch; 0 makes one.
  /// - Returns: its handle.
  mutating func add(
    _ row: borrowing EventRow, to handle: Int64, _ part: TileLayout.Part
  ) -> Int64 {
    let handle = handle > 0 ? handle : insert(part.emptySketch)
    let place = Int(handle) - 1
    // Taken out while it changes, so that its arrays are not copied.
    switch sketches[place].take() {
    case .distinct(var sketch):
      sketch.add(row.hashes[part.input ?? 0])
      sketches[place] = .distinct(sketch)
    case .quantile(var sketch):
      sketch.add(row.values[part.input ?? 0])
      sketches[place] = .quantile(sketch)
    case nil: break
    }
    return handle
  }

  /// The distinct count over the tiles that a window covers.
  func distinct(_ tiles: TileReader, _ offset: Int, _ precision: Int) -> Double {
    var all = DistinctSketch(precision: precision)
    tiles.forEachHandle(offset) { handle in
      if case .distinct(let sketch)? = self[handle] { all.merge(sketch) }
    }
    return all.estimate
  }

  /// A quantile over the tiles that a window covers; `nil` without a value.
  func quantile(
    _ tiles: TileReader, _ offset: Int, _ share: Double, _ accuracy: Double
  ) -> Double? {
    var all = QuantileSketch(accuracy: accuracy)
    tiles.forEachHandle(offset) { handle in
      if case .quantile(let sketch)? = self[handle] { all.merge(sketch) }
    }
    return all.quantile(share)
  }
}
