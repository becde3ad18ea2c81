extension KeyDirectory {
  /// Makes the slots of another directory, all unused, and its list of those that are free.
  mutating func reserve(slots: Int, free: PagedArray<UInt32>) {
    for _ in 0..<slots { hashes.append(Hash128(low: 0, high: 0)) }
    freeSlots = free
    reserve(count)
  }

  /// Gives an unused slot to a key.
  mutating func restore(_ hash: Hash128, slot: UInt32) {
    hashes[Int(slot)] = hash
    link(hash, slot)
  }
}

extension AttributeTable {
  /// Appends what is known of a key: the time, which attributes, their values, texts in full.
  func write(_ key: UInt32, isText: (Int) -> Bool, to bytes: inout [UInt8]) {
    bytes.store(times[Int(key)])
    bytes.store(present[Int(key)])
    for attribute in 0..<width {
      guard let value = value(key, attribute) else { continue }
      if isText(attribute) {
        let text = text(value)
        bytes.store(UInt32(text.count))
        bytes.append(contentsOf: text)
      } else {
        bytes.store(value)
      }
    }
  }

  /// Reads what ``write(_:isText:to:)`` wrote; false if there is no room for its texts.
  mutating func read(
    _ key: UInt32, isText: (Int) -> Bool, _ hash: SipHash, from reader: inout StoredBytes
  ) throws(StoredBytes.Short) -> Bool {
    times[Int(key)] = try reader.read(Int64.self)
    present[Int(key)] = try reader.read(UInt64.self)
    for attribute in 0..<width where present[Int(key)] >> UInt64(attribute) & 1 == 1 {
      if isText(attribute) {
        let count = Int(try reader.read(UInt32.self))
        guard let index = intern(try reader.read(count: count), hash) else { return false }
        bits[Int(key) * width + attribute] = UInt64(index)
      } else {
        bits[Int(key) * width + attribute] = try reader.read(UInt64.self)
      }
    }
    return true
  }
}

extension Deduplicator {
  /// Takes over what a snapshot knows, without the ids.
  mutating func restore(floor: Int64, forgotten: Int, generations numbers: [Int64]) {
    self.floor = floor
    self.forgotten = forgotten
    generations = numbers.map { Generation(number: $0, ids: HashSet(most: idsMax)) }
  }
}
