internal import Timing

/// What became of one objective in one run.
package struct ObjectiveVerdict: Sendable, Equatable {
  /// How it went.
  package enum State: String, Sendable, Equatable {
    case held
    case missed
    /// There was nothing, or not enough, to know it by; never taken for held.
    case notMeasured = "not_measured"
  }

  package var objective: Objective
  package var state: State
  /// The metric's value (nanoseconds, share, requests a second, bytes); `nil` if there is none.
  package var measured: Double?
  /// Why it was not measured; empty otherwise.
  package var reason: String

  /// The measured value as people read it, for example `4.21 ms`; empty if it was not measured.
  package var measuredText: String {
    state == .notMeasured ? "" : measured.map { objective.metric.format($0) } ?? ""
  }

  /// One line: `p99 4.21 ms < 5 ms holds`, `errors 2.1 %, not < 0.1 %: missed`.
  package var text: String {
    let metric = objective.metric
    let bound = "\(objective.comparison.rawValue) \(metric.format(objective.bound))"
    switch state {
    case .held where measured == nil: return "\(metric.name) \(bound) holds: \(reason)"
    case .held: return "\(metric.name) \(measuredText) \(bound) holds"
    case .missed: return "\(metric.name) \(measuredText), not \(bound): missed"
    case .notMeasured: return "\(metric.name) \(bound) is not known: \(reason)"
    }
  }
}

extension Objective {
  /// A percentile counts as known when this many requests lie beyond it. The number of requests
  /// beyond the true percentile then varies by about ±√10, a third; with fewer, one more run gives
  /// another answer.
  package static let beyondMin = 10.0

  /// Whether the run kept the objective.
  ///
  /// A percentile with fewer than ``beyondMin`` requests beyond it is not known, unless so many
  /// are on the wrong side of the bound already that it is missed. Of refusals, all are there, not
  /// a sample: if every one is on the good side, or there were none, the objective held.
  package func judge(_ figures: ObjectiveFigures) -> ObjectiveVerdict {
    guard let value = figures.value(metric) else { return unmeasured(figures) }
    let state: ObjectiveVerdict.State = comparison.holds(value, bound) ? .held : .missed
    let verdict = ObjectiveVerdict(objective: self, state: state, measured: value, reason: "")
    guard case .time(let population, let statistic) = metric else { return verdict }
    let times = figures.histogram(population)
    let needed = statistic.requestsNeeded
    // The quotient of decimal fractions is off by a rounding, hence the tolerance.
    guard Double(times.count) < needed * (1 - 1e-9) else { return verdict }
    if isMissedForCertain(times, statistic, state) { return verdict }
    if population == .refusal, comparison.wantsLess, comparison.holds(Double(times.max), bound) {
      return verdict
    }
    return ObjectiveVerdict(
      objective: self, state: .notMeasured, measured: value,
      reason: "not measured enough: \(times.count) requests, and it takes "
        + "\(UInt64((needed - 1e-6).rounded(.up))); run longer")
  }

  /// Successes that it takes to judge all of `objectives`; 0 where any number will do.
  package static func requestsNeeded(_ objectives: [Objective]) -> Double {
    objectives.reduce(0) { needed, objective in
      switch objective.metric {
      case .time(.refusal, _): needed
      case .time(_, let statistic): max(needed, statistic.requestsNeeded)
      default: needed
      }
    }
  }

  private func isMissedForCertain(
    _ times: LatencyHistogram, _ statistic: ObjectiveMetric.Statistic,
    _ state: ObjectiveVerdict.State
  ) -> Bool {
    guard state == .missed, comparison.wantsLess, case .percentile = statistic else { return false }
    let within = times.cumulativeCounts(at: [Int64(min(bound, 9e18))])[0]
    return Double(times.count - within) >= Self.beyondMin
  }

  private func unmeasured(_ figures: ObjectiveFigures) -> ObjectiveVerdict {
    var verdict = ObjectiveVerdict(
      objective: self, state: .notMeasured, measured: nil, reason: "")
    switch metric {
    case .time(.refusal, _) where figures.counts.offered > 0:
      verdict.state = .held
      verdict.reason = "nothing was refused"
    case .time(.lag, _), .time(.wait, _):
      verdict.reason = "a closed loop has no intended send times"
    case .time: verdict.reason = "no request succeeded"
    case .share: verdict.reason = "no request was offered"
    case .perSecond: verdict.reason = "no time was measured"
    case .cpu where figures.serverCPUNanoseconds != nil: verdict.reason = "no request was answered"
    case .cpu, .residentMemory:
      verdict.reason = "the server's process was not found on this machine"
    }
    return verdict
  }
}

extension [ObjectiveVerdict] {
  /// Whether every objective held; one that is not known did not.
  package var allHeld: Bool { allSatisfy { $0.state == .held } }
}

extension ObjectiveMetric.Statistic {
  /// Requests that it takes to know it; see ``Objective/beyondMin``.
  var requestsNeeded: Double {
    switch self {
    case .max: 1
    case .mean: Objective.beyondMin
    // From the nearer end: a percentile below the median is as uncertain as its mirror image.
    case .percentile(let percent): Objective.beyondMin / min(1 - percent / 100, percent / 100)
    }
  }
}
