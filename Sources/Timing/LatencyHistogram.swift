/// How often each latency was seen: durations in nanoseconds, in buckets whose width grows with
/// the value, so every quantile is known to within 1/32 of itself.
///
/// Covers 0 to 274 s: 16 buckets an octave, and steps of 4 ns below 128 ns. A longer duration is
/// counted in the last bucket; ``max`` and ``sum`` keep it whole. Two histograms merge without
/// loss, so each thread records into its own.
///
/// A value type of one array of 528 counters (4 KiB). Recording is a handful of integer
/// instructions and one increment. Not synchronised: one writer, or a lock around it.
package struct LatencyHistogram: Sendable {
  /// Buckets of one octave, as a power of two.
  private static let octaveBits = 4
  /// Values below two to this power share the finest width.
  private static let linearBits = 6
  /// Values are counted as if below two to this power (274 s).
  private static let rangeBits = 38
  private static let largest = Int64(1) << rangeBits - 1
  private static let bucketCount = (rangeBits - linearBits + 1) << octaveBits

  private var counts: [UInt64]

  /// Durations recorded.
  package private(set) var count: UInt64 = 0
  /// The sum of all durations, in nanoseconds; wraps after 584 years of recorded time.
  package private(set) var sum: UInt64 = 0
  /// The longest duration, in nanoseconds; 0 if nothing was recorded.
  package private(set) var max: Int64 = 0

  /// An empty histogram.
  package init() {
    counts = [UInt64](repeating: 0, count: Self.bucketCount)
  }

  /// Records one duration in nanoseconds; a negative one counts as 0.
  package mutating func record(_ nanoseconds: Int64) {
    record(nanoseconds, times: 1)
  }

  /// Records the same duration (in nanoseconds, negative counts as 0) `times` times, as for the
  /// members of one batch.
  package mutating func record(_ nanoseconds: Int64, times: UInt64) {
    let value = Swift.max(0, nanoseconds)
    counts[Self.index(of: value)] &+= times
    count &+= times
    sum &+= UInt64(truncatingIfNeeded: value) &* times
    if times > 0, value > max { max = value }
  }

  /// Adds everything `other` recorded.
  package mutating func merge(_ other: LatencyHistogram) {
    for index in counts.indices { counts[index] &+= other.counts[index] }
    count &+= other.count
    sum &+= other.sum
    max = Swift.max(max, other.max)
  }

  /// The mean in nanoseconds; 0 if nothing was recorded.
  package var mean: Double { count == 0 ? 0 : Double(sum) / Double(count) }

  /// The duration in nanoseconds that a fraction `quantile` (0 to 1, values outside are clamped)
  /// of all durations does not exceed: the middle of the bucket it falls in, at most ``max``.
  /// 0 if nothing was recorded.
  package func quantile(_ quantile: Double) -> Int64 {
    guard count > 0 else { return 0 }
    let fraction = quantile.isNaN ? 1 : Swift.min(1, Swift.max(0, quantile))
    let exact = (fraction * Double(count)).rounded(.up)
    let rank = exact >= Double(count) ? count : Swift.max(1, UInt64(exact))
    var seen: UInt64 = 0
    for index in counts.indices {
      seen &+= counts[index]
      if seen >= rank {
        if index == Self.bucketCount - 1 { return max }
        return Swift.min(max, Self.lowerBound(of: index) + Self.width(of: index) / 2)
      }
    }
    return max
  }

  /// How many durations were at most each of `boundaries` (nanoseconds, ascending), in one pass.
  ///
  /// A bucket belongs to the first boundary that is not below its middle, so a boundary is exact
  /// to within 1/32 of itself. The counts never fall from one boundary to the next.
  package func cumulativeCounts(at boundaries: [Int64]) -> [UInt64] {
    var result: [UInt64] = []
    result.reserveCapacity(boundaries.count)
    var index = 0
    var seen: UInt64 = 0
    for boundary in boundaries {
      while index < Self.bucketCount,
        Self.lowerBound(of: index) + Self.width(of: index) / 2 <= boundary
      {
        seen &+= counts[index]
        index += 1
      }
      result.append(seen)
    }
    return result
  }

  /// The bucket of a value that is not negative.
  private static func index(of value: Int64) -> Int {
    let clamped = Swift.min(value, largest)
    let octave = 63 - (clamped | (1 << linearBits)).leadingZeroBitCount
    return (octave - linearBits) << octaveBits + Int(clamped >> Int64(octave - octaveBits))
  }

  private static func octave(of index: Int) -> Int {
    index < 2 << octaveBits ? linearBits : index >> octaveBits + linearBits - 1
  }

  /// The smallest value of the bucket.
  private static func lowerBound(of index: Int) -> Int64 {
    let octave = octave(of: index)
    let step = index - (octave - linearBits) << octaveBits
    return Int64(step) << Int64(octave - octaveBits)
  }

  /// How many values share the bucket.
  private static func width(of index: Int) -> Int64 {
    1 << Int64(octave(of: index) - octaveBits)
  }
}
