/// What was decided for one request, and how.
package struct Decision: Sendable, Equatable, Codable {
  /// One tier's part.
  package struct Tier: Sendable, Equatable, Codable {
    package var tier: String
    package var model: String
    /// The version that answered; empty if none did.
    package var version: String
    package var score: Double?
    /// approve, decline, otherwise, escalate, held, undecided, skipped, or why there is no score.
    package var result: String
    package var nanoseconds: Int64
  }

  /// One feature as it was used.
  package struct Feature: Sendable, Equatable, Codable {
    package var name: String
    /// `nil` where it is missing.
    package var value: Double?
    /// fresh, stale, missing or default.
    package var status: String
    /// Nanoseconds from the newest event behind it; `nil` where nothing has a time.
    package var age: Int64?
  }

  /// The time of one part.
  package struct Stage: Sendable, Equatable, Codable {
    package var name: String
    package var nanoseconds: Int64
  }

  /// Unique, and ascending with time.
  package var id = ""
  /// The caller's id.
  package var requestID: String?
  package var pipeline = ""
  /// The digest of the pipeline's definition.
  package var digest = ""
  /// Nanoseconds since 1970.
  package var decidedAt: Int64 = 0
  package var outcome = ""
  /// gate, a tier's name, fallback or rules.
  package var decidedBy = ""
  package var score: Double?
  package var tiers: [Tier] = []
  package var reasons: [String] = []
  package var isDegraded = false
  /// Why it is not what it would be on a good day.
  package var degradedReasons: [String] = []
  /// Whether it came after its deadline.
  package var isLate = false
  /// `nil` unless asked for.
  package var features: [Feature]?
  package var stages: [Stage] = []

  /// A decision without anything.
  package init() {}

  enum CodingKeys: String, CodingKey {
    case id
    case requestID = "request_id"
    case pipeline, digest
    case decidedAt = "decided_at_ns"
    case outcome
    case decidedBy = "decided_by"
    case score, tiers, reasons
    case isDegraded = "degraded"
    case degradedReasons = "degraded_reasons"
    case isLate = "late"
    case features, stages
  }
}

extension Decision.Tier {
  enum CodingKeys: String, CodingKey {
    case tier, model, version, score, result
    case nanoseconds = "ns"
  }
}

extension Decision.Feature {
  enum CodingKeys: String, CodingKey {
    case name, value, status
    case age = "age_ns"
  }
}

extension Decision.Stage {
  enum CodingKeys: String, CodingKey {
    case name
    case nanoseconds = "ns"
  }
}
