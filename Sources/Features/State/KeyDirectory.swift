/// The keys of one entity: which slot belongs to which.
///
/// A key is known by its hash of 128 bits alone. Open addressing with linear probing; removal moves
/// later entries up, so nothing is left behind. Slots are handed out from 0 and used again, the
/// last removed first: the order that the tables of the entity's views follow too.
struct KeyDirectory: Sendable {
  /// One more than a slot; 0 is empty. A power of two long, at most half full.
  var table: [UInt32] = [UInt32](repeating: 0, count: 16)
  /// By slot; zeros where the slot is free.
  var hashes: [Hash128] = []
  var freeSlots: [UInt32] = []

  /// The most keys.
  let keysMax: Int

  init(keysMax: Int) { self.keysMax = keysMax }

  var count: Int { hashes.count - freeSlots.count }
  /// Slots ever made, free ones included.
  var slotCount: Int { hashes.count }
  var isFull: Bool { count >= keysMax }
  var byteCount: Int { table.capacity * 4 + hashes.capacity * 16 + freeSlots.capacity * 4 }

  func isUsed(_ slot: UInt32) -> Bool {
    let hash = hashes[Int(slot)]
    return hash.low != 0 || hash.high != 0
  }

  /// The slot of a key; `nil` if it is not there.
  func find(_ hash: Hash128) -> UInt32? {
    let entry = table[place(of: hash)]
    return entry == 0 ? nil : entry - 1
  }

  /// A slot for a key that is not there; the caller has checked ``isFull``.
  mutating func insert(_ hash: Hash128) -> UInt32 {
    if (count + 1) * 2 > table.count { grow() }
    let slot: UInt32
    if let free = freeSlots.popLast() {
      slot = free
      hashes[Int(slot)] = hash
    } else {
      slot = UInt32(hashes.count)
      hashes.append(hash)
    }
    table[place(of: hash)] = slot + 1
    return slot
  }

  mutating func remove(_ slot: UInt32) {
    var hole = place(of: hashes[Int(slot)])
    var next = hole
    let mask = table.count - 1
    while true {
      next = (next + 1) & mask
      guard table[next] != 0 else { break }
      let home = Int(truncatingIfNeeded: hashes[Int(table[next] - 1)].low) & mask
      // An entry may move up if its home is not between the hole and itself.
      if (next - home) & mask >= (next - hole) & mask {
        table[hole] = table[next]
        hole = next
      }
    }
    table[hole] = 0
    hashes[Int(slot)] = Hash128(low: 0, high: 0)
    freeSlots.append(slot)
  }

  func place(of hash: Hash128) -> Int {
    let mask = table.count - 1
    var place = Int(truncatingIfNeeded: hash.low) & mask
    while table[place] != 0, hashes[Int(table[place] - 1)] != hash { place = (place + 1) & mask }
    return place
  }

  mutating func grow() {
    let old = table
    table = [UInt32](repeating: 0, count: old.count * 2)
    for entry in old where entry != 0 { table[place(of: hashes[Int(entry - 1)])] = entry }
  }
}
