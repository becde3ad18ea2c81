/// A set of hashes, in many small tables as the keys of a ``KeyDirectory`` are: none but its own
/// table grows for a hash, and a copy shares the tables that did not change.
struct HashSet: Sendable {
  private(set) var tables: [[Hash128]]
  /// By table: its entries.
  private var counts: [Int32]
  private let shift: UInt64
  private(set) var count = 0

  /// - Parameter most: about how many hashes it will hold.
  init(most: Int) {
    let bits = Self.tableBits(most)
    shift = UInt64(64 - bits)
    tables = [[Hash128]](repeating: [], count: 1 << bits)
    counts = [Int32](repeating: 0, count: 1 << bits)
  }

  /// How many bits of a hash choose one of the tables, so that each holds about a thousand entries
  /// of `most`.
  static func tableBits(_ most: Int) -> Int {
    let tables = max(16, min(4_096, most / 1_024))
    return Int.bitWidth - 1 - tables.leadingZeroBitCount
  }

  var byteCount: Int { tables.reduce(0) { $0 + $1.count * 16 + 32 } }

  func contains(_ hash: Hash128) -> Bool {
    let hash = Self.stored(hash)
    let number = Int(hash.low >> shift)
    let mask = tables[number].count - 1
    guard mask > 0 else { return false }
    var place = Int(truncatingIfNeeded: hash.low) & mask
    while true {
      let entry = tables[number][place]
      if entry == hash { return true }
      if entry.low == 0, entry.high == 0 { return false }
      place = (place + 1) & mask
    }
  }

  /// The first entry that ``contains(_:)`` will look at, and so the memory it needs.
  func entry(_ hash: Hash128) -> UInt64 {
    let number = Int(hash.low >> shift)
    let mask = tables[number].count - 1
    return mask > 0 ? tables[number][Int(truncatingIfNeeded: hash.low) & mask].low : 0
  }

  mutating func insert(_ hash: Hash128) {
    let hash = Self.stored(hash)
    let number = Int(hash.low >> shift)
    if (Int(counts[number]) + 1) * 8 > tables[number].count * 5 { grow(number) }
    guard Self.put(hash, &tables[number]) else { return }
    counts[number] += 1
    count += 1
  }

  /// Gives back the memory of one table, of a set that is no longer used.
  ///
  /// - Returns: whether more is left.
  mutating func dismantle() -> Bool {
    _ = tables.popLast()
    return !tables.isEmpty
  }

  /// Zeros mean an empty place.
  private static func stored(_ hash: Hash128) -> Hash128 {
    hash.low == 0 && hash.high == 0 ? Hash128(low: 1, high: 0) : hash
  }

  /// Puts a hash into a table that has room; false if it was there.
  private static func put(_ hash: Hash128, _ table: inout [Hash128]) -> Bool {
    let mask = table.count - 1
    var place = Int(truncatingIfNeeded: hash.low) & mask
    while table[place].low != 0 || table[place].high != 0 {
      if table[place] == hash { return false }
      place = (place + 1) & mask
    }
    table[place] = hash
    return true
  }

  private mutating func grow(_ number: Int) {
    let old = tables[number]
    var table = [Hash128](
      repeating: Hash128(low: 0, high: 0), count: max(8, old.count * 2))
    for hash in old where hash.low != 0 || hash.high != 0 { _ = Self.put(hash, &table) }
    tables[number] = table
  }
}
