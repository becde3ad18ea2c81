import Rules
import Testing

@testable import Features

@Suite struct StateTests {
  @Test func `the directory of keys agrees with a dictionary`() {
    let seed: UInt64 = 31
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    var directory = KeyDirectory(keysMax: 1 << 20)
    var known: [Hash128: UInt32] = [:]
    var slots: Set<UInt32> = []
    for _ in 0..<6_000 {
      // Few low bits, so that probes run into one another.
      let hash = Hash128(
        low: random.next() & 0xFF, high: UInt64.random(in: 1...40, using: &random))
      if let slot = known[hash] {
        #expect(directory.find(hash) == slot)
        if Bool.random(using: &random) {
          directory.remove(slot)
          known[hash] = nil
          slots.remove(slot)
          #expect(directory.find(hash) == nil && !directory.isUsed(slot))
        }
      } else {
        #expect(directory.find(hash) == nil)
        let slot = directory.insert(hash)
        let isNew = slots.insert(slot).inserted
        #expect(isNew && directory.isUsed(slot))
        known[hash] = slot
      }
      #expect(directory.count == known.count)
    }
    for (hash, slot) in known { #expect(directory.find(hash) == slot) }
  }

  private let second: Int64 = 1_000_000_000

  private func id(_ number: Int) -> Hash128 { Hash128(low: UInt64(number) * 7, high: 9) }

  @Test func `an id is known for as long as its event is not late`() {
    var ids = Deduplicator(horizon: 60 * second, idsMax: 1_000)
    for number in 0..<600 {
      let time = Int64(number) * second
      let oldest = time - 60 * second
      #expect(ids.insert(id(number), time: time, oldest: oldest) == .new)
      for old in max(0, number - 60)...number {
        #expect(ids.insert(id(old), time: Int64(old) * second, oldest: oldest) == .duplicate)
      }
      #expect(ids.count <= 180)
    }
    #expect(ids.forgotten == 0 && ids.floor == .min)
  }

  @Test func `the bound on ids costs lateness, never a double count`() {
    var ids = Deduplicator(horizon: 60 * second, idsMax: 100)
    for number in 0..<70 {
      #expect(ids.insert(id(number), time: 10 * second, oldest: -50 * second) == .new)
    }
    for number in 70..<100 {
      #expect(ids.insert(id(number), time: 70 * second, oldest: 10 * second) == .new)
    }
    #expect(ids.insert(id(5), time: 10 * second, oldest: 10 * second) == .duplicate)
    #expect(ids.insert(id(100), time: 71 * second, oldest: 11 * second) == .new)
    #expect(ids.forgotten == 70 && ids.floor == 60 * second)
    for number in 101..<170 {
      #expect(ids.insert(id(number), time: 72 * second, oldest: 12 * second) == .new)
    }
    #expect(ids.insert(id(200), time: 72 * second, oldest: 12 * second) == .full)
    #expect(ids.insert(id(80), time: 72 * second, oldest: 12 * second) == .duplicate)
  }

  @Test func `an id that comes again ahead of its time makes no other forgotten`() {
    var ids = Deduplicator(horizon: 60 * second, idsMax: 4)
    #expect(ids.insert(id(1), time: 50 * second, oldest: -10 * second) == .new)
    #expect(ids.insert(id(2), time: 100 * second, oldest: 40 * second) == .new)
    #expect(ids.insert(id(2), time: 130 * second, oldest: 70 * second) == .duplicate)
    // The source is still at 100 s, so an event of 50 s is not late.
    #expect(ids.insert(id(1), time: 50 * second, oldest: 40 * second) == .duplicate)
    #expect(ids.insert(id(3), time: 101 * second, oldest: 41 * second) == .new)
    #expect(ids.insert(id(4), time: 102 * second, oldest: 42 * second) == .new)
    // Full but for the id of 50 s, which only an accepted event may make forgotten.
    #expect(ids.insert(id(4), time: 170 * second, oldest: 110 * second) == .duplicate)
    #expect(ids.insert(id(1), time: 50 * second, oldest: 42 * second) == .duplicate)
    #expect(ids.forgotten == 0)
  }

  @Test func `events too old, too new and in between`() {
    var clock = SourceClock(lateness: 60 * second, future: 5 * second)
    #expect(clock.judge(100 * second, now: 90 * second) == .future(ahead: 10 * second))
    #expect(clock.judge(95 * second, now: 90 * second) == .onTime)
    clock.advance(to: 95 * second)
    #expect(clock.judge(35 * second, now: 0) == .onTime)
    #expect(clock.judge(35 * second - 1, now: 0) == .late(behind: 60 * second + 1))
    // Ahead of the present, but not of the newest event.
    #expect(clock.judge(100 * second, now: 0) == .onTime)
    #expect(clock.judge(101 * second, now: 0) == .future(ahead: 6 * second))
    #expect(clock.judge(101 * second, now: .max) == .onTime)
    clock.advance(to: 50 * second)
    #expect(clock.newest == 95 * second)
  }

  @Test func `attributes keep the newest values of a key`() throws {
    let schema = RecordSchema(
      fields: [RecordField("n", .double, isNullable: true), RecordField("s", .string)],
      timeName: "t")
    var table = AttributeTable(width: 2)
    table.makeKey(0)
    var record = EventRecord(schema)
    for (time, number, text) in [(5, 1.0, "a"), (3, 2.0, "b"), (7, 3.0, "a")] {
      record.clear()
      record.set(time: Int64(time))
      record.set(0, double: number)
      record.set(1, string: text)
      let isKept = table.put(record, fields: [0, 1], key: 0, SipHash(1, 2))
      #expect(isKept)
    }
    #expect(table.time(0) == 7)
    #expect(table.value(0, 0) == (3.0).bitPattern)
    let text = try #require(table.value(0, 1))
    #expect(Array(table.text(text)) == Array("a".utf8))
    table.clear(0)
    #expect(table.value(0, 0) == nil)
  }
}
