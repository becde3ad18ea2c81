/// How often each latency was seen: durations in nanoseconds, in buckets whose width grows with
/// the value, so every quantile is known to within a fraction of itself.
///
/// Covers 0 to 274 s. A longer duration is counted in the last bucket; ``max`` and ``sum`` keep it
/// whole. Two histograms of one precision merge without loss, so each thread records into its own.
///
/// A value type of one array of counters (see ``Precision``). Recording is a handful of integer
/// instructions and one increment. Not synchronised: one writer, or a lock around it.
package struct LatencyHistogram: Sendable {
  /// How fine the buckets are: the error of a quantile against the memory of a histogram.
  package enum Precision: Int, Sendable, Hashable, Codable {
    /// Within 1/32: 16 buckets an octave, 4 KiB. For what a server keeps by the dozen.
    case thirtySecond = 4
    /// Within 1/256: 128 buckets an octave, 31 KiB. For short windows of a measurement.
    case twoHundredFiftySixth = 7
    /// Within 1/2048, three digits: 1024 buckets an octave, 232 KiB. For a measurement.
    case twoThousandth = 10

    /// Buckets of one octave, as a power of two.
    fileprivate var octaveBits: Int { rawValue }
    /// Values below two to this power share the finest width: 4 ns, or 1 ns where that would be
    /// coarser than the precision.
    fileprivate var linearBits: Int { self == .thirtySecond ? 6 : rawValue }
  }

  /// Values are counted as if below two to this power (274 s).
  private static let rangeBits = 38
  private static let largest = Int64(1) << rangeBits - 1

  /// How fine the buckets are.
  package let precision: Precision
  private let octaveBits: Int
  private let linearBits: Int
  private var counts: [UInt64]

  /// Durations recorded.
  package private(set) var count: UInt64 = 0
  /// The sum of all durations, in nanoseconds; wraps after 584 years of recorded time.
  package private(set) var sum: UInt64 = 0
  /// The longest duration, in nanoseconds; 0 if nothing was recorded.
  package private(set) var max: Int64 = 0

  /// An empty histogram.
  package init(precision: Precision = .thirtySecond) {
    self.precision = precision
    octaveBits = precision.octaveBits
    linearBits = precision.linearBits
    counts = [UInt64](
      repeating: 0, count: (Self.rangeBits - linearBits + 1) << precision.octaveBits)
  }

  /// Records one duration in nanoseconds; a negative one counts as 0.
  package mutating func record(_ nanoseconds: Int64) {
    record(nanoseconds, times: 1)
  }

  /// Records the same duration (in nanoseconds, negative counts as 0) `times` times, as for the
  /// members of one batch.
  package mutating func record(_ nanoseconds: Int64, times: UInt64) {
    let value = Swift.max(0, nanoseconds)
    counts[index(of: value)] &+= times
    count &+= times
    sum &+= UInt64(truncatingIfNeeded: value) &* times
    if times > 0, value > max { max = value }
  }

  /// Adds everything `other`, of the same precision, recorded.
  package mutating func merge(_ other: LatencyHistogram) {
    precondition(precision == other.precision, "histograms of two precisions do not merge")
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
    let rank = Self.rank(of: quantile, in: count)
    var seen: UInt64 = 0
    for index in counts.indices {
      seen &+= counts[index]
      if seen >= rank {
        if index == counts.count - 1 { return max }
        return Swift.min(max, lowerBound(of: index) + width(of: index) / 2)
      }
    }
    return max
  }

  /// The place, from 1, of a quantile (0 to 1, values outside are clamped) among `count` sorted
  /// values: the smallest that leaves no more than the fraction of all before and at it.
  package static func rank(of quantile: Double, in count: UInt64) -> UInt64 {
    let fraction = quantile.isNaN ? 1 : Swift.min(1, Swift.max(0, quantile))
    // 99.9 / 100 is a little above 0.999, and must not lead to the 1000th of 1000.
    let exact = (fraction * Double(count) * (1 - 0x1p-50)).rounded(.up)
    return exact >= Double(count) ? count : Swift.max(1, UInt64(exact))
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
      while index < counts.count,
        lowerBound(of: index) + width(of: index) / 2 <= boundary
      {
        seen &+= counts[index]
        index += 1
      }
      result.append(seen)
    }
    return result
  }

  /// The buckets that are not empty, in ascending order: each one's index and count.
  package var occupied: [(index: Int, count: UInt64)] {
    counts.indices.compactMap { counts[$0] == 0 ? nil : ($0, counts[$0]) }
  }

  /// Buckets of this precision; an index of ``occupied`` is below it.
  package var bucketCount: Int { counts.count }

  /// A histogram as ``occupied``, ``sum`` and ``max`` of another describe it.
  ///
  /// - Returns: `nil` if an index is none of this precision's or the counts overflow.
  package init?(
    precision: Precision, occupied: [(index: Int, count: UInt64)], sum: UInt64, max: Int64
  ) {
    self.init(precision: precision)
    for (index, added) in occupied {
      let (total, overflow) = count.addingReportingOverflow(added)
      guard counts.indices.contains(index), !overflow else { return nil }
      counts[index] &+= added
      count = total
    }
    self.sum = sum
    self.max = max
  }

  /// The bucket of a duration in nanoseconds; a negative one counts as 0.
  package func bucket(of nanoseconds: Int64) -> Int { index(of: Swift.max(0, nanoseconds)) }

  /// The smallest duration, in nanoseconds, that a bucket counts.
  package func lowerBound(of index: Int) -> Int64 {
    let octave = octave(of: index)
    let step = index - (octave - linearBits) << octaveBits
    return Int64(step) << Int64(octave - octaveBits)
  }

  /// How many nanoseconds share a bucket.
  package func width(of index: Int) -> Int64 {
    1 << Int64(octave(of: index) - octaveBits)
  }

  /// The bucket of a value that is not negative.
  private func index(of value: Int64) -> Int {
    let clamped = Swift.min(value, Self.largest)
    let octave = 63 - (clamped | (1 << linearBits)).leadingZeroBitCount
    return (octave - linearBits) << octaveBits + Int(clamped >> Int64(octave - octaveBits))
  }

  private func octave(of index: Int) -> Int {
    index < 2 << octaveBits ? linearBits : index >> octaveBits + linearBits - 1
  }
}
