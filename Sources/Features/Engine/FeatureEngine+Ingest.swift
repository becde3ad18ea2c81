internal import Rules
internal import Windowing

extension FeatureEngine {
  /// Takes one event of a source, once.
  ///
  /// - Parameter now: what the caller takes for the present, nanoseconds since 1970; it decides
  ///   with the newest event what is of the future.
  package mutating func ingest(
    _ event: borrowing EventRecord, source: Int, now: Int64
  ) -> IngestOutcome {
    ahead.clear()
    look(event, source)
    touchEntries(count: 1, source)
    return ingest(event, source: source, now: now, at: 0)
  }

  /// Takes one of the events that ``lookAhead(_:source:)`` was told of.
  mutating func ingest(
    _ event: borrowing EventRecord, source: Int, now: Int64, at place: Int
  ) -> IngestOutcome {
    let outcome = admit(event, source, now, place)
    if outcome == .accepted { apply(event, source, order: ahead.orders[place]) }
    sources[source].counts.count(outcome)
    return outcome
  }

  /// Takes the attributes of a key as of the record's time; older ones than known change nothing.
  package mutating func update(
    _ record: borrowing EventRecord, view: Int
  ) -> IngestOutcome {
    guard case .attributes(let kind) = definitions.views[view].kind else { return .accepted }
    guard InstantText.range.contains(record.time) else { return .timeOutOfRange }
    let entity = definitions.views[view].entity
    findKey(record, kind.keyFields, entity)
    guard entities[entity].hasKey else { return .accepted }
    if entities[entity].slot == nil, entities[entity].directory.isFull {
      return .keysFull(entity: entity)
    }
    let key = openKey(entity)
    let place = views[view].attributes
    let isKept = attributes[place].put(record, fields: kind.fields, key: key, hash)
    return isKept ? .accepted : .textsFull
  }

  /// Decides about an event; remembers its id if it is accepted.
  private mutating func admit(
    _ event: borrowing EventRecord, _ source: Int, _ now: Int64, _ place: Int
  ) -> IngestOutcome {
    guard InstantText.range.contains(event.time) else { return .timeOutOfRange }
    switch sources[source].clock.judge(event.time, now: now) {
    case .late(let behind): return .late(behind: behind)
    case .future(let ahead): return .future(ahead: ahead)
    case .onTime: break
    }
    if event.time < sources[source].ids.floor {
      return .late(behind: (sources[source].clock.newest ?? event.time) - event.time)
    }
    for index in sources[source].limits.indices {
      let limit = sources[source].limits[index]
      guard event.has(limit.field) else { continue }
      let magnitude = abs(event.number(limit.field))
      // Also false for what is no number.
      guard magnitude <= limit.most else { return .outOfRange(field: limit.field) }
    }
    for index in sources[source].keys.indices {
      let entity = sources[source].keys[index].entity
      find(ahead.keys[place * sources[source].keys.count + index], entity)
      if entities[entity].hasKey, entities[entity].slot == nil,
        entities[entity].directory.isFull
      {
        return .keysFull(entity: entity)
      }
    }
    let oldest = max(
      sources[source].clock.oldestAccepted, event.time - sources[source].clock.lateness)
    switch sources[source].ids.insert(ahead.ids[place], time: event.time, oldest: oldest) {
    case .new: return .accepted
    case .duplicate: return .duplicate
    case .full: return .idsFull
    }
  }

  private mutating func apply(_ event: borrowing EventRecord, _ source: Int, order: UInt64) {
    sources[source].clock.advance(to: event.time)
    for index in sources[source].views.indices {
      let view = sources[source].views[index]
      let entity = views[view].entity
      guard entities[entity].hasKey, let kind = windows[view] else { continue }
      if let filter = kind.filter, !passes(event, filter, view, kind.filters.count) { continue }
      let key = openKey(entity)
      if !ahead.hasTiles { tables[views[view].table].touchTiles(key) }
      fill(event, kind, view, order: order)
      // Taken out while it is read, so that it is not copied.
      let row = exchange(&eventRows[view], with: EventRow(values: 0))
      tables[views[view].table].add(row, to: key)
      eventRows[view] = row
    }
  }

  /// Settles which of two events at one instant is the later one; the same in every process.
  static let tieBreaker = SipHash(0, 0)

