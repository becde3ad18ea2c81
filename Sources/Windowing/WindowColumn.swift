/// One window of all keys: the tiles of each key in a block of their own, as a ring, oldest first.
struct WindowColumn: Sendable {
  /// Where the tiles of one key lie.
  struct Reference: Sendable {
    var block: UInt32 = 0
    /// The place of the oldest tile in the block.
    var head: UInt16 = 0
    var tiles: UInt16 = 0
    /// One more than an index of ``slabs``; 0 has no block.
    var sizeClass: UInt8 = 0
  }

  let layout: TileLayout
  /// Tiles of a block of each size, ascending; the last holds all that a key can have.
  let capacities: [Int]
  var slabs: [TileSlab]

  init(layout: TileLayout) {
    let most = Int(layout.tilesKept) + 2
    var capacities: [Int] = []
    var size = 2
    while size < most {
      capacities.append(size)
      size += max(2, size / 2)
    }
    capacities.append(most)
    self.layout = layout
    self.capacities = capacities
    slabs = capacities.map { TileSlab(blockWords: $0 * layout.words) }
  }

  var byteCount: Int { slabs.reduce(0) { $0 + $1.byteCount } }

  /// The word at which a tile of a key starts, from the start of its block.
  @inline(__always)
  func start(of index: Int, _ reference: Reference) -> Int {
    let capacity = capacities[Int(reference.sizeClass) - 1]
    let place = Int(reference.head) + index
    return (place < capacity ? place : place - capacity) * layout.words
  }

  /// The number of a key's newest tile, or 0: asked for early, so that the memory of all windows is
  /// on its way while the first is worked on.
  @inline(__always)
  func newestTile(_ reference: Reference) -> Int64 {
    guard reference.sizeClass > 0 else { return 0 }
    let slab = Int(reference.sizeClass) - 1
    let (page, base) = slabs[slab].place(reference.block)
    return slabs[slab].pages[page][base + start(of: Int(reference.tiles) - 1, reference)]
  }

  /// Adds one event, in the tile of its time.
  mutating func add(
    _ row: borrowing EventRow, _ reference: inout Reference, _ sketches: inout SketchPool
  ) {
    let number = layout.spec.tile(of: row.time)
    guard let index = openTile(number, &reference, &sketches) else { return }
    let slab = Int(reference.sizeClass) - 1
    let (page, base) = slabs[slab].place(reference.block)
    let tile = base + start(of: index, reference)
    var words = slabs[slab].pages[page].mutableSpan
    words[tile + 1] = max(words[tile + 1], row.time)
    let end = layout.end(of: number)
    for index in layout.parts.indices {
      let part = layout.parts[index]
      guard part.takes(row) else { continue }
      let word = tile + layout.offsets[index]
      if part.isSketch {
        words[word] = sketches.add(row, to: words[word], part)
      } else {
        part.add(row, to: &words, at: word, tileEnd: end)
      }
    }
  }

  /// Drops the oldest tiles for as long as `isOld` says so of their numbers; the block goes with
  /// the last.
  mutating func dropTiles(
    _ reference: inout Reference, _ sketches: inout SketchPool, while isOld: (Int64) -> Bool
  ) {
    guard reference.sizeClass > 0 else { return }
    let slab = Int(reference.sizeClass) - 1
    let (page, base) = slabs[slab].place(reference.block)
    while reference.tiles > 0 {
      let tile = base + start(of: 0, reference)
      guard isOld(slabs[slab].pages[page][tile]) else { return }
      if layout.hasSketches { release(slabs[slab].pages[page], tile, &sketches) }
      reference.tiles -= 1
      let next = Int(reference.head) + 1
      reference.head = next < capacities[slab] ? UInt16(next) : 0
    }
    slabs[slab].release(reference.block)
    reference = Reference()
  }

