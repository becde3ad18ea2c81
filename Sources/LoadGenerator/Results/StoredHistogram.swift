package import Timing

/// A histogram as a result file keeps it: all its buckets, so that files can be merged and
/// compared later without loss.
///
/// In JSON: `precision_bits` (buckets of an octave, as a power of two), `count`, `sum_ns`,
/// `max_ns` and `buckets`, pairs of index and count for the buckets that are not empty. Bucket
/// `i` of precision `p` begins at `i` ns below `2 << p`, and above at
/// `((1 << p) + i % (1 << p)) << (i / (1 << p) - 1)` ns; the coarsest precision (4) has
/// buckets four times as wide, and begins at four times as much.
package struct StoredHistogram: Codable, Sendable, Equatable {
  package var histogram: LatencyHistogram

  package init(_ histogram: LatencyHistogram) { self.histogram = histogram }

  private enum CodingKeys: String, CodingKey {
    case precision = "precision_bits"
    case count
    case sum = "sum_ns"
    case max = "max_ns"
    case buckets
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let precision = try container.decode(LatencyHistogram.Precision.self, forKey: .precision)
    var occupied: [(index: Int, count: UInt64)] = []
    var list = try container.nestedUnkeyedContainer(forKey: .buckets)
    while !list.isAtEnd {
      var pair = try list.nestedUnkeyedContainer()
      occupied.append((try pair.decode(Int.self), try pair.decode(UInt64.self)))
    }
    guard
      let read = LatencyHistogram(
        precision: precision, occupied: occupied,
        sum: try container.decode(UInt64.self, forKey: .sum),
        max: try container.decode(Int64.self, forKey: .max))
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .buckets, in: container,
        debugDescription: "a bucket lies outside the histogram, or the counts overflow")
    }
    let count = try container.decode(UInt64.self, forKey: .count)
    guard read.count == count else {
      throw DecodingError.dataCorruptedError(
        forKey: .count, in: container,
        debugDescription: "'count' is \(count), but the buckets hold \(read.count)")
    }
    histogram = read
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(histogram.precision, forKey: .precision)
    try container.encode(histogram.count, forKey: .count)
    try container.encode(histogram.sum, forKey: .sum)
    try container.encode(histogram.max, forKey: .max)
    var list = container.nestedUnkeyedContainer(forKey: .buckets)
    for (index, count) in histogram.occupied {
      var pair = list.nestedUnkeyedContainer()
      try pair.encode(index)
      try pair.encode(count)
    }
  }

  package static func == (a: Self, b: Self) -> Bool {
    a.histogram.precision == b.histogram.precision && a.histogram.sum == b.histogram.sum
      && a.histogram.max == b.histogram.max
      && a.histogram.occupied.elementsEqual(b.histogram.occupied, by: ==)
  }
}
