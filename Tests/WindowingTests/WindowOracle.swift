import Foundation
import Windowing

/// One event of a test.
struct OracleEvent {
  var row: EventRow

  static func random(time: Int64, using random: inout SeededGenerator) -> OracleEvent {
    var row = EventRow(values: 2, hashes: 1)
    row.time = time
    row.order = random.next() >> 40
    row.filters = UInt64.random(in: 0...1, using: &random)
    row.presentValues = UInt64.random(in: 0...3, using: &random)
    row.presentHashes = row.presentValues & 1
    // Multiples of 1/8 around a large mean: what is exact stays exact in the oracle's doubles.
    row.values[0] = Double(Int64.random(in: -800...800, using: &random)) / 8
    row.values[1] = 1e6 + Double(Int64.random(in: 0...100, using: &random))
    row.hashes[0] = UInt64.random(in: 0...12, using: &random) &* 0x9E37_79B9_7F4A_7C15
    return OracleEvent(row: row)
  }
}

/// The answers from the definition: all events, one loop.
struct WindowOracle {
  let plan: AggregatePlan
  let events: [OracleEvent]

  private func covered(_ window: Int, at time: Int64) -> [EventRow] {
    let spec = plan.windows[window]
    let start = Int64((Double(time - spec.delay) / Double(spec.hop)).rounded(.down)) * spec.hop
    return events.map(\.row)
      .filter { $0.time >= start - spec.length && $0.time < start + spec.hop }
  }

  func newest(in window: Int, at time: Int64) -> Int64? {
    covered(window, at: time).map(\.time).max()
  }

  func answer(_ output: AggregateOutput, at time: Int64) -> Double? {
    var rows = covered(output.window, at: time)
    if output.filter != nil { rows = rows.filter { $0.filters & 1 == 1 } }
    let input = output.input ?? 0
    if output.input != nil { rows = rows.filter { $0.presentValues >> UInt64(input) & 1 == 1 } }
    let values = rows.map { $0.values[input] }
    let sum = values.reduce(0, +)
    let ordered = rows.sorted { ($0.time, $0.order) < ($1.time, $1.order) }
    let asked = time - plan.windows[output.window].delay
    func weight(_ row: EventRow, _ halfLife: Int64) -> Double {
      exp2(-Double(asked - row.time) / Double(halfLife))
    }
    switch output.aggregate {
    case .count: return Double(rows.count)
    case .sum: return sum
    case .mean: return rows.isEmpty ? nil : sum / Double(rows.count)
    case .minimum: return values.min()
    case .maximum: return values.max()
    case .variance, .standardDeviation:
      guard rows.count > 1 else { return nil }
      let mean = sum / Double(rows.count)
      let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      let variance = squares / Double(rows.count - 1)
      return output.aggregate == .variance ? variance : variance.squareRoot()
    case .rate: return Double(rows.count) / (Double(plan.windows[output.window].length) / 1e9)
    case .first: return ordered.first?.values[input]
    case .last: return ordered.last?.values[input]
    case .distinct: return Double(Set(rows.map { $0.hashes[0] }).count)
    case .quantile(let share, _):
      guard !values.isEmpty else { return nil }
      return values.sorted()[Int((share * Double(values.count - 1)).rounded(.down))]
    case .decayedSum(let halfLife):
      return rows.reduce(0) { $0 + $1.values[input] * weight($1, halfLife) }
    case .decayedCount(let halfLife): return rows.reduce(0) { $0 + weight($1, halfLife) }
    }
  }

  /// Exact where the table promises it; within its accuracy elsewhere.
  func agree(_ seen: Double, _ expected: Double, _ output: AggregateOutput) -> Bool {
    switch output.aggregate {
    case .count, .sum, .mean, .minimum, .maximum, .rate, .first, .last: seen == expected
    case .variance, .standardDeviation: abs(seen - expected) <= 1e-9 * max(1, expected)
    case .distinct: abs(seen - expected) <= 0.5 + 0.5 * expected
    case .quantile(_, let accuracy): abs(seen - expected) <= accuracy * abs(expected) * 1.000001
    case .decayedSum, .decayedCount: abs(seen - expected) <= 1e-6 * max(1, abs(expected))
    }
  }
}
