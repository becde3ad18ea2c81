/// How far a source has come in event time, and what is too early or too late for it.
struct SourceClock: Sendable {
  let lateness: Int64
  let future: Int64
  /// The newest event time accepted; `nil` before the first.
  private(set) var newest: Int64?

  enum Verdict: Sendable, Equatable {
    case onTime
    /// Nanoseconds behind the newest event.
    case late(behind: Int64)
    /// Nanoseconds ahead of whichever is later: the newest event or `now`.
    case future(ahead: Int64)
  }

  init(lateness: Int64, future: Int64) {
    self.lateness = lateness
    self.future = future
  }

  /// The oldest event time that is not late.
  var oldestAccepted: Int64 { newest.map { $0 - lateness } ?? .min }

  /// - Parameter now: what the caller takes for the present, nanoseconds since 1970.
  func judge(_ time: Int64, now: Int64) -> Verdict {
    if let newest, time < newest - lateness { return .late(behind: newest - time) }
    let latest = max(newest ?? now, now)
    let (limit, overflow) = latest.addingReportingOverflow(future)
    if !overflow, time > limit { return .future(ahead: time - latest) }
    return .onTime
  }

  mutating func advance(to time: Int64) { newest = max(newest ?? time, time) }
}
