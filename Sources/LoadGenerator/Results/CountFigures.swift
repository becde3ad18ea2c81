/// How many requests ended how, under names that a result file can keep.
package struct CountFigures: Codable, Sendable, Equatable {
  /// Requests that were due.
  package var offered: UInt64 = 0
  /// Answered with success; ``late`` of them after their deadline.
  package var ok: UInt64 = 0
  package var late: UInt64 = 0
  package var refused: UInt64 = 0
  package var expired: UInt64 = 0
  package var failed: UInt64 = 0
  package var connection: UInt64 = 0
  package var unanswered: UInt64 = 0
  package var unsent: UInt64 = 0

  package init() {}

  package init(_ counts: OutcomeCounts) {
    offered = counts.offered
    late = counts.late
    for outcome in Outcome.allCases { self[outcome] = counts[outcome] }
  }

  package subscript(_ outcome: Outcome) -> UInt64 {
    get {
      switch outcome {
      case .ok: ok
      case .refused: refused
      case .expired: expired
      case .failed: failed
      case .connection: connection
      case .unanswered: unanswered
      case .unsent: unsent
      }
    }
    set {
      switch outcome {
      case .ok: ok = newValue
      case .refused: refused = newValue
      case .expired: expired = newValue
      case .failed: failed = newValue
      case .connection: connection = newValue
      case .unanswered: unanswered = newValue
      case .unsent: unsent = newValue
      }
    }
  }

  /// Successes inside their deadline.
  package var good: UInt64 { ok - min(ok, late) }
  /// Everything that ended without success; stays at the largest number rather than wrap.
  package var errors: UInt64 {
    Outcome.allCases.reduce(UInt64(0)) { sum, outcome in
      guard outcome != .ok else { return sum }
      let (total, overflow) = sum.addingReportingOverflow(self[outcome])
      return overflow ? .max : total
    }
  }
  /// The part of the offered requests that `count` is, 0 to 1; 0 if none was offered.
  package func share(_ count: UInt64) -> Double {
    offered == 0 ? 0 : Double(count) / Double(offered)
  }
}

/// One wording of an error, and how often it came.
package struct ErrorFigures: Codable, Sendable, Equatable {
  /// An ``Outcome``'s name.
  package var outcome: String
  /// The HTTP or gRPC status; 0 where there was no answer.
  package var status: Int
  /// Empty for the wordings that were too many to keep apart.
  package var text: String
  package var count: UInt64

  package init(_ sample: ErrorSample) {
    outcome = sample.outcome.name
    status = sample.status
    text = sample.text
    count = sample.count
  }
}
