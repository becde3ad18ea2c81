internal import Windowing

extension FeatureEngine {
  /// Appends all that is known of a key, its hash first.
  borrowing func writeKey(_ slot: UInt32, _ entity: Int, to bytes: inout [UInt8]) {
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
      guard entity.free.count <= entity.slots, entity.free.allSatisfy({ $0 < entity.slots }) else {
        throw StoredMismatch(what: "the snapshot has more free slots than slots")
      }
      entities[index].directory.reserve(slots: entity.slots, free: entity.free)
      for view in entities[index].views {
        let places = views[view]
        for slot in 0..<entity.slots {
          if places.table >= 0 { _ = tables[places.table].makeKey() }
          if places.attributes >= 0 { attributes[places.attributes].makeKey(UInt32(slot)) }
        }
      }
    }
    for (index, failures) in head.filterFailures.enumerated() {
      views[index].filterFailures = failures
    }
    sweep = head.sweep
  }

  /// Takes over the ids of a block.
  mutating func restoreIDs(_ block: [UInt8]) throws(StoredMismatch) {
    var reader = StoredBytes(block[...])
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
  mutating func restoreKeys(_ block: [UInt8]) throws(StoredMismatch) -> Int {
    var count = 0
    var position = 0
    do {
      while position < block.count {
        var reader = StoredBytes(block[position...])
        let entity = Int(try reader.read(UInt16.self))
        let slot = try reader.read(UInt32.self)
        let low = try reader.read(UInt64.self)
        let hash = Hash128(low: low, high: try reader.read(UInt64.self))
        guard entities.indices.contains(entity),
          Int(slot) < entities[entity].directory.slotCount,
          !entities[entity].directory.isUsed(slot)
        else { throw StoredMismatch(what: "a key of the snapshot has no slot") }
        entities[entity].directory.restore(hash, slot: slot)
        position = reader.position
        for index in entities[entity].views.indices {
          let view = entities[entity].views[index]
          try restore(slot, view, block, &position)
        }
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

  private mutating func restore(
    _ slot: UInt32, _ view: Int, _ block: [UInt8], _ position: inout Int
  ) throws {
    let places = views[view]
    if places.table >= 0 {
      var reader = SnapshotReader(block, from: position)
      try tables[places.table].read(slot, from: &reader)
      position = reader.position
    }
    guard places.attributes >= 0 else { return }
    var reader = StoredBytes(block[position...])
    let first = definitions.views[view].firstSlot
    let rules = rules
    let isRoom = try attributes[places.attributes].read(
      slot, isText: { rules[first + $0].isText }, hash, from: &reader)
    guard isRoom else {
      throw StoredMismatch(what: "the texts of attributes are more than are kept")
    }
    position = reader.position
  }

  /// Gives the free slots back, in the order in which they became so.
  mutating func finishRestoring() {
    for entity in entities.indices {
      for slot in entities[entity].directory.freeSlots {
        for view in entities[entity].views {
          let places = views[view]
          if places.table >= 0 { tables[places.table].remove(slot) }
          if places.attributes >= 0 { attributes[places.attributes].clear(slot) }
        }
      }
    }
  }
}
