/// What to send, when, and for how long.
package struct LoadPlan: Sendable {
  /// What decides when the next request is sent.
  package enum Pacing: Sendable {
    /// Requests leave when the schedule says, whatever the server does.
    case open(ArrivalProcess)
    /// So many requests are under way at any time; each answer is followed by the next request.
    case closed(concurrency: Int)
  }

  /// One kind of request in the mix.
  package struct Entry: Sendable {
    /// The model's name, or what the scenario calls it.
    package var name: String
    /// Its share of the requests, relative to the others'; above 0.
    package var weight: Double
    /// Requests sent in turn; never empty.
    package var requests: [PreparedRequest]
    /// An answer later than this after the intended send is worth nothing (goodput); `nil` counts
    /// every answer.
    package var deadlineNanoseconds: Int64?

    package init(
      name: String, weight: Double = 1, requests: [PreparedRequest],
      deadlineNanoseconds: Int64? = nil
    ) {
      self.name = name
      self.weight = weight
      self.requests = requests
      self.deadlineNanoseconds = deadlineNanoseconds
    }
  }

  package var pacing: Pacing
  package var entries: [Entry]
  /// Nanoseconds measured, after the warm-up.
  package var durationNanoseconds: Int64
  /// Requests that are due at most, warm-up not counted; `nil` is bounded by time alone.
  package var requestsMax: Int?
  /// Nanoseconds of load before the first measured request.
  package var warmUpNanoseconds: Int64 = 0
  /// Connections at the start, over all threads.
  package var connections = 1
  /// Connections at most, over all threads: open loop dials more while arrivals wait.
  package var connectionsMax = 1024
  /// Requests due that may wait for a connection; further ones are ``Outcome/unsent``.
  package var waitingMax = 1 << 20
  /// Event loops that send.
  package var threads = 1
  /// Nanoseconds after which a request counts as ``Outcome/unanswered``.
  package var timeoutNanoseconds: Int64 = 10_000_000_000
  /// Where the random numbers of arrivals and mix start.
  package var seed: UInt64 = 1
  /// Nanoseconds of one window of the time line.
  package var windowNanoseconds: Int64 = 1_000_000_000

  package init(pacing: Pacing, entries: [Entry], durationNanoseconds: Int64) {
    self.pacing = pacing
    self.entries = entries
    self.durationNanoseconds = durationNanoseconds
  }
}
