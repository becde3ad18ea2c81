import Foundation
import Testing

@testable import Features

@Suite struct StoreCrashTests {
  /// More rounds: `NEEDLETAIL_STORE_ROUNDS=100000`; another start: `NEEDLETAIL_STORE_SEED`.
  private static let rounds =
    ProcessInfo.processInfo.environment["NEEDLETAIL_STORE_ROUNDS"].flatMap { Int($0) } ?? 150
  private static let seed =
    ProcessInfo.processInfo.environment["NEEDLETAIL_STORE_SEED"].flatMap { UInt64($0) } ?? 1

  @Test func `whatever fails when, each acknowledged event counts once`() throws {
    print("seed \(Self.seed), \(Self.rounds) rounds")
    let definitions = try FeatureFixture.definitions()
    var total = StoreSimulation.Report()
    for round in 0..<UInt64(Self.rounds) {
      var simulation = StoreSimulation(seed: Self.seed &+ round, definitions)
      try simulation.play(30, crashes: 4)
      total.crashes += simulation.report.crashes
      total.snapshots += simulation.report.snapshots
      total.restored += simulation.report.restored
      total.torn += simulation.report.torn
      total.full += simulation.report.full
      total.stops += simulation.report.stops
      total.acknowledged += simulation.report.acknowledged
    }
    print(total)
    // All of it was met.
    #expect(total.snapshots > Self.rounds / 10 && total.restored > Self.rounds / 10)
    #expect(total.torn > Self.rounds / 20 && total.full > 0 && total.stops > 0)
  }
}
