package import Features

/// What became of the records of one request.
package struct IntakeCounts: Sendable, Equatable {
  /// One record that was refused.
  package struct Refusal: Sendable, Equatable {
    /// Its line, or its place in an array, from 1.
    package var line: Int
    package var error: String
  }

  /// The most refusals that are told.
  package static let refusalsMax = 100

  package private(set) var counts = IngestCounts()
  /// The first ones.
  package private(set) var refusals: [Refusal] = []

  /// Nothing.
  package init() {}

  /// Counts a record that was read.
  package mutating func count(_ outcome: IngestOutcome, line: Int, of table: IntakeTable) {
    counts.count(outcome)
    if let error = table.refusal(outcome) { note(error, line: line) }
  }

  /// Counts a record that could not be read.
  package mutating func refuse(_ error: String, line: Int) {
    counts.refused += 1
    note(error, line: line)
  }

  private mutating func note(_ error: String, line: Int) {
    guard refusals.count < Self.refusalsMax else { return }
    refusals.append(Refusal(line: line, error: error))
  }
}
