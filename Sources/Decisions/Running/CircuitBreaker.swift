/// Leaves a tier alone that keeps failing or is slow, and tries it again with a few calls.
///
/// A value without a clock: every function takes the present in monotonic nanoseconds, which never
/// goes back.
package struct CircuitBreaker: Sendable {
  /// Where it stands.
  package enum State: Sendable, Equatable {
    /// Calls go through.
    case closed
    /// None does before this instant.
    case open(until: Int64)
    /// A few go through; `passed` of them were fine.
    case halfOpen(underWay: Int, passed: Int)
  }

  /// Leave for one call; what became of the call is told with it.
  package struct Permit: Sendable, Equatable {
    /// Grows with each change of state: what was permitted before says nothing after.
    fileprivate var epoch = 0
  }

  package let definition: BreakerDefinition
  /// Nanoseconds from which a call is slow.
  package let slow: Int64
  package private(set) var state = State.closed
  /// Openings since it was last closed.
  package private(set) var openings = 0
  private var epoch = 0
  private var counts: RollingCounts

  /// - Parameter slow: nanoseconds from which a call is slow, where the definition has none.
  package init(_ definition: BreakerDefinition, slow: Int64) {
    self.definition = definition
    self.slow = definition.slow ?? slow
    counts = RollingCounts(window: definition.window)
  }

  /// Leave for a call; `nil` if there must be none.
  package mutating func permit(now: Int64) -> Permit? {
    switch state {
    case .closed: return Permit(epoch: epoch)
    case .open(let until):
      guard now >= until else { return nil }
      change(to: .halfOpen(underWay: 1, passed: 0))
      return Permit(epoch: epoch)
    case .halfOpen(let underWay, let passed):
      guard underWay + passed < definition.probes else { return nil }
      state = .halfOpen(underWay: underWay + 1, passed: passed)
      return Permit(epoch: epoch)
    }
  }

  /// Says what became of a call: whether it failed, and how many nanoseconds it took.
  package mutating func record(
    _ permit: Permit, failed: Bool, nanoseconds: Int64, now: Int64
  ) {
    guard permit.epoch == epoch else { return }
    let isSlow = nanoseconds >= slow
    switch state {
    case .closed:
      counts.add(.init(all: 1, first: failed ? 1 : 0, second: isSlow ? 1 : 0), now: now)
      if isTooMuch { open(now: now) }
    case .halfOpen(let underWay, let passed):
      if failed || isSlow { return open(now: now) }
      if passed + 1 >= definition.probes {
        openings = 0
        counts.clear()
        change(to: .closed)
      } else {
        state = .halfOpen(underWay: underWay - 1, passed: passed + 1)
      }
    case .open: break
    }
  }

  /// Gives back the permit of a call that says nothing about its tier.
  package mutating func release(_ permit: Permit) {
    guard permit.epoch == epoch, case .halfOpen(let underWay, let passed) = state else { return }
    state = .halfOpen(underWay: max(0, underWay - 1), passed: passed)
  }

  /// How near to opening it is: 0 for a healthy tier, 1 for one that is not closed.
  package mutating func strain(now: Int64) -> Double {
    guard state == .closed else { return 1 }
    counts.advance(to: now)
    let total = counts.total
    guard total.all >= definition.callsMin else { return 0 }
    let failures = Double(total.first) / Double(total.all) / max(definition.failureShare, 1e-9)
    let slow = Double(total.second) / Double(total.all) / max(definition.slowShare, 1e-9)
    return min(1, max(failures, slow))
  }

  private var isTooMuch: Bool {
    let total = counts.total
    return total.all >= definition.callsMin
      && (Double(total.first) >= definition.failureShare * Double(total.all) && total.first > 0
        || Double(total.second) >= definition.slowShare * Double(total.all) && total.second > 0)
  }

  private mutating func open(now: Int64) {
    let doublings = min(openings, 30)
    let (long, overflow) = definition.open.multipliedReportingOverflow(by: 1 << Int64(doublings))
    openings += 1
    counts.clear()
    change(to: .open(until: now + min(definition.openMax, overflow ? .max : long)))
  }

  private mutating func change(to next: State) {
    state = next
    epoch += 1
  }
}
