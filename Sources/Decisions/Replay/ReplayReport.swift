private import Foundation
package import Timing

/// What came of deciding records again.
package struct ReplayReport: Sendable {
  /// A decision that came out otherwise.
  package struct Flip: Sendable, Equatable {
    package var recorded: Decision
    package var replayed: Decision
  }

  /// An outcome before and after.
  package struct Pair: Sendable, Hashable {
    package var before: String
    package var after: String

    package init(before: String, after: String) {
      self.before = before
      self.after = after
    }
  }

  /// Records that were decided again.
  package private(set) var replayed = 0
  package private(set) var flips = 0
  /// Records that could not be decided again, by reason.
  package private(set) var notReplayable: [NotReplayable: Int] = [:]
  package private(set) var outcomes: [Pair: Int] = [:]
  /// Of flips: who decided before and after, and the reasons that came and went.
  package private(set) var flipsByDecider: [Pair: Int] = [:]
  package private(set) var reasonsGained: [String: Int] = [:]
  package private(set) var reasonsLost: [String: Int] = [:]
  /// Degraded decisions, recorded and replayed, and flips among the latter.
  package private(set) var degradedBefore = 0
  package private(set) var degradedAfter = 0
  package private(set) var degradedFlips = 0
  package private(set) var degradedReasons: [String: Int] = [:]
  /// Nanoseconds of each replayed decision.
  package private(set) var times = LatencyHistogram(precision: .twoHundredFiftySixth)
  /// How far scores moved, in millionths, where both decisions have one.
  package private(set) var scoreMoves = LatencyHistogram(precision: .twoHundredFiftySixth)

  package init() {}

  /// The part of replayed records that flipped, 0 to 1.
  package var flipShare: Double { replayed == 0 ? 0 : Double(flips) / Double(replayed) }

  /// Records that were looked at.
  package var total: Int { replayed + notReplayable.values.reduce(0, +) }

  /// Counts a record that could not be decided again.
  package mutating func add(_ problem: NotReplayable) { notReplayable[problem, default: 0] += 1 }

  /// Counts a decision that was made again. Returns the flip, if it is one.
  package mutating func add(_ before: Decision, _ after: Decision) -> Flip? {
    replayed += 1
    outcomes[Pair(before: before.outcome, after: after.outcome), default: 0] += 1
    if before.isDegraded { degradedBefore += 1 }
    if after.isDegraded { degradedAfter += 1 }
    for reason in after.degradedReasons { degradedReasons[reason, default: 0] += 1 }
    if let total = after.stages.first(where: { $0.name == "total" }) {
      times.record(total.nanoseconds)
    }
    if let one = before.score, let other = after.score {
      scoreMoves.record(Int64((abs(one - other) * 1e6).rounded()))
    }
    guard before.outcome != after.outcome else { return nil }
    flips += 1
    if after.isDegraded { degradedFlips += 1 }
    flipsByDecider[Pair(before: before.decidedBy, after: after.decidedBy), default: 0] += 1
    for reason in Set(after.reasons).subtracting(before.reasons) {
      reasonsGained[reason, default: 0] += 1
    }
    for reason in Set(before.reasons).subtracting(after.reasons) {
      reasonsLost[reason, default: 0] += 1
    }
    return Flip(recorded: before, replayed: after)
  }
}

extension ReplayReport.Flip {
  /// The flip as one line of JSON.
  package func json() -> [UInt8] {
    var writer = JSONBytes()
    writer.open("{")
    writer.name("id")
    writer.string(recorded.id)
    if let requestID = recorded.requestID {
      writer.name("request_id")
      writer.string(requestID)
    }
    writer.name("decided_at_ns")
    writer.integer(recorded.decidedAt)
    for (name, decision) in [("before", recorded), ("after", replayed)] {
      writer.name(name)
      writer.open("{")
      writer.name("outcome")
      writer.string(decision.outcome)
      writer.name("decided_by")
      writer.string(decision.decidedBy)
      if let score = decision.score {
        writer.name("score")
        writer.double(score)
      }
      write("reasons", decision.reasons, to: &writer)
      write("degraded_reasons", decision.degradedReasons, to: &writer)
      writer.close("}")
    }
    writer.close("}")
    return writer.bytes
  }

  private func write(_ name: String, _ texts: [String], to writer: inout JSONBytes) {
    writer.name(name)
    writer.open("[")
    for text in texts { writer.string(text) }
    writer.close("]")
  }
}
