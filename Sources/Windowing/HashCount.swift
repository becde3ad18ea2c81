/// Counts different hashes, a few at a time; its memory is used again.
struct HashCount: Sendable {
  /// Open addressing; 0 is empty.
  private var entries: [UInt64] = []
  private var mask = 0
  private var hasZero = false
  private(set) var count = 0

  /// Forgets all, and makes room for `most` hashes.
  mutating func begin(most: Int) {
    let length = max(8, 1 << (Int.bitWidth - (2 * most - 1).leadingZeroBitCount))
    if entries.count < length {
      entries = [UInt64](repeating: 0, count: length)
    } else {
      for place in 0..<length { entries[place] = 0 }
    }
    mask = length - 1
    hasZero = false
    count = 0
  }

  @inline(__always)
  mutating func add(_ hash: UInt64) {
    if hash == 0 {
      count += hasZero ? 0 : 1
      hasZero = true
      return
    }
    var place = Int(truncatingIfNeeded: hash) & mask
    while entries[place] != 0 {
      if entries[place] == hash { return }
      place = (place + 1) & mask
    }
    entries[place] = hash
    count += 1
  }
}
