import Testing

@testable import Decisions

@Suite struct EscalationControllerTests {
  /// Scores that are evenly spread; `declared` of them lie in the band. Returns the share of the
  /// last third.
  private func run(
    declared: Double, seconds: Int, seed: UInt64 = 3
  ) -> (share: Double, band: Double) {
    var controller = EscalationController(EscalationDefinition())
    var random = Seeded(seed)
    var escalated = 0
    var scored = 0
    let steps = seconds * 500
    for step in 0..<steps {
      let now = Int64(step) * 2_000_000
      let distance = Double.random(in: 0..<1, using: &random) / declared
      let wants = distance <= controller.band
      let goes = wants && controller.allows(now: now)
      controller.note(escalated: goes, now: now)
      if step >= steps * 2 / 3 {
        scored += 1
        if goes { escalated += 1 }
      }
    }
    return (Double(escalated) / Double(scored), controller.band)
  }

  @Test func `a tier that is down does not widen the band that it meets afterwards`() {
    var controller = EscalationController(EscalationDefinition())
    var random = Seeded(7)
    var bands: [Double] = []
    for step in 0..<60_000 {
      let distance = Double.random(in: 0..<1, using: &random) / 0.9
      let wants = distance <= controller.band
      let isDown = (20_000..<40_000).contains(step)
      let now = Int64(step) * 2_000_000
      let goes = wants && !isDown && controller.allows(now: now)
      controller.note(escalated: goes, wanted: wants && isDown, now: now)
      if step % 20_000 == 19_999 { bands.append(controller.band) }
    }
    #expect(bands.allSatisfy { abs($0 - bands[0]) < 0.05 }, "\(bands)")
  }

  @Test func `a band that asks for too much is narrowed to the target`() {
    for declared in [0.3, 0.5, 0.9] {
      let result = run(declared: declared, seconds: 120)
      #expect(abs(result.share - 0.2) < 0.03, "declared \(declared): \(result)")
      #expect(result.band < 1)
    }
  }

  @Test(arguments: [0.24, 0.27, 0.4, 0.9])
  func `it is near its target within a thousand requests, however fast they come`(
    _ declared: Double
  ) {
    var definition = EscalationDefinition()
    definition.cap = 0.35
    for seed in 1...20 as ClosedRange<UInt64> {
      for gap in [1_000, 50_000_000] as [Int64] {
        var controller = EscalationController(definition)
        var random = Seeded(seed)
        var escalated = 0
        for step in 0..<4_000 {
          let now = Int64(step) * gap
          let distance = Double.random(in: 0..<1, using: &random) / declared
          let goes = distance <= controller.band && controller.allows(now: now)
          controller.note(escalated: goes, now: now)
          if goes { escalated += 1 }
          if step == 999 {
            #expect(abs(controller.band * declared - 0.2) < 0.05, "seed \(seed)")
          }
        }
        // Three deviations of 4,000 requests, and what the first hundreds were too many.
        let share = Double(escalated) / 4_000
        #expect(abs(share - 0.2) < 0.025, "seed \(seed), declared \(declared): \(share)")
      }
    }
  }

  @Test func `a band that asks for less than the target stays as declared`() {
    let result = run(declared: 0.1, seconds: 60)
    #expect(result.band == 1 && abs(result.share - 0.1) < 0.02)
  }

  @Test func `the cap holds at every moment, whatever the scores do`() {
    var controller = EscalationController(EscalationDefinition())
    var random = Seeded(11)
    var seen: [(now: Int64, escalated: Bool)] = []
    for step in 0..<20_000 {
      let now = Int64(step) * 3_000_000
      // Bursts in which everything wants to go on.
      let wants = (step / 700) % 2 == 0 || Double.random(in: 0..<1, using: &random) < 0.1
      let goes = wants && controller.allows(now: now)
      controller.note(escalated: goes, now: now)
      seen.append((now, goes))
      guard step % 50 == 49 else { continue }
      let recent = seen.suffix(4_000).filter { $0.now / 1_000_000_000 > now / 1_000_000_000 - 10 }
      let share = recent.reduce(0) { $0 + ($1.escalated ? 1 : 0) }
      #expect(Double(share) <= 0.25 * Double(max(recent.count + 500, 100)), "step \(step)")
    }
  }

  @Test func `a few requests conclude nothing`() {
    var controller = EscalationController(EscalationDefinition())
    for step in 0..<20 {
      let allows = controller.allows(now: Int64(step) * 1_000_000_000)
      #expect(allows)
      controller.note(escalated: true, now: Int64(step) * 1_000_000_000)
    }
    #expect(controller.band == 1)
  }
}
