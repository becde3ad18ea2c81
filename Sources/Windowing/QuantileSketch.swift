/// Quantiles of numbers within a fraction of themselves, in buckets whose width grows with the
/// value.
///
/// C. Masson et al., "DDSketch" (2019): value v > 0 falls in bucket ⌈log_γ v⌉, with
/// γ = (1 + a)/(1 − a). Adding and merging depend on the values alone, never on their order, unless
/// more than ``bucketsMax`` buckets are in use: then those nearest to zero are joined.
struct QuantileSketch: Sendable, Equatable {
  static let bucketsMax = 1024

  /// One bucket: its signed number (0 is zero itself) and how many values it holds.
  struct Bucket: Sendable, Equatable {
    var index: Int32
    var count: UInt32
  }

  let accuracy: Double
  /// Ascending by value; an index and its negative are mirror images.
  private(set) var buckets: [Bucket] = []

  init(accuracy: Double) { self.accuracy = accuracy }

  init(accuracy: Double, buckets: [Bucket]) {
    self.accuracy = accuracy
    self.buckets = buckets
  }

  var count: UInt64 { buckets.reduce(0) { $0 + UInt64($1.count) } }
  var byteCount: Int { buckets.capacity * 8 }

  mutating func add(_ value: Double) { add(Self.index(of: value, accuracy), 1) }

  mutating func merge(_ other: QuantileSketch) {
    for bucket in other.buckets { add(bucket.index, bucket.count) }
  }

  /// The value at `share` (0 to 1) of the sorted values; `nil` without any.
  func quantile(_ share: Double) -> Double? {
    let total = count
    guard total > 0 else { return nil }
    let rank = min(Double(total - 1), (share * Double(total - 1)).rounded(.down))
    var seen: UInt64 = 0
    for bucket in buckets {
      seen += UInt64(bucket.count)
      if Double(seen) > rank { return Self.value(of: bucket.index, accuracy) }
    }
    return nil
  }

  private mutating func add(_ index: Int32, _ count: UInt32) {
    var low = 0
    var high = buckets.count
    while low < high {
      let middle = (low + high) / 2
      if buckets[middle].index < index { low = middle + 1 } else { high = middle }
    }
    if low < buckets.count, buckets[low].index == index {
      buckets[low].count = buckets[low].count.addingReportingOverflow(count).partialValue
    } else {
      buckets.insert(Bucket(index: index, count: count), at: low)
      if buckets.count > Self.bucketsMax { joinSmallest() }
    }
  }

  /// Joins the two neighbours nearest to zero.
  private mutating func joinSmallest() {
    guard
      let place = buckets.indices.dropLast().min(by: {
        max(buckets[$0].index.magnitude, buckets[$0 + 1].index.magnitude)
          < max(buckets[$1].index.magnitude, buckets[$1 + 1].index.magnitude)
      })
    else { return }
    buckets[place + 1].count &+= buckets[place].count
    buckets.remove(at: place)
  }

  /// Values nearer to zero than this are zero.
  private static let smallest = 0x1p-40
  /// Added to a bucket's number so that all are above 0.
  private static let offset = 0x1p20

  static func index(of value: Double, _ accuracy: Double) -> Int32 {
    let magnitude = abs(value)
    guard magnitude >= smallest else { return 0 }
    let ratio = Logarithm.natural((1 + accuracy) / (1 - accuracy))
    let number = Int32((Logarithm.natural(magnitude) / ratio).rounded(.up) + offset)
    return value < 0 ? -number : number
  }

  static func value(of index: Int32, _ accuracy: Double) -> Double {
    guard index != 0 else { return 0 }
    let ratio = Logarithm.natural((1 + accuracy) / (1 - accuracy))
    let power = Double(index.magnitude) - offset
    let middle = Logarithm.exponential(power * ratio) * (1 - accuracy)
    return index < 0 ? -middle : middle
  }
}