  /// The place among the key's tiles of the one with this number, made if it is not there; `nil` if
  /// it is too old to be wanted.
  private mutating func openTile(
    _ number: Int64, _ reference: inout Reference, _ sketches: inout SketchPool
  ) -> Int? {
    guard reference.sizeClass > 0 else {
      reference = Reference(block: slabs[0].allocate(), tiles: 0, sizeClass: 1)
      return insert(number, at: 0, &reference)
    }
    let slab = Int(reference.sizeClass) - 1
    let (page, base) = slabs[slab].place(reference.block)
    // Nearly always the newest tile or one after it.
    var index = Int(reference.tiles) - 1
    let newest = slabs[slab].pages[page][base + start(of: index, reference)]
    var found = newest
    while found > number, index > 0 {
      index -= 1
      found = slabs[slab].pages[page][base + start(of: index, reference)]
    }
    if found == number { return index }
    if number < newest - layout.tilesKept { return nil }
    let fromEnd = Int(reference.tiles) - (found < number ? index + 1 : index)
    if Int(reference.tiles) == capacities[slab] {
      // Only a full block is looked over for old tiles: the front of it is seldom in a cache.
      let oldest = max(newest, number) - layout.tilesKept
      dropTiles(&reference, &sketches) { $0 < oldest }
      guard reference.sizeClass > 0 else { return openTile(number, &reference, &sketches) }
      if Int(reference.tiles) == capacities[slab] { grow(&reference) }
    }
    return insert(number, at: Int(reference.tiles) - fromEnd, &reference)
  }

  /// Makes an empty tile after the newest.
  mutating func append(_ number: Int64, _ reference: inout Reference) {
    if reference.sizeClass == 0 {
      reference = Reference(block: slabs[0].allocate(), tiles: 0, sizeClass: 1)
    } else if Int(reference.tiles) == capacities[Int(reference.sizeClass) - 1] {
      grow(&reference)
    }
    _ = insert(number, at: Int(reference.tiles), &reference)
  }

  /// Makes an empty tile at `index`; there is room for it.
  private mutating func insert(
    _ number: Int64, at index: Int, _ reference: inout Reference
  ) -> Int {
    let slab = Int(reference.sizeClass) - 1
    let (page, base) = slabs[slab].place(reference.block)
    var later = Int(reference.tiles)
    reference.tiles += 1
    while later > index {
      let to = base + start(of: later, reference)
      later -= 1
      let from = base + start(of: later, reference)
      for word in 0..<layout.words {
        slabs[slab].pages[page][to + word] = slabs[slab].pages[page][from + word]
      }
    }
    let tile = base + start(of: index, reference)
    var words = slabs[slab].pages[page].mutableSpan
    words[tile] = number
    words[tile + 1] = .min
    for part in layout.parts.indices {
      layout.parts[part].clear(&words, at: tile + layout.offsets[part])
    }
    return index
  }

  /// Moves a key's tiles to a block of the next size.
  private mutating func grow(_ reference: inout Reference) {
    let old = Int(reference.sizeClass) - 1
    let (fromPage, from) = slabs[old].place(reference.block)
    let block = slabs[old + 1].allocate()
    let (toPage, to) = slabs[old + 1].place(block)
    for index in 0..<Int(reference.tiles) {
      let tile = from + start(of: index, reference)
      for word in 0..<layout.words {
        slabs[old + 1].pages[toPage][to + index * layout.words + word] =
          slabs[old].pages[fromPage][tile + word]
      }
    }
    slabs[old].release(reference.block)
    reference = Reference(
      block: block, tiles: reference.tiles, sizeClass: reference.sizeClass + 1)
  }

  /// Gives back the sketches of one tile that is about to go.
  private func release(_ words: [Int64], _ tile: Int, _ sketches: inout SketchPool) {
    for (index, part) in layout.parts.enumerated() where part.isSketch {
      let handle = words[tile + layout.offsets[index]]
      if handle > 0 { sketches.release(handle) }
    }
  }
}
