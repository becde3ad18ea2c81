import Testing

@testable import Decisions

@Suite struct CircuitBreakerTests {
  private static let second: Int64 = 1_000_000_000
  private var breaker = CircuitBreaker(BreakerDefinition(), slow: 5_000_000)

  private mutating func calls(
    _ count: Int, failed: Bool = false, nanoseconds: Int64 = 1, at now: Int64
  ) -> Int {
    var permitted = 0
    for _ in 0..<count {
      guard let permit = breaker.permit(now: now) else { continue }
      permitted += 1
      breaker.record(permit, failed: failed, nanoseconds: nanoseconds, now: now)
    }
    return permitted
  }

  private func expect(
    _ permitted: Int, _ expected: Int, at place: SourceLocation = #_sourceLocation
  ) {
    #expect(permitted == expected, sourceLocation: place)
  }

  @Test mutating func `it needs enough calls to conclude anything`() {
    expect(calls(49, failed: true, at: 0), 49)
    let strain = breaker.strain(now: 0)
    #expect(breaker.state == .closed && strain == 0)
    expect(calls(1, failed: true, at: 0), 1)
    #expect(breaker.state == .open(until: 5 * Self.second))
  }

  @Test mutating func `half the calls failing opens it, fewer do not`() {
    expect(calls(51, at: 0), 51)
    expect(calls(50, failed: true, at: 1), 50)
    #expect(breaker.state == .closed)
    let strain = breaker.strain(now: 1)
    #expect(strain > 0.95)
    expect(calls(1, failed: true, at: 2), 1)
    #expect(breaker.state != .closed)
    let open = breaker.strain(now: 2)
    #expect(open == 1)
  }

  @Test mutating func `four of five slow open it`() {
    expect(calls(12, at: 0), 12)
    expect(calls(47, nanoseconds: 5_000_000, at: 0), 47)
    #expect(breaker.state == .closed)
    expect(calls(1, nanoseconds: 5_000_000, at: 0), 1)
    #expect(breaker.state != .closed)
  }

  @Test mutating func `what is older than the window is forgotten`() {
    expect(calls(49, failed: true, at: 0), 49)
    expect(calls(49, failed: true, at: 10 * Self.second), 49)
    #expect(breaker.state == .closed)
    expect(calls(1, failed: true, at: 19 * Self.second), 1)
    #expect(breaker.state != .closed)
  }

  @Test mutating func `five probes that are fine close it`() {
    _ = calls(50, failed: true, at: 0)
    let early = breaker.permit(now: 5 * Self.second - 1)
    #expect(early == nil)
    let later = 5 * Self.second
    let probes = (0..<5).compactMap { _ in breaker.permit(now: later) }
    let sixth = breaker.permit(now: later)
    #expect(probes.count == 5 && sixth == nil)
    for probe in probes { breaker.record(probe, failed: false, nanoseconds: 1, now: later) }
    #expect(breaker.state == .closed && breaker.openings == 0)
    let strain = breaker.strain(now: later)
    #expect(strain == 0)
  }

  @Test mutating func `a probe that fails opens it for twice as long, up to a minute`() {
    _ = calls(50, failed: true, at: 0)
    var now = 5 * Self.second
    for expected in [10, 20, 40, 60, 60] as [Int64] {
      expect(calls(1, failed: true, at: now), 1)
      #expect(breaker.state == .open(until: now + expected * Self.second))
      now += expected * Self.second
    }
    expect(calls(5, at: now), 5)
    #expect(breaker.state == .closed)
  }

  @Test mutating func `a slow probe is no good probe`() {
    _ = calls(50, failed: true, at: 0)
    expect(calls(1, nanoseconds: 6_000_000, at: 5 * Self.second), 1)
    #expect(breaker.openings == 2)
  }

  @Test mutating func `a probe that says nothing makes room for another`() throws {
    _ = calls(50, failed: true, at: 0)
    let now = 5 * Self.second
    for _ in 0..<20 {
      let permit = breaker.permit(now: now)
      breaker.release(try #require(permit))
    }
    #expect(breaker.state == .halfOpen(underWay: 0, passed: 0))
    expect(calls(5, at: now), 5)
    #expect(breaker.state == .closed)
    let permit = breaker.permit(now: now)
    breaker.release(try #require(permit))
    #expect(breaker.state == .closed)
  }

  @Test mutating func `calls permitted before it opened say nothing after`() throws {
    let permit = breaker.permit(now: 0)
    let early = try #require(permit)
    _ = calls(50, failed: true, at: 0)
    breaker.record(early, failed: true, nanoseconds: 1, now: 1)
    #expect(breaker.state == .open(until: 5 * Self.second))
    _ = breaker.permit(now: 5 * Self.second)
    breaker.record(early, failed: true, nanoseconds: 1, now: 5 * Self.second)
    #expect(breaker.state == .halfOpen(underWay: 1, passed: 0))
  }

  @Test func `over a long walk its counts are those of the last ten seconds`() {
    for seed in 1...20 as ClosedRange<UInt64> {
      var random = Seeded(seed)
      var counts = RollingCounts(window: 10_000)
      var events: [(now: Int64, first: Int)] = []
      var now: Int64 = 0
      for _ in 0..<2_000 {
        now += Int64.random(in: 0...900, using: &random)
        let first = Int.random(in: 0...1, using: &random)
        counts.add(.init(all: 1, first: first), now: now)
        events.append((now, first))
        let oldest = now / 1_000 - 9
        let kept = events.filter { $0.now / 1_000 >= oldest }
        #expect(counts.total.all == kept.count, "seed \(seed)")
        #expect(counts.total.first == kept.reduce(0) { $0 + $1.first }, "seed \(seed)")
      }
    }
  }
}
