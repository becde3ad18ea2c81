internal import Windowing

/// What is worked out of a few events before the first of them is taken in.
struct EventsAhead: Sendable {
  /// By event.
  var ids: [Hash128] = []
  /// By event: settles which of two events at one instant is the later one; 0 if nobody asks.
  var orders: [UInt64] = []
  /// By event and key of its source; `nil` where the event has none.
  var keys: [Hash128?] = []
  /// Whether the tiles of the keys were looked at, too.
  var hasTiles = false
  /// Of no meaning: keeps early loads from being left out.
  var touched: UInt64 = 0

  mutating func clear() {
    hasTiles = false
    ids.removeAll(keepingCapacity: true)
    orders.removeAll(keepingCapacity: true)
    keys.removeAll(keepingCapacity: true)
  }
}

extension FeatureEngine {
  /// Looks at events of a source that are about to be taken in, one after the other, with
  /// ``ingest(_:source:now:at:)``.
  ///
  /// Nothing changes; what they will need comes closer. An event waits for memory half a dozen
  /// times, each time for what the time before has brought; here all events wait together.
  mutating func lookAhead(_ events: Span<EventRecord>, source: Int) {
    ahead.clear()
    for index in events.indices { look(events[index], source) }
    touchEntries(count: events.count, source)
    guard events.count > 1 else { return }
    ahead.hasTiles = true
    let width = sources[source].keys.count
    for key in 0..<width {
      let entity = sources[source].keys[key].entity
      for index in events.indices {
        guard let slot = likelySlot(index * width + key, entity) else { continue }
        touch(slot, entity) { $0.touchReferences($1) }
      }
      for index in events.indices {
        guard let slot = likelySlot(index * width + key, entity) else { continue }
        touch(slot, entity) { $0.touchTiles($1) }
      }
    }
  }

  /// Loads where the ids and keys of the next events are entered.
  mutating func touchEntries(count: Int, _ source: Int) {
    let width = sources[source].keys.count
    for index in 0..<count {
      ahead.touched ^= sources[source].ids.entry(ahead.ids[index])
      for key in 0..<width {
        guard let hash = ahead.keys[index * width + key] else { continue }
        ahead.touched ^= entities[sources[source].keys[key].entity].directory.entry(hash)
      }
    }
  }

  /// Works out the hashes of one event.
  mutating func look(_ event: borrowing EventRecord, _ source: Int) {
    let id = event.text.span.extracting(event.idPlace.range)
    ahead.ids.append(hash.hash(id))
    ahead.orders.append(sources[source].needsOrder ? Self.tieBreaker.hash(id).low : 0)
    for index in sources[source].keys.indices {
      ahead.keys.append(keyHash(event, sources[source].keys[index].fields))
    }
  }

  /// The slot that the first entry of a key's place in the directory names: nearly always its own.
  private func likelySlot(_ index: Int, _ entity: Int) -> UInt32? {
    guard let hash = ahead.keys[index] else { return nil }
    let entry = entities[entity].directory.entry(hash) & 0xFFFF_FFFF
    return entry == 0 ? nil : UInt32(entry) - 1
  }

  /// Loads what is known of the key of a slot.
  @inline(__always)
  mutating func touch(
    _ slot: UInt32, _ entity: Int, _ body: (inout WindowTable, UInt32) -> Void
  ) {
    ahead.touched ^= entities[entity].directory.hashes[Int(slot)].low
    for index in entities[entity].views.indices {
      let table = views[entities[entity].views[index]].table
      if table >= 0 { body(&tables[table], slot) }
    }
  }
}
