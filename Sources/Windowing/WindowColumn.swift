/// One window of all keys: the tiles of each key in a block of their own, as a ring, oldest first.
struct WindowColumn: Sendable {
  /// Where the tiles of one key lie.
  struct Reference: Sendable {
    /// No tile has a smaller number. Mostly it is that of the oldest; kept here because the oldest
    /// tile itself is seldom in a cache.
    var oldest: Int64 = 0
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
  /// Tiles before this one are not wanted, as of the last sweep over keys.
  var oldestWanted = Int64.min

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
    ring(reference, base: 0).start(of: index)
  }

  /// The tiles of a key in a block that starts at `base`.
  @inline(__always)
  private func ring(_ reference: Reference, base: Int) -> Ring {
    Ring(
      base: base, head: Int(reference.head),
      capacity: capacities[Int(reference.sizeClass) - 1], words: layout.words)
  }

  /// Where tiles lie in a block: the oldest anywhere, the next behind it.
  private struct Ring {
    let base: Int
    let head: Int
    let capacity: Int
    let words: Int

    @inline(__always)
    func start(of index: Int) -> Int {
      let place = head + index
      return base + (place < capacity ? place : place - capacity) * words
    }
  }

  /// Loads all of a key's newest tile; a number of no meaning.
  @inline(__always)
  func touchNewest(_ reference: Reference) -> Int64 {
    guard reference.sizeClass > 0 else { return 0 }
    let slab = Int(reference.sizeClass) - 1
    let (page, base) = slabs[slab].place(reference.block)
    let tile = base + start(of: Int(reference.tiles) - 1, reference)
    // Where the next tile will be; where the block is full, that is the oldest.
    var sum = slabs[slab].pages[page][base + start(of: Int(reference.tiles), reference)]
    sum ^= slabs[slab].pages[page][tile]
    // Eight words are a line of memory.
    var word = layout.words - 1
    while word > 0 {
      sum ^= slabs[slab].pages[page][tile + word]
      word -= 8
    }
    return sum
  }

  /// The number of a key's newest tile, or 0.
  @inline(__always)
  func newestTile(_ reference: Reference) -> Int64 {
    guard reference.sizeClass > 0 else { return 0 }
    let slab = Int(reference.sizeClass) - 1
    let (page, base) = slabs[slab].place(reference.block)
    return slabs[slab].pages[page][base + start(of: Int(reference.tiles) - 1, reference)]
  }

  /// Loads a key's oldest tile if it is to be dropped; a number of no meaning.
  @inline(__always)
  func touchUnwanted(_ reference: Reference) -> Int64 {
    guard reference.sizeClass > 0, reference.oldest < oldestWanted else { return 0 }
    let slab = Int(reference.sizeClass) - 1
    let (page, base) = slabs[slab].place(reference.block)
    return slabs[slab].pages[page][base + start(of: 0, reference)]
  }

  /// Adds one event, in the tile of its time.
  mutating func add(
    _ row: borrowing EventRow, _ exact: borrowing ExactValues, _ reference: inout Reference,
    _ sketches: inout SketchPool
  ) {
    guard let index = openTile(row.time, &reference, &sketches) else { return }
    let slab = Int(reference.sizeClass) - 1
    let (page, base) = slabs[slab].place(reference.block)
    let tile = base + start(of: index, reference)
    var words = slabs[slab].pages[page].mutableSpan
    words[tile + 1] = max(words[tile + 1], row.time)
    let end = layout.end(of: words[tile])
    let steps = layout.steps
    for index in steps.indices {
      guard steps[index].takes(row) else { continue }
      let word = tile + steps[index].offset
      if case .sketch = steps[index].operation {
        sketches.add(row, to: &words, at: word, steps[index].part)
      } else {
        steps[index].add(row, exact, to: &words, at: word, tileEnd: end)
      }
    }
  }

  /// Drops the tiles before one; the block goes with the last.
  mutating func dropTiles(
    _ reference: inout Reference, _ sketches: inout SketchPool, before wanted: Int64
  ) {
    guard reference.sizeClass > 0, reference.oldest < wanted else { return }
    let slab = Int(reference.sizeClass) - 1
    let (page, base) = slabs[slab].place(reference.block)
    while reference.tiles > 0 {
      let tile = base + start(of: 0, reference)
      let number = slabs[slab].pages[page][tile]
      guard number < wanted else {
        reference.oldest = number
        return
      }
      if layout.hasSketches { release(slabs[slab].pages[page], tile, &sketches) }
      reference.tiles -= 1
      let next = Int(reference.head) + 1
      reference.head = next < capacities[slab] ? UInt16(next) : 0
      // Not looked at before it has to be.
      reference.oldest = number + 1
      if reference.tiles > 0, reference.oldest >= wanted { return }
    }
    slabs[slab].release(reference.block)
    reference = Reference()
  }

