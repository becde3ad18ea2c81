internal import Rules
internal import Windowing

extension FeatureEngine {
  /// The features of a service for one request, as of an instant.
  ///
  /// What was taken in before this call counts; the request itself does not.
  ///
  /// - Parameters:
  ///   - request: a record of ``FeatureDefinitions/request``.
  ///   - time: nanoseconds since 1970, of the years 1900 to 2199.
  package mutating func vector(
    _ service: Int, _ request: borrowing EventRecord, at time: Int64,
    into vector: inout FeatureVector
  ) {
    let plan = definitions.services[service]
    let time = min(max(time, InstantText.range.lowerBound), InstantText.range.upperBound)
    readRequest(request, plan)
    findKeys(service, request)
    for index in plan.views.indices { readView(plan.views[index], plan, at: time) }
    for index in definitions.transforms.indices
    where plan.wanted[definitions.transforms[index].firstSlot] {
      compute(definitions.transforms[index])
    }
    if vector.values.count != plan.slots.count {
      vector.values = [Double](repeating: 0, count: plan.slots.count)
      vector.statuses = [FeatureStatus](repeating: .missing, count: plan.slots.count)
      vector.ages = [Int64](repeating: -1, count: plan.slots.count)
    }
    for index in plan.slots.indices {
      let slot = plan.slots[index]
      let status = slots.statuses[slot]
      vector.statuses[index] = status
      vector.values[index] =
        status == .missing ? .nan : slots.number(slot, rules[slot].type)
      let newest = slots.times[slot]
      vector.ages[index] = newest == SlotValues.noTime ? -1 : max(0, time - newest)
    }
  }

  private mutating func readRequest(
    _ request: borrowing EventRecord, _ plan: ServiceDefinition
  ) {
    slots.text.removeAll(keepingCapacity: true)
    for field in request.types.indices where plan.wanted[field] {
      slots.times[field] = SlotValues.noTime
      guard request.has(field) else {
        slots.statuses[field] = .missing
        continue
      }
      slots.statuses[field] = .fresh
      slots.bits[field] = request.bits[field]
      if request.isText(field) {
        keep(request.text[request.places[field].range], field)
      }
    }
  }

  private mutating func keep(_ text: ArraySlice<UInt8>, _ slot: Int) {
    slots.places[slot] = TextPlace(offset: Int32(slots.text.count), count: Int32(text.count))
    slots.text.append(contentsOf: text)
  }

  /// Finds the keys of a request, each step for all of them before the next, so that they wait for
  /// memory together.
  private mutating func findKeys(_ service: Int, _ request: borrowing EventRecord) {
    for index in serviceEntities[service].indices {
      let entity = serviceEntities[service][index]
      let hash = keyHash(request, definitions.requestKeys[entity])
      entities[entity].hasKey = hash != nil
      guard let hash else { continue }
      entities[entity].hash = hash
      ahead.touched ^= entities[entity].directory.entry(hash)
    }
    for index in serviceEntities[service].indices {
      let entity = serviceEntities[service][index]
      entities[entity].slot =
        entities[entity].hasKey ? entities[entity].directory.find(entities[entity].hash) : nil
      guard let slot = entities[entity].slot else { continue }
      touch(slot, entity) { $0.touchReferences($1) }
    }
    for index in serviceEntities[service].indices {
      let entity = serviceEntities[service][index]
      guard let slot = entities[entity].slot else { continue }
      touch(slot, entity) { $0.touchTiles($1) }
    }
  }

  private mutating func readView(_ index: Int, _ plan: ServiceDefinition, at time: Int64) {
    let key = entities[views[index].entity].slot
    if let kind = windows[index] {
      readWindows(index, kind, key, at: time)
    } else {
      readAttributes(index, key, at: time)
    }
    for place in views[index].derived where plan.wanted[derived[place].slot] {
      evaluate(derived[place].expression, into: derived[place].slot)
    }
  }

  private mutating func readWindows(
    _ index: Int, _ kind: WindowedView, _ key: UInt32?, at time: Int64
  ) {
    let table = views[index].table
    tables[table].read(key, at: time, into: &answers[table])
    for output in kind.outputWindows.indices {
      let slot = views[index].firstSlot + output
      let newest = answers[table].newest[kind.outputWindows[output]] ?? SlotValues.noTime
      let value = answers[table].values[output]
      let bits: UInt64? =
        !answers[table].isPresent[output]
        ? nil
        : rules[slot].isInteger
          ? UInt64(bitPattern: Int64(value)) : value.bitPattern
      slots.put(slot, bits, time: newest, at: time, rules[slot])
    }
  }

  private mutating func readAttributes(_ index: Int, _ key: UInt32?, at time: Int64) {
    let table = views[index].attributes
    for attribute in 0..<views[index].slotCount {
      let slot = views[index].firstSlot + attribute
      guard let key, let known = attributes[table].value(key, attribute) else {
        slots.put(slot, nil, time: SlotValues.noTime, at: time, rules[slot])
        continue
      }
      slots.put(slot, known, time: attributes[table].time(key), at: time, rules[slot])
      if rules[slot].isText, slots.has(slot) { keep(attributes[table].text(known), slot) }
    }
  }
}

