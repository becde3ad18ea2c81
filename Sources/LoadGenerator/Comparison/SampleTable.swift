internal import Timing

/// The samples of one side, laid out so that any weighted merge of them answers at once.
///
/// For each sample, the counts of the buckets that are occupied anywhere, summed from the lowest
/// on. A quantile of a merge is then a binary search, with one addition a sample and step, instead
/// of a merge of thousands of buckets: what makes thousands of resamples cheap.
struct SampleTable: Sendable {
  let count: Int
  /// The middle of each bucket kept, in nanoseconds, ascending.
  private let values: [Double]
  /// Row by bucket, column by sample: requests of the sample up to and in that bucket.
  private let cumulative: [Double]
  private let latencySum: [Double]
  private let latencyCount: [Double]
  private let latencyMax: Double
  private let ok: [Double]
  private let good: [Double]
  private let seconds: [Double]
  private let reached: [Double]
  private let cpu: [Double]?

  init(_ samples: [ComparisonSample]) {
    count = samples.count
    var places: Set<Int> = []
    let occupied = samples.map { $0.latency.occupied }
    for buckets in occupied { for bucket in buckets { places.insert(bucket.index) } }
    let buckets = places.sorted()
    if let shape = samples.first?.latency {
      values = buckets.map { Double(shape.lowerBound(of: $0) + shape.width(of: $0) / 2) }
    } else {
      values = []
    }
    cumulative = Self.sums(occupied, buckets: buckets)
    latencySum = samples.map { Double($0.latency.sum) }
    latencyCount = samples.map { Double($0.latency.count) }
    latencyMax = Double(samples.map { $0.latency.max }.max() ?? 0)
    ok = samples.map { Double($0.counts[.ok]) }
    good = samples.map { Double($0.counts.good) }
    seconds = samples.map { Double($0.elapsedNanoseconds) / 1e9 }
    reached = samples.map { Double($0.counts.reachedServer) }
    let used = samples.compactMap(\.serverCPUNanoseconds).map { Double($0) }
    cpu = used.count == samples.count && !used.isEmpty ? used : nil
  }

  private static func sums(
    _ occupied: [[(index: Int, count: UInt64)]], buckets: [Int]
  ) -> [Double] {
    let columns = occupied.count
    var sums = [Double](repeating: 0, count: columns * buckets.count)
    for (column, own) in occupied.enumerated() {
      var sum = 0.0
      var next = 0
      for (row, bucket) in buckets.enumerated() {
        if next < own.count, own[next].index == bucket {
          sum += Double(own[next].count)
          next += 1
        }
        sums[row * columns + column] = sum
      }
    }
    return sums
  }

  /// The value of a metric if sample `i` had come `weights[i]` times; `nil` where nothing was
  /// measured.
  func value(_ metric: ComparisonMetric, _ weights: [Double]) -> Double? {
    switch metric {
    case .percentile(let quantile): return self.quantile(quantile, weights)
    case .mean: return Self.ratio(latencySum, latencyCount, weights)
    case .throughput: return Self.ratio(ok, seconds, weights)
    case .goodput: return Self.ratio(good, seconds, weights)
    case .cpu: return cpu.flatMap { Self.ratio($0, reached, weights) }
    }
  }

  /// Requests measured in all.
  var total: Double { latencyCount.reduce(0, +) }

  private func quantile(_ quantile: Double, _ weights: [Double]) -> Double? {
    let total = Self.dot(latencyCount, 0, weights)
    guard total > 0, !values.isEmpty else { return nil }
    let rank = Double(LatencyHistogram.rank(of: quantile, in: UInt64(total)))
    var low = 0
    var high = values.count - 1
    while low < high {
      let middle = (low + high) / 2
      if Self.dot(cumulative, middle * count, weights) >= rank {
        high = middle
      } else {
        low = middle + 1
      }
    }
    return min(latencyMax, values[low])
  }

  private static func ratio(_ above: [Double], _ below: [Double], _ weights: [Double]) -> Double? {
    let divisor = dot(below, 0, weights)
    return divisor > 0 ? dot(above, 0, weights) / divisor : nil
  }

  private static func dot(_ values: [Double], _ start: Int, _ weights: [Double]) -> Double {
    var sum = 0.0
    for index in weights.indices { sum += values[start + index] * weights[index] }
    return sum
  }
}
