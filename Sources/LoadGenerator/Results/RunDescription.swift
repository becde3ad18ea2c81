/// What was run, so that a result can be read, and repeated, without the terminal it came from.
package struct RunDescription: Codable, Sendable, Equatable {
  /// What the user calls this run; may be empty.
  package var label = ""
  /// The URL as it was given.
  package var target: String
  /// Name and version as the server tells them; empty if it did not.
  package var server = ""
  /// The model, or the models of the mix.
  package var model: String
  /// The inputs in a few words, for example `random, batch 1, 602 kB binary`.
  package var input = ""
  /// The arrivals or the concurrency in a few words, for example `poisson, 2,000/s`.
  package var load: String
  /// The mean rate asked for, in requests a second; `nil` in a closed loop.
  package var plannedRate: Double?
  /// Requests kept under way; `nil` in an open loop.
  package var concurrency: Int?
  /// Nanoseconds measured, as planned.
  package var durationNanoseconds: Int64
  /// Nanoseconds of load before the first measured request.
  package var warmUpNanoseconds: Int64 = 0
  /// Nanoseconds of one window of the time line.
  package var windowNanoseconds: Int64 = 1_000_000_000
  /// The deadline of goodput, in nanoseconds; `nil` if every answer counts or entries differ.
  package var deadlineNanoseconds: Int64?
  /// Threads that sent.
  package var threads = 1
  /// Where the random numbers started.
  package var seed: UInt64 = 1
  /// When it began: ISO 8601, UTC.
  package var startedAt = ""
  /// The command that repeats it.
  package var command = ""
  /// The version of this program.
  package var version = ""

  package init(target: String, model: String, load: String, durationNanoseconds: Int64) {
    self.target = target
    self.model = model
    self.load = load
    self.durationNanoseconds = durationNanoseconds
  }

  /// Whether requests left by a schedule, so that lag and wait mean something.
  package var isOpenLoop: Bool { concurrency == nil }

  private enum CodingKeys: String, CodingKey {
    case label, target, server, model, input, load, concurrency, threads, seed, command, version
    case plannedRate = "planned_rate"
    case durationNanoseconds = "duration_ns"
    case warmUpNanoseconds = "warm_up_ns"
    case windowNanoseconds = "window_ns"
    case deadlineNanoseconds = "deadline_ns"
    case startedAt = "started_at"
  }
}
