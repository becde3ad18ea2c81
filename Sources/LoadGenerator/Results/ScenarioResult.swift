/// A scenario's phases, one after the other.
package struct ScenarioResult: Codable, Sendable, Equatable {
  /// One phase; its objectives are judged in ``result``.
  package struct Phase: Codable, Sendable, Equatable {
    package var name: String
    package var result: BenchResult

    package init(name: String, result: BenchResult) {
      self.name = name
      self.result = result
    }
  }

  package var name: String
  /// What the scenario shows; may be empty.
  package var purpose: String
  package var phases: [Phase]
  /// Why a phase could not be measured at all, so that the rest is missing; `nil` if none is.
  package var interruption: String?

  package init(name: String, purpose: String = "", phases: [Phase]) {
    self.name = name
    self.purpose = purpose
    self.phases = phases
  }

  /// Whether every objective of every phase held.
  package var holds: Bool { phases.allSatisfy(\.result.holds) }
}
