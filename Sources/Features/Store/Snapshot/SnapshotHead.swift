/// What a snapshot knows besides ids and keys.
struct SnapshotHead: Equatable {
  static let version: UInt32 = 1

  struct Source: Equatable {
    var newest: Int64?
    var counts = IngestCounts()
    var floor = Int64.min
    var forgotten = 0
    var generations: [Int64] = []
  }

  struct Entity {
    var slots = 0
    var free = PagedArray<UInt32>()
  }

  var digest: String
  /// The last batch that it contains.
  var sequence: UInt64
  /// The secret key of hashes.
  var seed: (UInt64, UInt64)
  var sources: [Source] = []
  var entities: [Entity] = []
  /// By view.
  var filterFailures: [Int] = []
  var sweep = FeatureEngine.SweepPlace()

  /// - Parameter refused: by source, refusals that the next batch of the log will tell of.
  init(
    _ engine: borrowing FeatureEngine, sequence: UInt64, seed: (UInt64, UInt64),
    refused: [IngestCounts]
  ) {
    digest = engine.definitions.digest
    self.sequence = sequence
    self.seed = seed
    for (index, source) in engine.sources.enumerated() {
      sources.append(
        Source(
          newest: source.clock.newest, counts: source.counts.without(refused[index]),
          floor: source.ids.floor,
          forgotten: source.ids.forgotten, generations: source.ids.generations.map(\.number)))
    }
    for entity in engine.entities {
      entities.append(
        Entity(slots: entity.directory.slotCount, free: entity.directory.freeSlots))
    }
    filterFailures = engine.views.map(\.filterFailures)
    sweep = engine.sweep
  }

  static func == (a: SnapshotHead, b: SnapshotHead) -> Bool { a.bytes == b.bytes }

  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.store(Self.version)
    bytes.store(digest)
    bytes.store(sequence)
    bytes.store(seed.0)
    bytes.store(seed.1)
    bytes.store(UInt32(sources.count))
    for source in sources {
      bytes.append(source.newest == nil ? 0 : 1)
      bytes.store(source.newest ?? 0)
      for number in Self.numbers(source.counts) { bytes.store(number) }
      bytes.store(source.floor)
      bytes.store(Int64(source.forgotten))
      bytes.store(UInt32(source.generations.count))
      for number in source.generations { bytes.store(number) }
    }
    bytes.store(UInt32(entities.count))
    for entity in entities {
      bytes.store(UInt32(entity.slots))
      bytes.store(UInt32(entity.free.count))
      for index in 0..<entity.free.count { bytes.store(entity.free[index]) }
    }
    bytes.store(UInt32(filterFailures.count))
    for number in filterFailures { bytes.store(Int64(number)) }
    bytes.store(UInt32(sweep.entity))
    bytes.store(sweep.slot)
    return bytes
  }

  private static func numbers(_ counts: IngestCounts) -> [Int64] {
    [counts.accepted, counts.duplicate, counts.late, counts.future, counts.refused].map {
      Int64($0)
    }
  }

  /// - Throws: where the bytes end early, or are of another version.
  init(reading bytes: ArraySlice<UInt8>) throws(StoredBytes.Short) {
    var reader = StoredBytes(bytes)
    guard try reader.read(UInt32.self) == Self.version else { throw StoredBytes.Short() }
    digest = try reader.readText()
    sequence = try reader.read(UInt64.self)
    seed = (try reader.read(UInt64.self), try reader.read(UInt64.self))
    for _ in 0..<(try reader.read(UInt32.self)) { sources.append(try Self.source(&reader)) }
    for _ in 0..<(try reader.read(UInt32.self)) {
      var entity = Entity(slots: Int(try reader.read(UInt32.self)))
      for _ in 0..<(try reader.read(UInt32.self)) {
        entity.free.append(try reader.read(UInt32.self))
      }
      entities.append(entity)
    }
    for _ in 0..<(try reader.read(UInt32.self)) {
      filterFailures.append(Int(try reader.read(Int64.self)))
    }
    sweep.entity = Int(try reader.read(UInt32.self))
    sweep.slot = try reader.read(UInt32.self)
  }

  private static func source(_ reader: inout StoredBytes) throws(StoredBytes.Short) -> Source {
    var source = Source()
    let hasNewest = try reader.read(UInt8.self) == 1
    let newest = try reader.read(Int64.self)
    if hasNewest { source.newest = newest }
    source.counts = try counts(&reader)
    source.floor = try reader.read(Int64.self)
    source.forgotten = Int(try reader.read(Int64.self))
    for _ in 0..<(try reader.read(UInt32.self)) {
      source.generations.append(try reader.read(Int64.self))
    }
    return source
  }

  private static func counts(
    _ reader: inout StoredBytes
  ) throws(StoredBytes.Short) -> IngestCounts {
    var counts = IngestCounts()
    counts.accepted = Int(try reader.read(Int64.self))
    counts.duplicate = Int(try reader.read(Int64.self))
    counts.late = Int(try reader.read(Int64.self))
    counts.future = Int(try reader.read(Int64.self))
    counts.refused = Int(try reader.read(Int64.self))
    return counts
  }
}
