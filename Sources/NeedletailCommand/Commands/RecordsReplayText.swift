import Decisions
import Foundation
import Timing

/// What came of a replay, for people.
enum RecordsReplayText {
  static func lines(_ report: ReplayReport) -> [String] {
    var lines = ["\(report.total) records, \(report.replayed) decided again"]
    lines += list("not decided", report.notReplayable.map { ($0.description, $1) })
    guard report.replayed > 0 else { return lines }
    lines.append("flips: \(share(report.flips, of: report.replayed))")
    lines += matrix(report)
    lines += list("flips by", report.flipsByDecider.map { ("\($0.before) -> \($0.after)", $1) })
    lines += list("reasons gained", report.reasonsGained.map { ($0, $1) })
    lines += list("reasons lost", report.reasonsLost.map { ($0, $1) })
    let before = share(report.degradedBefore, of: report.replayed)
    let after = share(report.degradedAfter, of: report.replayed)
    lines.append(
      "degraded: recorded \(before), now \(after), \(report.degradedFlips) flips among the latter")
    lines += list("degraded now by", report.degradedReasons.map { ($0, $1) })
    if report.scoreMoves.count > 0 {
      let moves = [0.5, 0.9, 0.99].map { Double(report.scoreMoves.quantile($0)) / 1e6 }
      lines.append(
        String(
          format: "scores moved by: p50 %.6f, p90 %.6f, p99 %.6f, at most %.6f", moves[0],
          moves[1], moves[2], Double(report.scoreMoves.max) / 1e6))
    }
    let times = [0.5, 0.99, 0.999].map { Double(report.times.quantile($0)) / 1e3 }
    lines.append(
      String(
        format: "time of a decision: p50 %.1f µs, p99 %.1f µs, p99.9 %.1f µs", times[0], times[1],
        times[2]))
    return lines
  }

  /// Recorded outcomes down, new ones across.
  private static func matrix(_ report: ReplayReport) -> [String] {
    let names = Set(report.outcomes.keys.flatMap { [$0.before, $0.after] }).sorted()
    let width = max(8, (names.map(\.count).max() ?? 0) + 2)
    func cell(_ text: String) -> String {
      String(repeating: " ", count: max(1, width - text.count)) + text
    }
    let title = "recorded"
    let first = max(title.count, names.map(\.count).max() ?? 0)
    var lines = [title.padding(toLength: first, withPad: " ", startingAt: 0)]
    lines[0] += names.map(cell).joined() + "   now"
    for before in names {
      let counts = names.map { after in
        cell("\(report.outcomes[.init(before: before, after: after)] ?? 0)")
      }
      lines.append(before.padding(toLength: first, withPad: " ", startingAt: 0) + counts.joined())
    }
    return lines
  }

  private static func list(_ title: String, _ counts: [(String, Int)]) -> [String] {
    guard !counts.isEmpty else { return [] }
    let ranked = counts.sorted { ($1.1, $0.0) < ($0.1, $1.0) }
    return ["\(title): " + ranked.map { "\($0.0) \($0.1)" }.joined(separator: ", ")]
  }

  private static func share(_ count: Int, of total: Int) -> String {
    "\(count) (" + String(format: "%.2f %%", Double(count) / Double(max(1, total)) * 100) + ")"
  }
}
