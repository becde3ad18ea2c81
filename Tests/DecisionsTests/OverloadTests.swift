import Testing

@testable import Decisions

/// More requests than one thread can decide, in simulated time.
@Suite struct OverloadTests {
  private static let second: Int64 = 1_000_000_000

  private func simulation(
    timeout: String = "10ms", concurrency: Int = 256, seed: UInt64
  ) throws -> OverloadSimulation {
    let pipeline = try SamplePipeline.make([
      ("timeout: 4ms\n    concurrency: 4", "timeout: \(timeout)\n    concurrency: \(concurrency)"),
      ("total: 20ms", "total: 30ms"),
    ])
    return OverloadSimulation(pipeline, seed: seed)
  }

  @Test(arguments: [("10ms", 256), ("5ms", 256), ("10ms", 64), ("19ms", 4_096)])
  func `at twice saturation the thread decides nearly as much as it can, and refuses the rest`(
    _ timeout: String, _ concurrency: Int
  ) throws {
    let seed = UInt64.random(in: 0 ... .max)
    var simulation = try simulation(timeout: timeout, concurrency: concurrency, seed: seed)
    simulation.run(rate: 2 * OverloadSimulation.capacity, nanoseconds: Self.second)
    let goodput = Double(simulation.good) / OverloadSimulation.capacity
    #expect(goodput >= 0.85, "seed \(seed): \(simulation.summary)")
    #expect(simulation.openings == 0 && simulation.late == 0, "seed \(seed)")
    #expect(simulation.degraded * 100 <= simulation.good, "seed \(seed): \(simulation.summary)")
    #expect(simulation.refused > 5_000, "seed \(seed): \(simulation.summary)")
  }

  @Test func `up to nine tenths of saturation nothing is refused`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var simulation = try simulation(seed: seed)
    simulation.run(rate: 0.9 * OverloadSimulation.capacity, nanoseconds: Self.second)
    #expect(simulation.refused == 0 && simulation.degraded == 0, "\(simulation.summary) \(seed)")
    #expect(simulation.good > 8_500, "\(simulation.summary) \(seed)")
  }

  @Test func `the slices of a body are not refused for their own sake`() throws {
    var simulation = try simulation(timeout: "5ms", seed: 1)
    for _ in 0..<200 { simulation.burst(64) }
    #expect(simulation.refused == 0 && simulation.good == 12_800, "\(simulation.summary)")
  }

  @Test(arguments: [0.5, 1, 2])
  func `a stall costs what came during it, and opens no breaker`(_ load: Double) throws {
    let seed = UInt64.random(in: 0 ... .max)
    var simulation = try simulation(seed: seed)
    let rate = load * OverloadSimulation.capacity
    simulation.run(rate: rate, nanoseconds: Self.second, stall: 60_000_000)
    #expect(simulation.openings == 0, "seed \(seed)")
    let possible = min(rate, OverloadSimulation.capacity)
    #expect(Double(simulation.good) >= 0.75 * possible, "seed \(seed): \(simulation.summary)")
  }
}

extension OverloadSimulation {
  /// What became of the requests.
  var summary: String {
    "good \(good), degraded \(degraded), late \(late), refused \(refused), "
      + "stretch \(load.stretch) and \(load.turnStretch)"
  }
}