  /// The place among the key's tiles of the one that an instant lies in, made if it is not there;
  /// `nil` if it is too old to be wanted.
  @inline(__always)
  private mutating func openTile(
    _ time: Int64, _ reference: inout Reference, _ sketches: inout SketchPool
  ) -> Int? {
    if reference.sizeClass > 0 {
      // Nearly always it lies in the newest: then nothing needs to be divided.
      let sinceNewest = time &- newestTile(reference) &* layout.spec.hop
      if sinceNewest >= 0, sinceNewest < layout.spec.hop { return Int(reference.tiles) - 1 }
    }
    return findTile(layout.spec.tile(of: time), &reference, &sketches)
  }

  private mutating func findTile(
    _ number: Int64, _ reference: inout Reference, _ sketches: inout SketchPool
  ) -> Int? {
    guard reference.sizeClass > 0 else {
      reference = Reference(block: slabs[0].allocate(), tiles: 0, sizeClass: 1)
      return insert(number, at: 0, &reference)
    }
    let newest = newestTile(reference)
    if number < newest - layout.tilesKept { return nil }
    var index = place(of: number, reference)
    if index < Int(reference.tiles), tileNumber(index, reference) == number { return index }
    let fromEnd = Int(reference.tiles) - index
    if Int(reference.tiles) == capacities[Int(reference.sizeClass) - 1] {
      // Only a full block is looked over for old tiles: the front of it is seldom in a cache.
      let oldest = max(newest, number) - layout.tilesKept
      dropTiles(&reference, &sketches, before: oldest)
      guard reference.sizeClass > 0 else { return findTile(number, &reference, &sketches) }
      if Int(reference.tiles) == capacities[Int(reference.sizeClass) - 1] { grow(&reference) }
      index = Int(reference.tiles) - fromEnd
    }
    return insert(number, at: index, &reference)
  }

  /// How many of a key's tiles are older than one: all, none, or looked for among the newest few,
  /// then by halves.
  func place(of number: Int64, _ reference: Reference) -> Int {
    var high = Int(reference.tiles)
    if high == 0 || tileNumber(high - 1, reference) < number { return high }
    if reference.oldest >= number || tileNumber(0, reference) >= number { return 0 }
    let near = max(0, high - 4)
    while high > near {
      if tileNumber(high - 1, reference) < number { return high }
      high -= 1
    }
    var low = 0
    while low < high {
      let middle = (low + high) / 2
      if tileNumber(middle, reference) < number { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The tiles of a key that the window covers as of `asked`, and the slab in which they lie.
  func covered(_ reference: Reference, at asked: Int64) -> (slab: Int, range: TileRange) {
    guard reference.sizeClass > 0 else { return (0, TileRange()) }
    let slab = Int(reference.sizeClass) - 1
    let current = layout.spec.tile(of: asked)
    let first = place(of: current - layout.spec.hops, reference)
    let end = place(of: current + 1, reference)
    guard first < end else { return (slab, TileRange()) }
    let (page, base) = slabs[slab].place(reference.block)
    let head = Int(reference.head) + first
    let capacity = capacities[slab]
    return (
      slab,
      TileRange(
        page: page, base: base, capacity: capacity,
        first: head < capacity ? head : head - capacity, count: end - first)
    )
  }

  private func tileNumber(_ index: Int, _ reference: Reference) -> Int64 {
    let slab = Int(reference.sizeClass) - 1
    let (page, base) = slabs[slab].place(reference.block)
    return slabs[slab].pages[page][base + start(of: index, reference)]
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
    if index == 0 { reference.oldest = number }
    let ring = ring(reference, base: base)
    var words = slabs[slab].pages[page].mutableSpan
    while later > index {
      let to = ring.start(of: later)
      later -= 1
      let from = ring.start(of: later)
      for word in 0..<ring.words { words[to + word] = words[from + word] }
    }
    let tile = ring.start(of: index)
    let empty = layout.emptyTile
    for word in empty.indices { words[tile + word] = empty[word] }
    words[tile] = number
    return index
  }

  /// Moves a key's tiles to a block of the next size.
  private mutating func grow(_ reference: inout Reference) {
    let old = Int(reference.sizeClass) - 1
    let (fromPage, from) = slabs[old].place(reference.block)
    let block = slabs[old + 1].allocate()
    let (toPage, to) = slabs[old + 1].place(block)
    let ring = ring(reference, base: from)
    for index in 0..<Int(reference.tiles) {
      let tile = ring.start(of: index)
      for word in 0..<ring.words {
        slabs[old + 1].pages[toPage][to + index * ring.words + word] =
          slabs[old].pages[fromPage][tile + word]
      }
    }
    slabs[old].release(reference.block)
    reference = Reference(
      oldest: reference.oldest, block: block, tiles: reference.tiles,
      sizeClass: reference.sizeClass + 1)
  }

  /// Gives back the sketches of one tile that is about to go.
  private func release(_ words: [Int64], _ tile: Int, _ sketches: inout SketchPool) {
    for (index, part) in layout.parts.enumerated() where part.isSketch {
      sketches.release(words[tile + layout.offsets[index]], part)
    }
  }
}
