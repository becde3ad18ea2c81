import Testing

@testable import Features

@Suite struct PagedStateTests {
  @Test func `a list in pages is a list`() {
    var random = SeededGenerator(seed: 5)
    var list = PagedArray<Int>()
    var known: [Int] = []
    for step in 0..<30_000 {
      switch Int.random(in: 0..<6, using: &random) {
      case 0: #expect(list.popLast() == known.popLast())
      case 1 where !known.isEmpty:
        let place = Int.random(in: 0..<known.count, using: &random)
        list[place] = step
        known[place] = step
      default:
        list.append(step)
        known.append(step)
      }
      #expect(list.count == known.count && list.last == known.last)
    }
    #expect((0..<list.count).map { list[$0] } == known)
  }

  @Test func `a copy of a set stays what it was`() {
    var random = SeededGenerator(seed: 6)
    var set = HashSet(most: 100_000)
    var known: Set<Hash128> = []
    var copies: [(HashSet, Int)] = []
    for step in 0..<60_000 {
      // Now and then one again.
      let hash = Hash128(
        low: random.next() << UInt64.random(in: 0...63, using: &random), high: random.next() & 3)
      let isNew = !known.contains(hash)
      #expect(set.contains(hash) != isNew)
      set.insert(hash)
      known.insert(hash)
      #expect(set.contains(hash))
      if step % 20_000 == 0 { copies.append((set, set.count)) }
    }
    for (copy, count) in copies { #expect(copy.count == count) }
    for hash in known { #expect(set.contains(hash)) }
    while set.dismantle() {}
  }

  @Test func `a directory that grew finds all keys, also after others went`() {
    var random = SeededGenerator(seed: 7)
    var directory = KeyDirectory(keysMax: 1 << 20)
    var hashes: [Hash128] = []
    for _ in 0..<50_000 {
      let hash = Hash128(low: random.next(), high: random.next())
      let slot = directory.insert(hash)
      #expect(Int(slot) == hashes.count)
      hashes.append(hash)
    }
    for slot in stride(from: 0, to: hashes.count, by: 3) { directory.remove(UInt32(slot)) }
    for (slot, hash) in hashes.enumerated() {
      #expect(directory.find(hash) == (slot % 3 == 0 ? nil : UInt32(slot)))
    }
    var copy = KeyDirectory(keysMax: 1 << 20)
    copy.reserve(slots: directory.slotCount, free: directory.freeSlots)
    for (slot, hash) in hashes.enumerated() where slot % 3 != 0 {
      copy.restore(hash, slot: UInt32(slot))
    }
    for _ in 0..<20_000 {
      let hash = Hash128(low: random.next(), high: random.next())
      #expect(copy.insert(hash) == directory.insert(hash))
    }
    for (slot, hash) in hashes.enumerated() where slot % 3 != 0 {
      #expect(copy.find(hash) == UInt32(slot))
    }
  }

  @Test func `ids are known for their time, whatever generations went meanwhile`() {
    let second: Int64 = 1_000_000_000
    var ids = Deduplicator(horizon: second, idsMax: 1 << 20)
    for number in 0..<3_000 {
      let time = Int64(number) * second / 10
      let id = Hash128(low: UInt64(number) &* 0x9E37_79B9_7F4A_7C15, high: 1)
      #expect(ids.insert(id, time: time, oldest: time - second) == .new)
      #expect(ids.insert(id, time: time, oldest: time - second) == .duplicate)
      #expect(ids.count <= 30)
    }
    #expect(ids.byteCount < 4 << 20)
  }

  @Test func `texts hash the same in words as byte by byte`() {
    var random = SeededGenerator(seed: 8)
    for _ in 0..<2_000 {
      let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
        UInt8(truncatingIfNeeded: random.next())
      }
      let cut = Int.random(in: 0...bytes.count, using: &random)
      var words = SipHash(1, 2)
      words.combine(bytes.span.extracting(0..<cut))
      words.combine(bytes.span.extracting(cut..<bytes.count))
      var single = SipHash(1, 2)
      for byte in bytes { single.combine(byte) }
      #expect(words.finish() == single.finish())
    }
  }
}
