/// What two servers are compared by.
package enum ComparisonMetric: Sendable, Hashable {
  /// Latency of successes from the intended send; above 0, below 1.
  case percentile(Double)
  case mean
  /// Successes a second.
  case throughput
  /// Successes inside their deadline a second.
  case goodput
  /// CPU time of the server for each request that reached it.
  case cpu

  /// What a comparison shows unless told otherwise.
  package static let standard: [ComparisonMetric] = [
    .percentile(0.5), .percentile(0.9), .percentile(0.99), .percentile(0.999), .mean, .throughput,
    .goodput, .cpu,
  ]

  /// The metric's name, for example `p99.9`.
  package var name: String {
    switch self {
    case .percentile(let quantile):
      // 0.999 · 100 is not 99.9 to the last bit.
      ObjectiveMetric.time(.latency, .percentile((quantile * 1e8).rounded() / 1e6)).name
    case .mean: "mean"
    case .throughput: "throughput"
    case .goodput: "goodput"
    case .cpu: "cpu"
    }
  }

  /// Whether large values are the good ones.
  package var moreIsBetter: Bool { self == .throughput || self == .goodput }

  /// A value of the metric (nanoseconds, requests a second) as people read it.
  package func format(_ value: Double) -> String {
    switch self {
    case .percentile, .mean, .cpu: ObjectiveMetric.cpu.format(value)
    case .throughput, .goodput: ObjectiveMetric.perSecond(.throughput).format(value)
    }
  }
}
