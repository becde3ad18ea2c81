import Testing

@testable import LoadGenerator

@Suite struct DialPolicyTests {
  private let millisecond: Int64 = 1_000_000

  @Test func `the first dials come at once, failures wait longer and longer`() {
    var policy = DialPolicy(random: RandomSource(seed: 1))
    var now: Int64 = 1_000
    #expect(policy.notBefore <= now)
    var whole = 100 * millisecond
    for _ in 0..<10 {
      policy.failed(at: now)
      let wait = policy.notBefore - now
      #expect(wait > whole / 2)
      #expect(wait <= whole)
      now = policy.notBefore
      whole = min(whole * 2, 2_000 * millisecond)
    }
  }

  @Test func `failures of dials that ran together count once`() {
    var policy = DialPolicy(random: RandomSource(seed: 1))
    policy.failed(at: 0)
    let first = policy.notBefore
    policy.failed(at: 1)
    policy.failed(at: first - 1)
    #expect(policy.notBefore == first)
  }

  @Test func `an answer ends the waiting`() {
    var policy = DialPolicy(random: RandomSource(seed: 1))
    policy.failed(at: 0)
    policy.succeeded()
    #expect(policy.notBefore <= 0)
    policy.failed(at: 5)
    #expect(policy.notBefore <= 5 + 100 * millisecond)
  }
}
