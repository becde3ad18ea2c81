import Testing

@testable import Records

@Suite struct RecentRequestsTests {
  @Test func `exactly the last ids are remembered, each with its newest ticket`() {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededRandom(seed: seed)
    var table = RecentRequests(capacity: 64)
    var added: [UInt64] = []
    for ticket in 0..<5_000 {
      // Few distinct keys, many of them in one bucket.
      let key = UInt64.random(in: 0..<200, using: &random) * 32
      table.add(key, ticket: UInt64(ticket))
      added.append(key)
      let asked = UInt64.random(in: 0..<200, using: &random) * 32
      let window = added.suffix(64)
      let expected = window.lastIndex(of: asked).map(UInt64.init)
      #expect(table.ticket(of: asked) == expected, "seed \(seed)")
    }
    #expect(table.hasForgotten)
  }

  @Test func `the capacity is the next power of two`() {
    #expect(RecentRequests(capacity: 0).capacity == 16)
    #expect(RecentRequests(capacity: 100).capacity == 128)
    #expect(RecentRequests(capacity: 128).capacity == 128)
  }
}