  /// The row of aggregates that an event is to a view.
  private mutating func fill(
    _ event: borrowing EventRecord, _ kind: WindowedView, _ view: Int, order: UInt64
  ) {
    eventRows[view].time = event.time
    eventRows[view].order = order
    var present: UInt64 = 0
    for index in kind.valueFields.indices where event.has(kind.valueFields[index]) {
      eventRows[view].values[index] = event.number(kind.valueFields[index])
      present |= 1 << UInt64(index)
    }
    eventRows[view].presentValues = present
    present = 0
    for index in kind.hashFields.indices where event.has(kind.hashFields[index]) {
      eventRows[view].hashes[index] = Self.distinctHash(event, kind.hashFields[index])
      present |= 1 << UInt64(index)
    }
    eventRows[view].presentHashes = present
    var filters: UInt64 = 0
    for index in kind.filters.indices where passes(event, kind.filters[index], view, index) {
      filters |= 1 << UInt64(index)
    }
    eventRows[view].filters = filters
  }

  private static func distinctHash(_ event: borrowing EventRecord, _ field: Int) -> UInt64 {
    if event.isText(field) {
      return tieBreaker.hash(event.text.span.extracting(event.places[field].range)).high
    }
    var hash = tieBreaker
    // Zero has two signs and one meaning.
    let isZero = event.types[field] == .double && event.number(field) == 0
    let bits = isZero ? 0 : event.bits[field]
    for byte in 0..<8 { hash.combine(UInt8(truncatingIfNeeded: bits >> UInt64(byte * 8))) }
    return hash.finish().high
  }

  /// Whether an event passes a filter of a view; without an answer it does not.
  private mutating func passes(
    _ event: borrowing EventRecord, _ filter: SlotExpression, _ view: Int, _ index: Int
  ) -> Bool {
    let row = views[view].filters + index
    filterRows[row].clear()
    for field in filter.inputs.indices where event.has(filter.inputs[field]) {
      Self.copy(event, filter.inputs[field], to: &filterRows[row], field)
    }
    if case .bool(let passes) = filter.compiled.evaluate(filterRows[row]) { return passes }
    views[view].filterFailures += 1
    return false
  }

  private static func copy(
    _ event: borrowing EventRecord, _ input: Int, to row: inout RuleRow, _ field: Int
  ) {
    let bits = event.bits[input]
    switch event.types[input] {
    case .bool: row.set(field, bool: bits != 0)
    case .int: row.set(field, int: Int64(bitPattern: bits))
    case .double: row.set(field, double: Double(bitPattern: bits))
    case .timestamp: row.set(field, timestamp: Int64(bitPattern: bits))
    case .string:
      // Longer texts than a row takes leave the field missing.
      try? row.set(field, string: event.text.span.extracting(event.places[input].range))
    case .duration, .null: break
    }
  }
}

// Keys.
extension FeatureEngine {
  /// Finds the key of an entity in a record: `hasKey` is false if a field of it is missing.
  mutating func findKey(_ record: borrowing EventRecord, _ fields: [Int], _ entity: Int) {
    find(keyHash(record, fields), entity)
  }

  /// Finds a key by its hash; `nil` is of a record without one.
  mutating func find(_ hash: Hash128?, _ entity: Int) {
    entities[entity].slot = nil
    guard let hash else {
      entities[entity].hasKey = false
      return
    }
    entities[entity].hasKey = true
    entities[entity].hash = hash
    entities[entity].slot = entities[entity].directory.find(hash)
  }

  /// The hash of a key; `nil` if a field of it is missing.
  func keyHash(_ record: borrowing EventRecord, _ fields: [Int]) -> Hash128? {
    var hash = hash
    hash.reset()
    for index in fields.indices {
      let field = fields[index]
      guard record.has(field) else { return nil }
      // No byte of UTF-8 is 0xFF: keys of several fields cannot be mistaken.
      if index > 0 { hash.combine(0xFF) }
      if record.isText(field) {
        hash.combine(record.text.span.extracting(record.places[field].range))
      } else {
        DecimalText.forEachDigit(Int64(bitPattern: record.bits[field])) { hash.combine($0) }
      }
    }
    return hash.finish()
  }

  /// The slot of the key that was found last, made if it is new.
  mutating func openKey(_ entity: Int) -> UInt32 {
    if let slot = entities[entity].slot { return slot }
    let slot = entities[entity].directory.insert(entities[entity].hash)
    entities[entity].slot = slot
    for index in entities[entity].views.indices {
      let view = entities[entity].views[index]
      if views[view].table >= 0 { tables[views[view].table].makeKey(slot) }
      if views[view].attributes >= 0 { attributes[views[view].attributes].makeKey(slot) }
    }
    return slot
  }
}