// What is computed from slots.
extension FeatureEngine {
  private mutating func evaluate(_ expression: Int, into slot: Int) {
    let definition = definitions.expressions[expression]
    for field in definition.inputs.indices {
      let slot = definition.inputs[field]
      Self.copy(slots, slot, rules[slot].type, to: &rows[expression], field)
    }
    let bits: UInt64? =
      switch definition.compiled.evaluate(rows[expression]) {
      case .double(let value): value.isNaN ? nil : value.bitPattern
      case .int(let value): UInt64(bitPattern: value)
      case .bool(let value): value ? 1 : 0
      case .string, .duration, .timestamp, .null, .failure: nil
      }
    rows[expression].clear()
    slots.putComputed(slot, bits, from: definition.inputs, rules[slot])
  }

  private static func copy(
    _ slots: borrowing SlotValues, _ slot: Int, _ type: RuleType, to row: inout RuleRow,
    _ field: Int
  ) {
    guard slots.has(slot) else { return }
    let bits = slots.bits[slot]
    switch type {
    case .bool: row.set(field, bool: bits != 0)
    case .int: row.set(field, int: Int64(bitPattern: bits))
    case .double: row.set(field, double: Double(bitPattern: bits))
    case .timestamp: row.set(field, timestamp: Int64(bitPattern: bits))
    case .string:
      try? row.set(field, string: slots.text.span.extracting(slots.places[slot].range))
    case .duration, .null: break
    }
  }

  private mutating func compute(_ transform: Transform) {
    let slot = transform.firstSlot
    let input = transform.inputs.first ?? 0
    if case .expression(let expression) = transform.kind {
      return evaluate(expression, into: slot)
    }
    for input in transform.inputs where !slots.has(input) {
      return computeWithout(transform)
    }
    let bits: UInt64?
    switch transform.kind {
    case .scale(let offset, let divisor):
      let scaled = (slots.number(input, rules[input].type) - offset) / divisor
      bits = scaled.isNaN ? nil : scaled.bitPattern
    case .bucketize(let boundaries):
      let value = slots.number(input, rules[input].type)
      var bucket = 0
      while bucket < boundaries.count, boundaries[bucket] <= value { bucket += 1 }
      bits = UInt64(bucket)
    case .hash(let buckets):
      bits = hashed(transform.inputs) % buckets
    case .lookup(let table):
      bits = withText(of: input) { table[$0] }?.bitPattern
    case .oneHot(let values):
      return computeOneHot(transform, values)
    case .expression: return
    }
    slots.putComputed(slot, bits, from: transform.inputs, rules[slot])
  }

  /// A transform whose input is missing.
  private mutating func computeWithout(_ transform: Transform) {
    for slot in transform.firstSlot..<transform.firstSlot + transform.outputs {
      slots.putComputed(slot, nil, from: transform.inputs, rules[slot])
      if case .oneHot = transform.kind {
        slots.bits[slot] = 0
        slots.statuses[slot] = .default
      }
    }
  }

  private mutating func computeOneHot(_ transform: Transform, _ values: [[UInt8]]) {
    let place = withText(of: transform.inputs[0]) { values.firstIndex(of: $0) } ?? values.count
    for output in 0..<transform.outputs {
      let slot = transform.firstSlot + output
      slots.putComputed(
        slot, output == place ? 1 : 0, from: transform.inputs, rules[slot])
    }
  }

  /// A value as tables and hashes know it: a text, digits, `true` or `false`.
  private mutating func withText<Result>(of slot: Int, _ body: ([UInt8]) -> Result) -> Result {
    // Taken out while it is filled, so that its memory is used again.
    var bytes = scratch
    scratch = []
    bytes.removeAll(keepingCapacity: true)
    forEachByte(slot) { bytes.append($0) }
    let result = body(bytes)
    scratch = bytes
    return result
  }

  private func hashed(_ inputs: [Int]) -> UInt64 {
    var hash = Transform.hashStart
    for index in inputs.indices {
      if index > 0 { hash = Transform.hash(0xFF, after: hash) }
      forEachByte(inputs[index]) { hash = Transform.hash($0, after: hash) }
    }
    return hash
  }

  @inline(__always)
  private func forEachByte(_ slot: Int, _ body: (UInt8) -> Void) {
    switch rules[slot].type {
    case .string: for index in slots.places[slot].range { body(slots.text[index]) }
    case .int: DecimalText.forEachDigit(Int64(bitPattern: slots.bits[slot]), body)
    case .bool: for byte in (slots.bits[slot] == 0 ? "false" : "true").utf8 { body(byte) }
    case .double, .timestamp, .duration, .null: break
    }
  }
}
