internal import Timing

/// A histogram from the side of its percentiles: quick to ask for many of them.
struct CumulativeCurve: Sendable {
  private var steps: [(seen: UInt64, value: Int64)] = []
  let count: UInt64

  init(_ histogram: LatencyHistogram) {
    count = histogram.count
    var seen: UInt64 = 0
    for (index, count) in histogram.occupied {
      seen += count
      // The last bucket holds whatever was too long for the others.
      let middle =
        index == histogram.bucketCount - 1
        ? histogram.max : histogram.lowerBound(of: index) + histogram.width(of: index) / 2
      steps.append((seen, min(histogram.max, middle)))
    }
  }

  /// As ``LatencyHistogram/quantile(_:)``; 0 if nothing was recorded.
  func quantile(_ quantile: Double) -> Int64 {
    let rank = max(1, min(Double(count), (quantile * Double(count)).rounded(.up)))
    var low = 0
    var high = steps.count
    while low < high {
      let middle = (low + high) / 2
      if Double(steps[middle].seen) >= rank { high = middle } else { low = middle + 1 }
    }
    return low < steps.count ? steps[low].value : steps.last?.value ?? 0
  }

  /// Points from quantile 0 to where `beyond` requests are left, evenly by their number of nines.
  func points(until beyond: Double, from start: Double = 0) -> [(quantile: Double, value: Int64)] {
    guard count > 0 else { return [] }
    let end = max(start, 1 - beyond / Double(count))
    let scale = AxisScale(.nines, low: 0, high: end, from: 0, to: 1)
    let first = scale.place(start)
    let last = scale.place(end)
    return (0...160).map { step in
      let part = first + (last - first) * Double(step) / 160
      let quantile = min(end, scale.value(at: part))
      return (quantile, self.quantile(quantile))
    }
  }
}
