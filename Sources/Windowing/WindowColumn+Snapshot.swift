extension WindowColumn {
  /// Appends the tiles of a key: how many, then each one's words, sketches in full.
  func write(_ reference: Reference, _ sketches: borrowing SketchPool, to bytes: inout [UInt8]) {
    bytes.appendSnapshot(reference.tiles)
    guard reference.tiles > 0 else { return }
    let slab = Int(reference.sizeClass) - 1
    let (page, base) = slabs[slab].place(reference.block)
    let words = slabs[slab].pages[page]
    for index in 0..<Int(reference.tiles) {
      let tile = base + start(of: index, reference)
      guard layout.hasSketches else {
        bytes.appendSnapshot(words, tile..<tile + layout.words)
        continue
      }
      bytes.appendSnapshot(words[tile])
      bytes.appendSnapshot(words[tile + 1])
      for (index, part) in layout.parts.enumerated() {
        let place = tile + layout.offsets[index]
        if part.isSketch {
          sketches.write(words, place, part, to: &bytes)
        } else {
          for word in place..<place + part.words { bytes.appendSnapshot(words[word]) }
        }
      }
    }
  }

  /// Reads what ``write(_:_:to:)`` wrote into the empty window of a key.
  mutating func read(
    _ reference: inout Reference, _ sketches: inout SketchPool, from reader: inout SnapshotReader
  ) throws(WindowError) {
    let tiles = try reader.read(UInt16.self)
    guard Int(tiles) <= capacities[capacities.count - 1] else {
      throw WindowError("a snapshot holds \(tiles) tiles of one key; this window has fewer")
    }
    guard layout.hasSketches else {
      if tiles > 0 { reference = try readWords(tiles, from: &reader) }
      return
    }
    var previous = Int64.min
    for _ in 0..<tiles {
      let number = try reader.read(Int64.self)
      guard number > previous else {
        throw WindowError("the tiles of a snapshot are not in order")
      }
      previous = number
      let newest = try reader.read(Int64.self)
      append(number, &reference)
      let place = end(of: reference)
      slabs[place.slab].pages[place.page][place.word + 1] = newest
      for index in layout.parts.indices {
        let part = layout.parts[index]
        let word = place.word + layout.offsets[index]
        if part.isSketch {
          var words = slabs[place.slab].pages[place.page].mutableSpan
          try sketches.read(part, into: &words, at: word, from: &reader)
        } else {
          for offset in 0..<part.words {
            slabs[place.slab].pages[place.page][word + offset] = try reader.read(Int64.self)
          }
        }
      }
    }
  }

  /// Reads tiles that consist of their words alone.
  private mutating func readWords(
    _ tiles: UInt16, from reader: inout SnapshotReader
  ) throws(WindowError) -> Reference {
    let slab = capacities.firstIndex { $0 >= Int(tiles) } ?? capacities.count - 1
    let block = slabs[slab].allocate()
    let (page, base) = slabs[slab].place(block)
    do throws(WindowError) {
      var words = slabs[slab].pages[page].mutableSpan
      try reader.read(Int(tiles) * layout.words, into: &words, at: base)
      for tile in 1..<max(1, Int(tiles))
      where words[base + tile * layout.words] <= words[base + (tile - 1) * layout.words] {
        throw WindowError("the tiles of a snapshot are not in order")
      }
    } catch {
      slabs[slab].release(block)
      throw error
    }
    return Reference(
      oldest: slabs[slab].pages[page][base], block: block, tiles: tiles,
      sizeClass: UInt8(slab + 1))
  }

  /// Where a key's newest tile starts.
  private func end(of reference: Reference) -> (slab: Int, page: Int, word: Int) {
    let slab = Int(reference.sizeClass) - 1
    let (page, base) = slabs[slab].place(reference.block)
    return (slab, page, base + start(of: Int(reference.tiles) - 1, reference))
  }
}

extension SketchPool {
  /// Appends the sketch of a part whose words start at `place`.
  func write(
    _ words: [Int64], _ place: Int, _ part: TileLayout.Part, to bytes: inout [UInt8]
  ) {
    let handle = words[place]
    if handle == 0 { return bytes.appendSnapshot(UInt8(0)) }
    if case .quantile = part.kind {
      bytes.appendSnapshot(UInt8(3))
      bytes.appendSnapshot(UInt32(quantiles.list[Int(handle) - 1].buckets.count))
      for index in quantiles.list[Int(handle) - 1].buckets.indices {
        bytes.appendSnapshot(quantiles.list[Int(handle) - 1].buckets[index].index)
        bytes.appendSnapshot(quantiles.list[Int(handle) - 1].buckets[index].count)
      }
    } else if handle == Self.single {
      bytes.appendSnapshot(UInt8(1))
      bytes.appendSnapshot(UInt32(1))
      bytes.appendSnapshot(UInt64(bitPattern: words[place + 1]))
    } else {
      let sketch = Int(handle) - 1
      bytes.appendSnapshot(UInt8(distincts.list[sketch].registers.isEmpty ? 1 : 2))
      bytes.appendSnapshot(UInt32(distincts.list[sketch].exact.count))
      for index in distincts.list[sketch].exact.indices {
        bytes.appendSnapshot(distincts.list[sketch].exact[index])
      }
      bytes.append(contentsOf: distincts.list[sketch].registers)
    }
  }

  /// Reads the sketch of a part of an empty tile, whose words start at `place`.
  mutating func read(
    _ part: TileLayout.Part, into words: inout MutableSpan<Int64>, at place: Int,
    from reader: inout SnapshotReader
  ) throws(WindowError) {
    let form = try reader.read(UInt8.self)
    if form == 0 { return }
    let count = Int(try reader.read(UInt32.self))
    switch (part.kind, form) {
    case (.distinct, 1) where count == 1:
      words[place + 1] = Int64(bitPattern: try reader.read(UInt64.self))
      words[place] = Self.single
      return
    case (.distinct(let precision), 1), (.distinct(let precision), 2):
      guard count <= 1 << precision else { break }
      var exact: [UInt64] = []
      for _ in 0..<count { exact.append(try reader.read(UInt64.self)) }
      var registers: [UInt8] = []
      if form == 2 {
        for _ in 0..<1 << precision { registers.append(try reader.read(UInt8.self)) }
      }
      words[place] = distincts.insert(
        DistinctSketch(precision: precision, exact: exact, registers: registers))
      return
    case (.quantile(let accuracy), 3):
      guard count <= QuantileSketch.bucketsMax else { break }
      var buckets: [QuantileSketch.Bucket] = []
      for _ in 0..<count {
        let index = try reader.read(Int32.self)
        buckets.append(
          QuantileSketch.Bucket(index: index, count: try reader.read(UInt32.self)))
      }
      words[place] = quantiles.insert(QuantileSketch(accuracy: accuracy, buckets: buckets))
      return
    default: break
    }
    throw WindowError("a sketch of a snapshot is not the one that this window keeps")
  }
}
