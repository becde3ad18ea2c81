import Decisions
import Foundation
import Timing

/// What came of a file of requests.
struct DecideSummary: Sendable {
  /// Requests that did not fit the input's schema.
  var wrong = 0
  /// Requests without a decision.
  var undecided = 0
  private var decided = 0
  private var degraded = 0
  private var late = 0
  private var outcomes: [(name: String, count: Int)]
  private var deciders: [String: Int] = [:]
  private var causes: [String: Int] = [:]
  private var reasons: [String: Int] = [:]
  private var stages: [(name: String, times: LatencyHistogram)] = []
  /// By tier: calls and escalations to the next.
  private var tiers: [(name: String, scored: Int, escalated: Int)]
  private var bands: [Double] = []
  private var started: MonotonicInstant?
  private var ended: MonotonicInstant?

  init(_ definition: PipelineDefinition) {
    outcomes = definition.outcomes.map { ($0, 0) }
    tiers = definition.tiers.map { ($0.name, 0, 0) }
  }

  mutating func begin() { if started == nil { started = .now() } }

  mutating func end(_ state: PipelineState) {
    ended = .now()
    bands = state.escalations.map(\.band)
  }

  mutating func add(_ decision: Decision) {
    decided += 1
    if decision.isDegraded { degraded += 1 }
    if decision.isLate { late += 1 }
    for index in outcomes.indices where outcomes[index].name == decision.outcome {
      outcomes[index].count += 1
    }
    deciders[decision.decidedBy, default: 0] += 1
    for cause in decision.degradedReasons { causes[cause, default: 0] += 1 }
    for reason in decision.reasons { reasons[reason, default: 0] += 1 }
    for tier in decision.tiers {
      for index in tiers.indices where tiers[index].name == tier.tier {
        if tier.score != nil { tiers[index].scored += 1 }
        if tier.result == "escalate" { tiers[index].escalated += 1 }
      }
    }
    for stage in decision.stages { record(stage.name, stage.nanoseconds) }
  }

  private mutating func record(_ name: String, _ nanoseconds: Int64) {
    if let index = stages.firstIndex(where: { $0.name == name }) {
      return stages[index].times.record(nanoseconds)
    }
    var times = LatencyHistogram(precision: .twoHundredFiftySixth)
    times.record(nanoseconds)
    stages.append((name, times))
  }

  /// The summary for people.
  func lines() -> [String] {
    var lines = ["\(decided) decided, \(wrong) wrong requests, \(undecided) without a decision"]
    if let started, let ended, decided > 0 {
      let seconds = Double(ended.since(started)) / 1e9
      lines[0] += String(format: ", %.2f s, %.0f a second", seconds, Double(decided) / seconds)
    }
    let made = outcomes.map { "\($0.name) \(share($0.count))" }
    lines.append("outcomes: " + made.joined(separator: ", "))
    lines.append("decided by: " + ranked(deciders))
    if !reasons.isEmpty { lines.append("reasons: " + ranked(reasons)) }
    for (index, tier) in tiers.enumerated().dropLast() where tier.scored > 0 {
      let part = Double(tier.escalated) / Double(tier.scored) * 100
      let band = bands.indices.contains(index) ? bands[index] : 1
      lines.append(
        String(format: "escalated from \(tier.name): %.2f %% of scored, band %.2f", part, band))
    }
    lines.append("degraded: \(share(degraded))" + (causes.isEmpty ? "" : " (\(ranked(causes)))"))
    if late > 0 { lines.append("late: \(share(late))") }
    lines.append("stage            p50 µs   p99 µs p99.9 µs   max µs    count")
    for stage in stages.sorted(by: { order($0.name) < order($1.name) }) {
      let figures = [0.5, 0.99, 0.999].map { micros(stage.times.quantile($0)) }
      lines.append(
        stage.name.padding(toLength: 14, withPad: " ", startingAt: 0)
          + (figures + [micros(stage.times.max), pad("\(stage.times.count)")]).joined())
    }
    return lines
  }

  private func order(_ name: String) -> Int {
    let names = ["features", "gate"] + tiers.map(\.name) + ["fallback", "rules", "record", "total"]
    return names.firstIndex(of: name) ?? names.count
  }

  private func micros(_ nanoseconds: Int64) -> String {
    pad(String(format: "%.1f", Double(nanoseconds) / 1e3))
  }

  private func pad(_ text: String) -> String {
    String(repeating: " ", count: max(1, 9 - text.count)) + text
  }

  private func share(_ count: Int) -> String {
    decided == 0
      ? "0" : "\(count) (" + String(format: "%.2f %%", Double(count) / Double(decided) * 100) + ")"
  }

  private func ranked(_ counts: [String: Int]) -> String {
    counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { "\($0.key) \($0.value)" }.joined(separator: ", ")
  }
}
