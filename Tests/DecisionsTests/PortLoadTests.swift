import Testing

@testable import Decisions

@Suite struct PortLoadTests {
  @Test func `it learns what a decision costs and refuses what cannot be made in time`() {
    var load = PortLoad()
    for _ in 0..<10 {
      var account = load.admit(now: 0, deadline: 0) ?? .init()
      load.spend(100_000, on: &account)
      load.close(&account)
    }
    #expect(load.cost == 100_000 && load.count == 0 && load.owed == 0)
    var accounts: [PortLoad.Account] = []
    while let account = load.admit(now: 0, deadline: 1_000_000) { accounts.append(account) }
    #expect(accounts.count == 10 && load.wait == 1_100_000)
    // Half of one's work done, and one given up.
    load.spend(50_000, on: &accounts[0])
    #expect(load.admit(now: 0, deadline: 1_000_000) == nil)
    load.close(&accounts[1], counts: false)
    #expect(load.wait == 950_000)
    #expect(load.admit(now: 50_000, deadline: 1_000_000) != nil)
    #expect(load.cost == 100_000)
  }

  @Test func `it learns how long a turn takes to come, and forgets a stall`() {
    var load = PortLoad()
    func turns(_ count: Int, of nanoseconds: Int64) {
      for _ in 0..<count {
        var account = load.admit(now: 0, deadline: .max) ?? .init()
        load.takeTurn(&account, started: nanoseconds / 2, now: nanoseconds)
        load.takeTurn(&account, started: 0, now: 9_000_000_000)
        load.spend(100_000, on: &account)
        load.close(&account)
      }
    }
    turns(500, of: 300_000)
    #expect(abs(load.stretch - 3) < 0.1 && abs(load.wait - 300_000) < 10_000)
    #expect(abs(load.turnStretch - 1.5) < 0.1 && abs(load.turnWait - 150_000) < 10_000)
    var other = load.admit(now: 0, deadline: .max) ?? .init()
    #expect(load.admit(now: 0, deadline: .max, turnEnd: 250_000) == nil)
    #expect(load.admit(now: 0, deadline: 550_000) == nil)
    load.close(&other, counts: false)
    turns(1_000, of: 50_000)
    #expect(abs(load.stretch - 0.5) < 0.05 && load.wait == 100_000)
    turns(1, of: 5_000_000_000)
    #expect(load.stretch < 1)
    var skipped = load.admit(now: 0, deadline: .max) ?? .init()
    let before = load.stretch
    skipped.skipTurn()
    load.takeTurn(&skipped, started: 0, now: 1_000_000_000)
    #expect(load.stretch == before)
  }

  @Test func `two fifths of what is left are for the work, and none of what is over`() {
    #expect(PortLoad().deadline(now: 100, end: 1_100) == 500)
    #expect(PortLoad().deadline(now: 100, end: 90) == 90)
    #expect(PortLoad().deadline(now: 0, end: .max) > 1 << 60)
  }

  @Test func `under overload a tenth is, until hardly any is refused`() {
    var load = PortLoad()
    for _ in 0..<8 {
      var account = load.admit(now: 0, deadline: .max) ?? .init()
      load.spend(100_000, on: &account)
      load.close(&account)
    }
    var account = load.admit(now: 0, deadline: .max) ?? .init()
    for _ in 0..<100 { #expect(load.admit(now: 0, deadline: 1) == nil) }
    #expect(!load.isOverloaded)
    for _ in 0..<100 { load.noteRefusal() }
    #expect(load.isOverloaded)
    #expect(load.deadline(now: 100, end: 1_100) == 200)
    var others = 0
    while load.isOverloaded {
      guard var other = load.admit(now: 0, deadline: .max) else { break }
      load.close(&other)
      others += 1
    }
    #expect(others > 200 && others < 1_000)
    #expect(load.deadline(now: 100, end: 1_100) == 500)
    load.close(&account)
  }

  @Test func `the first few, which are slow, do not count for long`() {
    var load = PortLoad()
    for cost in [5_000_000] + [Int64](repeating: 50_000, count: 8) {
      var account = load.admit(now: 0, deadline: .max) ?? .init()
      load.spend(cost, on: &account)
      load.close(&account)
    }
    #expect(load.cost < 100_000)
  }

  @Test func `a thread that stood still once is not taken for one that is slow`() {
    var load = PortLoad()
    func decide(_ nanoseconds: Int64) {
      var account = load.admit(now: 0, deadline: .max) ?? .init()
      load.spend(nanoseconds, on: &account)
      load.close(&account)
    }
    for _ in 0..<40 { decide(100_000) }
    decide(2_000_000_000)
    #expect(load.cost < 130_000)
    for _ in 0..<400 { decide(2_000_000) }
    #expect(load.cost > 1_900_000)
  }

  @Test func `one that has the thread to itself is always taken`() {
    var load = PortLoad()
    var first = load.admit(now: 0, deadline: .max) ?? .init()
    load.spend(10_000_000_000, on: &first)
    load.close(&first)
    #expect(load.admit(now: 0, deadline: 1) != nil)
    #expect(load.admit(now: 0, deadline: 1) == nil)
  }

  @Test func `an account that is closed twice, or was never open, counts once`() {
    var load = PortLoad()
    var never = PortLoad.Account()
    load.close(&never)
    #expect(load.count == 0)
    var account = load.admit(now: 0, deadline: .max) ?? .init()
    load.spend(7, on: &account)
    load.close(&account)
    load.close(&account)
    load.spend(9, on: &account)
    #expect(load.count == 0 && load.owed == 0 && load.cost == 7)
  }

  @Test func `whatever is done, no debt is left at the end`() {
    let seed = UInt64.random(in: 0 ... .max)
    var generator = Seeded(seed)
    var load = PortLoad()
    var open: [PortLoad.Account] = []
    for step in 0..<20_000 {
      switch Int.random(in: 0..<3, using: &generator) {
      case 0:
        if let account = load.admit(now: Int64(step), deadline: Int64(step) + 5_000_000) {
          open.append(account)
        }
      case 1 where !open.isEmpty:
        let index = Int.random(in: open.indices, using: &generator)
        load.spend(Int64.random(in: 0...200_000, using: &generator), on: &open[index])
      default:
        guard !open.isEmpty else { continue }
        var account = open.remove(at: Int.random(in: open.indices, using: &generator))
        load.close(&account, counts: Bool.random(using: &generator))
      }
      #expect(load.owed >= 0 && load.count == open.count, "seed \(seed), step \(step)")
      if load.owed < 0 { return }
    }
    for index in open.indices { load.close(&open[index]) }
    #expect(load.owed == 0 && load.count == 0, "seed \(seed)")
  }
}
