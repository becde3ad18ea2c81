package import Timing

/// The percentiles of one histogram, in nanoseconds.
///
/// In JSON one key a percentile (`p50_ns` … `p99_99_ns`), and under `sparse` the names of those
/// with fewer than ten requests beyond them, which one more run may move a lot.
package struct LatencyFigures: Codable, Sendable, Equatable {
  /// One percentile that is always reported.
  package struct Percentile: Sendable, Equatable {
    package var quantile: Double
    /// `p99.9`.
    package var name: String
    /// `p99_9_ns`.
    package var key: String
  }

  /// What is reported, ascending.
  package static let percentiles = [
    Percentile(quantile: 0.5, name: "p50", key: "p50_ns"),
    Percentile(quantile: 0.75, name: "p75", key: "p75_ns"),
    Percentile(quantile: 0.9, name: "p90", key: "p90_ns"),
    Percentile(quantile: 0.95, name: "p95", key: "p95_ns"),
    Percentile(quantile: 0.99, name: "p99", key: "p99_ns"),
    Percentile(quantile: 0.999, name: "p99.9", key: "p99_9_ns"),
    Percentile(quantile: 0.9999, name: "p99.99", key: "p99_99_ns"),
  ]
  /// A percentile with fewer requests beyond it than this is marked.
  package static let beyondMin = 10.0

  package var count: UInt64
  package var mean: Double
  package var max: Int64
  /// In the order of ``percentiles``.
  package var values: [Int64]

  package init(_ histogram: LatencyHistogram) {
    count = histogram.count
    mean = histogram.mean
    max = histogram.max
    values = Self.percentiles.map { histogram.quantile($0.quantile) }
  }

  /// Whether nothing was measured: every value is 0 then.
  package var isEmpty: Bool { count == 0 }

  /// A percentile by its name, for example `p99.9`; `nil` if it is none of ``percentiles``.
  package subscript(_ name: String) -> Int64? {
    Self.percentiles.firstIndex { $0.name == name }.map { values[$0] }
  }

  /// Whether fewer than ten requests lie beyond a quantile (0 to 1).
  package func isSparse(_ quantile: Double) -> Bool {
    // The product of a count and a decimal fraction is off by a rounding, hence the tolerance.
    Double(count) * (1 - quantile) < Self.beyondMin - 1e-6
  }

  private struct Key: CodingKey {
    let stringValue: String
    let intValue: Int? = nil
    init(_ text: String) { stringValue = text }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    count = try container.decode(UInt64.self, forKey: Key("count"))
    mean = try container.decode(Double.self, forKey: Key("mean_ns"))
    max = try container.decode(Int64.self, forKey: Key("max_ns"))
    values = try Self.percentiles.map { try container.decode(Int64.self, forKey: Key($0.key)) }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(count, forKey: Key("count"))
    try container.encode(mean, forKey: Key("mean_ns"))
    try container.encode(max, forKey: Key("max_ns"))
    for (percentile, value) in zip(Self.percentiles, values) {
      try container.encode(value, forKey: Key(percentile.key))
    }
    let sparse = Self.percentiles.filter { isSparse($0.quantile) }.map(\.name)
    try container.encode(sparse, forKey: Key("sparse"))
  }
}
