internal import Windowing

extension FeatureEngine {
  /// Appends all that is known of a key, its hash first.
  mutating func writeKey(_ slot: UInt32, _ entity: Int, to bytes: inout [UInt8]) {
    bytes.store(UInt16(entity))
    bytes.store(slot)
    let hash = entities[entity].directory.hashes[Int(slot)]
    bytes.store(hash.low)
    bytes.store(hash.high)
    for index in entities[entity].views.indices {
      let view = entities[entity].views[index]
      let places = views[view]
      if places.table >= 0 { tables[places.table].write(slot, to: &bytes) }
      guard places.attributes >= 0 else { continue }
      let first = definitions.views[view].firstSlot
      attributes[places.attributes].write(
        slot, isText: { rules[first + $0].isText }, to: &bytes)
    }
  }

  /// Prepares an engine that has seen nothing for the keys of a snapshot.
  ///
  /// - Throws: what does not fit, in words.
  mutating func restore(_ head: SnapshotHead) throws(StoredMismatch) {
    guard head.sources.count == sources.count, head.entities.count == entities.count,
      head.filterFailures.count == views.count
    else { throw StoredMismatch(what: "the snapshot has other sources, entities or views") }
    for (index, source) in head.sources.enumerated() {
      if let newest = source.newest { sources[index].clock.advance(to: newest) }
      sources[index].counts = source.counts
      sources[index].ids.restore(
        floor: source.floor, forgotten: source.forgotten, generations: source.generations)
    }
    for (index, entity) in head.entities.enumerated() {
      let isSound = (0..<entity.free.count).allSatisfy { entity.free[$0] < entity.slots }
      guard entity.free.count <= entity.slots, isSound else {
        throw StoredMismatch(what: "the snapshot has more free slots than slots")
      }
      entities[index].directory.reserve(slots: entity.slots, free: entity.free)
      for view in entities[index].views {
        let places = views[view]
        for slot in 0..<UInt32(entity.slots) {
          if places.table >= 0 { tables[places.table].makeKey(slot) }
          if places.attributes >= 0 { attributes[places.attributes].makeKey(slot) }
        }
      }
    }
    for (index, failures) in head.filterFailures.enumerated() {
      views[index].filterFailures = failures
    }
    sweep = head.sweep
  }

  /// Takes over the ids of a block.
  mutating func restoreIDs(_ block: ArraySlice<UInt8>) throws(StoredMismatch) {
    var reader = StoredBytes(block)
    do throws(StoredBytes.Short) {
      let source = Int(try reader.read(UInt32.self))
      let generation = Int(try reader.read(UInt32.self))
      guard sources.indices.contains(source),
        sources[source].ids.generations.indices.contains(generation)
      else { throw StoredBytes.Short() }
      while !reader.isAtEnd {
        let low = try reader.read(UInt64.self)
        let hash = Hash128(low: low, high: try reader.read(UInt64.self))
        sources[source].ids.generations[generation].ids.insert(hash)
      }
    } catch {
      throw StoredMismatch(what: "the ids of a snapshot are not whole")
    }
  }

  /// Takes over the keys of a block.
  ///
  /// - Returns: how many.
  mutating func restoreKeys(_ block: ArraySlice<UInt8>) throws(StoredMismatch) -> Int {
    var count = 0
    var reader = StoredBytes(block)
    var words = SnapshotReader(block)
    do {
      while !reader.isAtEnd {
        let (entity, slot) = try restoreKey(&reader)
        words.move(to: reader.position)
        for index in entities[entity].views.indices {
          try restore(slot, entities[entity].views[index], &words)
        }
        reader.move(to: words.position)
        count += 1
      }
    } catch let error as StoredMismatch {
      throw error
    } catch let error as WindowError {
      throw StoredMismatch(what: "\(error)")
    } catch {
      throw StoredMismatch(what: "a key of the snapshot is not whole")
    }
    return count
  }

  private mutating func restoreKey(
    _ reader: inout StoredBytes
  ) throws -> (entity: Int, slot: UInt32) {
    let entity = Int(try reader.read(UInt16.self))
    let slot = try reader.read(UInt32.self)
    let low = try reader.read(UInt64.self)
    let hash = Hash128(low: low, high: try reader.read(UInt64.self))
    guard entities.indices.contains(entity), Int(slot) < entities[entity].directory.slotCount,
      !entities[entity].directory.isUsed(slot)
    else { throw StoredMismatch(what: "a key of the snapshot has no slot") }
    entities[entity].directory.restore(hash, slot: slot)
    return (entity, slot)
  }

  private mutating func restore(
    _ slot: UInt32, _ view: Int, _ words: inout SnapshotReader
  ) throws {
    let places = views[view]
    if places.table >= 0 { try tables[places.table].read(slot, from: &words) }
    guard places.attributes >= 0 else { return }
    var reader = StoredBytes(words.bytes)
    reader.move(to: words.position)
    let first = definitions.views[view].firstSlot
    let rules = rules
    let isRoom = try attributes[places.attributes].read(
      slot, isText: { rules[first + $0].isText }, hash, from: &reader)
    guard isRoom else {
      throw StoredMismatch(what: "the texts of attributes are more than are kept")
    }
    words.move(to: reader.position)
  }
}
