/// One clause of what a run must keep, for example `p99.9<5ms`.
///
/// In a file it is its text.
package struct Objective: Sendable, Equatable {
  /// Which side of the bound is good.
  package enum Comparison: String, Sendable, Equatable {
    case below = "<"
    case atMost = "<="
    case above = ">"
    case atLeast = ">="

    /// Whether `value` is on the good side of `bound`.
    package func holds(_ value: Double, _ bound: Double) -> Bool {
      switch self {
      case .below: value < bound
      case .atMost: value <= bound
      case .above: value > bound
      case .atLeast: value >= bound
      }
    }

    /// Whether small values are the good ones.
    package var wantsLess: Bool { self == .below || self == .atMost }
  }

  /// The clause as it was written, without spaces around it.
  package var text: String
  package var metric: ObjectiveMetric
  package var comparison: Comparison
  /// Nanoseconds, a share from 0 to 1, requests a second, or bytes.
  package var bound: Double

  package init(
    text: String, metric: ObjectiveMetric, comparison: Comparison, bound: Double
  ) {
    self.text = text
    self.metric = metric
    self.comparison = comparison
    self.bound = bound
  }

  /// Reads clauses joined by commas: `p99.9<5ms,errors<0.1%,goodput>99%`.
  ///
  /// A clause is a metric, one of `<`, `<=`, `>`, `>=`, and a number with its unit; spaces between
  /// them do not matter.
  ///
  /// - `p50` … `p99.999`, `mean`, `max`, of other times than latency with `service.`, `refusal.`,
  ///   `lag.` or `wait.` before it: ns, us, ms, s.
  /// - `errors`, `refused`, `expired`, `failed`, `connection`, `unanswered`, `unsent`, `late`,
  ///   `goodput`: % of the offered requests.
  /// - `rate` (offered), `throughput`, `goodput`: /s.
  /// - `cpu` (the server's, for each request): ns, us, ms, s.
  /// - `rss` (the server's memory): B, KB, MB, GB, KiB, MiB, GiB.
  ///
  /// - Throws: ``BenchInputError`` with the column and what may stand there.
  package static func parse(_ text: String) throws(BenchInputError) -> [Objective] {
    guard text.count <= 4096 else {
      throw BenchInputError("the objectives are longer than 4096 characters; use fewer")
    }
    var result: [Objective] = []
    var start = text.startIndex
    while true {
      let end = text[start...].firstIndex(of: ",") ?? text.endIndex
      var parser = ObjectiveParser(whole: text, clause: text[start..<end])
      result.append(try parser.parse())
      guard end < text.endIndex else { return result }
      start = text.index(after: end)
    }
  }

  /// `objectives` and, if none of them bounds how many requests may fail, one that does.
  ///
  /// Latency is that of successes: without such a bound, a server that turns nearly everything
  /// away keeps any latency. Bounds from above on `errors`, and from below on `goodput` or
  /// `throughput`, count.
  package static func boundingErrors(_ objectives: [Objective]) -> [Objective] {
    let isBounded = objectives.contains { objective in
      switch objective.metric {
      case .share(.errors): objective.comparison.wantsLess
      case .share(.goodput), .perSecond(.goodput), .perSecond(.throughput):
        !objective.comparison.wantsLess
      default: false
      }
    }
    guard !isBounded else { return objectives }
    return objectives + [
      Objective(text: "errors<1%", metric: .share(.errors), comparison: .below, bound: 0.01)
    ]
  }
}

extension Objective: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    let parsed: [Objective]
    do {
      parsed = try Self.parse(text)
    } catch {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(error)")
    }
    guard let first = parsed.first, parsed.count == 1 else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "'\(text)' holds \(parsed.count) objectives, not one")
    }
    self = first
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}
