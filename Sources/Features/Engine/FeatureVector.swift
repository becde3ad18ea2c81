/// How much a value is to be trusted.
package enum FeatureStatus: UInt8, Sendable, Hashable, CaseIterable {
  /// Known, and younger than its time to live.
  case fresh
  /// Known, and older than its time to live.
  case stale
  /// Not known, and without a default.
  case missing
  /// The default, for what is missing or too old.
  case `default`
}

/// The values of one service at one instant, in its order. Reused from request to request.
package struct FeatureVector: Sendable, Equatable {
  /// NaN where the status is missing.
  package internal(set) var values: [Double] = []
  package internal(set) var statuses: [FeatureStatus] = []
  /// Nanoseconds from the newest event behind a value to the instant asked for; −1 where nothing
  /// has a time: request fields, and what is known of a key without events.
  package internal(set) var ages: [Int64] = []

  /// An empty vector, which takes its size from the first request.
  package init() {}
}
