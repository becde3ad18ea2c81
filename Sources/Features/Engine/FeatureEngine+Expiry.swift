internal import Rules
internal import Windowing

extension FeatureEngine {
  /// Looks at up to `budget` keys, going on where the last call stopped, and forgets what no
  /// vector asked for at `time` or later can want.
  ///
  /// - Returns: how many keys went.
  package mutating func expire(before time: Int64, budget: Int) -> Int {
    var removed = 0
    var left = budget
    var passes = 0
    while left > 0, passes <= entities.count {
      guard sweep.entity < entities.count else {
        sweep = SweepPlace()
        passes += 1
        continue
      }
      guard Int(sweep.slot) < entities[sweep.entity].directory.slotCount else {
        sweep = SweepPlace(entity: sweep.entity + 1, slot: 0)
        passes += 1
        continue
      }
      if sweep.slot % 8 == 0 { touchUnwanted(sweep.slot, sweep.entity, before: time) }
      if expire(sweep.slot, sweep.entity, before: time) { removed += 1 }
      sweep.slot += 1
      left -= 1
    }
    return removed
  }

  /// Lets the memory of the next few keys come together.
  private mutating func touchUnwanted(_ slot: UInt32, _ entity: Int, before time: Int64) {
    let end = min(entities[entity].directory.slotCount, Int(slot) + 8)
    for slot in Int(slot)..<end {
      touch(UInt32(slot), entity) { $0.touchUnwanted($1, before: time) }
    }
  }

  /// Whether the key went.
  private mutating func expire(_ key: UInt32, _ entity: Int, before time: Int64) -> Bool {
    guard entities[entity].directory.isUsed(key) else { return false }
    var isEmpty = true
    for index in entities[entity].views.indices {
      let view = entities[entity].views[index]
      let places = views[view]
      if places.table >= 0, !tables[places.table].expire(key, before: time) { isEmpty = false }
      if places.attributes >= 0, !forgets(key, view, before: time) { isEmpty = false }
    }
    guard isEmpty else { return false }
    for index in entities[entity].views.indices {
      let view = entities[entity].views[index]
      if views[view].table >= 0 { tables[views[view].table].clear(key) }
      if views[view].attributes >= 0 { attributes[views[view].attributes].clear(key) }
    }
    entities[entity].directory.remove(key)
    return true
  }

  /// Whether the attributes of a key are of no more use: never known, or all too old to be given.
  private func forgets(_ key: UInt32, _ view: Int, before time: Int64) -> Bool {
    let newest = attributes[views[view].attributes].time(key)
    if newest == .min { return true }
    let definition = definitions.views[view]
    return (definition.firstSlot..<definition.firstSlot + definition.slotCount).allSatisfy {
      let slot = definitions.slots[$0]
      guard let ttl = slot.ttl, slot.onStale == .default else { return false }
      return time - newest > ttl
    }
  }
}
