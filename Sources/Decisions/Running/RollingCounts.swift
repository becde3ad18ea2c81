/// What happened in the last stretch of time, in ten buckets: old buckets fall out whole.
struct RollingCounts: Sendable {
  /// Three counters that belong together.
  struct Counts: Sendable, Equatable {
    var all = 0
    var first = 0
    var second = 0

    static func += (a: inout Counts, b: Counts) {
      a.all += b.all
      a.first += b.first
      a.second += b.second
    }

    static func -= (a: inout Counts, b: Counts) {
      a.all -= b.all
      a.first -= b.first
      a.second -= b.second
    }
  }

  private static let bucketCount: Int64 = 10

  private let width: Int64
  private var buckets = InlineArray<10, Counts>(repeating: Counts())
  /// The number of the newest bucket since time began.
  private var newest = Int64.min
  private(set) var total = Counts()

  /// - Parameter window: nanoseconds covered.
  init(window: Int64) { width = max(1, window / Self.bucketCount) }

  /// Forgets what is older than the window.
  mutating func advance(to now: Int64) {
    let bucket = now / width
    guard bucket > newest else { return }
    let steps = newest == .min ? Self.bucketCount : min(bucket - newest, Self.bucketCount)
    for step in 0..<steps {
      let place = Self.place(bucket - step)
      total -= buckets[place]
      buckets[place] = Counts()
    }
    newest = bucket
  }

  /// Adds to the bucket of `now`, which is not before any earlier one.
  mutating func add(_ counts: Counts, now: Int64) {
    advance(to: now)
    buckets[Self.place(newest)] += counts
    total += counts
  }

  /// The first buckets reach back to before time began.
  private static func place(_ bucket: Int64) -> Int {
    Int((bucket % bucketCount + bucketCount) % bucketCount)
  }

  /// Forgets everything.
  mutating func clear() {
    for place in buckets.indices { buckets[place] = Counts() }
    total = Counts()
  }
}
