/// The keys of one entity: which slot belongs to which.
///
/// A key is known by its hash of 128 bits alone. Many small tables, chosen by the hash and each
/// growing by itself, so that no key waits for all others to be moved; in them open addressing with
/// linear probing. Removal moves later entries up, so nothing is left behind. Slots are handed out
/// from 0 and used again, the last removed first.
struct KeyDirectory: Sendable {
  /// An entry is one more than a slot, and above it the low 32 bits of the hash, which also say
  /// where in the table it belongs; 0 is empty. Each table is a power of two long and at most three
  /// quarters full, or empty.
  private var tables: [[UInt64]]
  /// By table: its entries.
  private var counts: [Int32]
  /// Of the hash: those above it choose the table.
  private let shift: UInt64
  /// By slot; zeros where the slot is free.
  var hashes = PagedArray<Hash128>()
  var freeSlots = PagedArray<UInt32>()

  /// The most keys.
  let keysMax: Int

  init(keysMax: Int) {
    self.keysMax = keysMax
    let bits = HashSet.tableBits(keysMax)
    shift = UInt64(64 - bits)
    tables = [[UInt64]](repeating: [], count: 1 << bits)
    counts = [Int32](repeating: 0, count: 1 << bits)
  }

  var count: Int { hashes.count - freeSlots.count }
  /// Slots ever made, free ones included.
  var slotCount: Int { hashes.count }
  var isFull: Bool { count >= keysMax }
  var byteCount: Int {
    tables.reduce(0) { $0 + $1.count * 8 + 32 } + hashes.capacity * 16 + freeSlots.capacity * 4
  }

  /// The slot that the next new key gets.
  var nextSlot: UInt32 { freeSlots.last ?? UInt32(hashes.count) }

  func isUsed(_ slot: UInt32) -> Bool {
    let hash = hashes[Int(slot)]
    return hash.low != 0 || hash.high != 0
  }

  /// The slot of a key; `nil` if it is not there.
  func find(_ hash: Hash128) -> UInt32? {
    let number = Int(hash.low >> shift)
    let mask = tables[number].count - 1
    guard mask > 0 else { return nil }
    var place = Int(truncatingIfNeeded: hash.low) & mask
    while true {
      let entry = tables[number][place]
      if entry == 0 { return nil }
      if entry >> 32 == hash.low & 0xFFFF_FFFF, hashes[Self.slot(entry)] == hash {
        return UInt32(Self.slot(entry))
      }
      place = (place + 1) & mask
    }
  }

  /// The first entry that ``find(_:)`` will look at, and so the memory it needs; 0 for none.
  func entry(_ hash: Hash128) -> UInt64 {
    let number = Int(hash.low >> shift)
    let mask = tables[number].count - 1
    return mask > 0 ? tables[number][Int(truncatingIfNeeded: hash.low) & mask] : 0
  }

  /// A slot for a key that is not there; the caller has checked ``isFull``.
  mutating func insert(_ hash: Hash128) -> UInt32 {
    let slot: UInt32
    if let free = freeSlots.popLast() {
      slot = free
      hashes[Int(slot)] = hash
    } else {
      slot = UInt32(hashes.count)
      hashes.append(hash)
    }
    link(hash, slot)
    return slot
  }

  /// Enters a key that is not there.
  mutating func link(_ hash: Hash128, _ slot: UInt32) {
    let number = Int(hash.low >> shift)
    if (Int(counts[number]) + 1) * 4 > tables[number].count * 3 { grow(number) }
    Self.put(hash.low << 32 | UInt64(slot + 1), &tables[number])
    counts[number] += 1
  }

  mutating func remove(_ slot: UInt32) {
    let hash = hashes[Int(slot)]
    let number = Int(hash.low >> shift)
    let mask = tables[number].count - 1
    var hole = Int(truncatingIfNeeded: hash.low) & mask
    while tables[number][hole] & 0xFFFF_FFFF != UInt64(slot + 1) { hole = (hole + 1) & mask }
    var next = hole
    while true {
      next = (next + 1) & mask
      let entry = tables[number][next]
      guard entry != 0 else { break }
      let home = Int(entry >> 32) & mask
      // An entry may move up if its home is not between the hole and itself.
      if (next - home) & mask >= (next - hole) & mask {
        tables[number][hole] = entry
        hole = next
      }
    }
    tables[number][hole] = 0
    counts[number] -= 1
    hashes[Int(slot)] = Hash128(low: 0, high: 0)
    freeSlots.append(slot)
  }

  @inline(__always)
  private static func slot(_ entry: UInt64) -> Int { Int(entry & 0xFFFF_FFFF) - 1 }

  private static func put(_ entry: UInt64, _ table: inout [UInt64]) {
    let mask = table.count - 1
    var place = Int(entry >> 32) & mask
    while table[place] != 0 { place = (place + 1) & mask }
    table[place] = entry
  }

  private mutating func grow(_ number: Int) {
    let old = tables[number]
    var table = [UInt64](repeating: 0, count: max(8, old.count * 2))
    for entry in old where entry != 0 { Self.put(entry, &table) }
    tables[number] = table
  }

  /// Makes tables as long as so many keys will need; there are none yet.
  mutating func reserve(_ keys: Int) {
    let each = keys / tables.count * 5 / 3
    guard each > 8 else { return }
    let length = 1 << (Int.bitWidth - (each - 1).leadingZeroBitCount)
    for number in tables.indices { tables[number] = [UInt64](repeating: 0, count: length) }
  }
}
