import Testing

@testable import Decisions

@Suite struct RecentRequestsTests {
  private static func decision(_ id: String) -> Decision {
    var decision = Decision()
    decision.id = id
    return decision
  }

  private func admit(_ requests: inout RecentRequests, _ id: String, waitersMax: Int = 2) -> String
  {
    switch requests.admit(id, waitersMax: waitersMax, { { _ in } }) {
    case .isNew(let since): since.map { "new since \($0)" } ?? "new"
    case .waits: "waits"
    case .isFull: "full"
    case .decided(let decision): decision.id
    }
  }

  @Test func `it agrees with a dictionary over long walks`() {
    let seed = UInt64.random(in: 0 ... .max)
    var random = Seeded(seed)
    var requests = RecentRequests(countMax: 20)
    // By id: how many wait, or how it ended; and the ended ones, oldest first.
    var oracle: [String: String] = [:]
    var order: [String] = []
    for step in 0..<20_000 {
      let id = "request-\(Int.random(in: 0..<60, using: &random))"
      let found = admit(&requests, id)
      switch oracle[id] {
      case nil:
        #expect(found == "new", "seed \(seed) step \(step)")
        oracle[id] = "0"
      case "0", "1":
        #expect(found == "waits", "seed \(seed) step \(step)")
        oracle[id] = oracle[id] == "0" ? "1" : "2"
      case "2": #expect(found == "full", "seed \(seed) step \(step)")
      case let known?: #expect(found == known, "seed \(seed) step \(step)")
      }
      guard let waiters = oracle[id].flatMap({ Int($0) }), Bool.random(using: &random) else {
        continue
      }
      let isDecided = Bool.random(using: &random)
      let outcome: Result<Decision, DecisionFailure> =
        isDecided
        ? .success(Self.decision("d\(step)")) : .failure(DecisionFailure(.overloaded, "no room"))
      #expect(requests.finish(id, with: outcome, at: 0).count == waiters)
      oracle[id] = isDecided ? "d\(step)" : nil
      if isDecided { order.append(id) }
      if order.count > 20 { oracle[order.removeFirst()] = nil }
    }
    #expect(requests.finish("never asked", with: .success(Decision()), at: 0).isEmpty)
  }

  @Test func `a request that could not be recorded keeps the time it was asked first`() {
    let failure = Result<Decision, DecisionFailure>.failure(DecisionFailure(.durability, "disk"))
    let refusal = Result<Decision, DecisionFailure>.failure(DecisionFailure(.overloaded, "full"))
    var requests = RecentRequests(countMax: 2)
    #expect(admit(&requests, "a") == "new")
    _ = requests.finish("a", with: failure, at: 5)
    #expect(admit(&requests, "a") == "new since 5")
    _ = requests.finish("a", with: failure, at: 9)
    #expect(admit(&requests, "a") == "new since 5")
    _ = requests.finish("a", with: refusal, at: 9)
    #expect(admit(&requests, "a") == "new since 5")
    // Others push it out while it is tried again: it is forgotten with its next end's turn.
    for id in ["b", "c"] {
      #expect(admit(&requests, id) == "new")
      _ = requests.finish(id, with: .success(Self.decision(id)), at: 0)
    }
    #expect(admit(&requests, "a") == "waits")
    _ = requests.finish("a", with: .success(Self.decision("done")), at: 9)
    #expect(admit(&requests, "a") == "done")
    #expect(admit(&requests, "b") == "new")
    #expect(admit(&requests, "c") == "c")
  }

  @Test func `ids of other bytes are other ids`() {
    var requests = RecentRequests()
    #expect(admit(&requests, "caf\u{E9}") == "new")
    #expect(admit(&requests, "cafe\u{301}") == "new")
    _ = requests.finish("caf\u{E9}", with: .success(Self.decision("one")), at: 0)
    #expect(admit(&requests, "caf\u{E9}") == "one")
    #expect(admit(&requests, "cafe\u{301}") == "waits")
  }
}
