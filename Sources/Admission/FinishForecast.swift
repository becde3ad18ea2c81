package import Timing

/// What stands between a request and its answer when it arrives.
package struct Backlog: Sendable, Equatable {
  /// Predicted nanoseconds left of the batches that run now, summed over instances.
  package var runningNanoseconds: Double
  /// Rows that will run before the request.
  package var rowsAhead: Int
  /// Instances that share the work; at least 1.
  package var instances: Int
  /// Rows that one batch holds at most; at least 1.
  package var batchRowsMax: Int

  package init(runningNanoseconds: Double, rowsAhead: Int, instances: Int, batchRowsMax: Int) {
    self.runningNanoseconds = runningNanoseconds
    self.rowsAhead = rowsAhead
    self.instances = instances
    self.batchRowsMax = batchRowsMax
  }
}

/// Predicts when a request would be answered, and whether that is worth starting.
///
/// The work ahead is shared evenly by the instances; the request's own run follows it, and is as
/// long as a full batch if there is work ahead: others will share it. A margin
/// covers the spread of run times: a refusal at the door costs the caller microseconds, a broken
/// promise costs the whole deadline.
package enum FinishForecast {
  /// The share of the predicted time that is kept as margin.
  package static let marginShare = 0.1
  /// Deviations of one run that are kept as margin.
  package static let marginDeviations = 4.0

  /// Predicted nanoseconds until the request's own run starts.
  package static func wait(_ backlog: Backlog, _ service: ServiceTime) -> Double {
    let ahead = service.work(rows: backlog.rowsAhead, batchRowsMax: backlog.batchRowsMax)
    return (backlog.runningNanoseconds + ahead) / Double(backlog.instances)
  }

  /// Whether a request of `rows` rows that arrives `now` is predicted to finish by `deadline`.
  ///
  /// - Returns: `nil` if it is, otherwise the predicted wait in nanoseconds.
  package static func refusal(
    rows: Int, deadline: MonotonicInstant, now: MonotonicInstant, backlog: Backlog,
    service: ServiceTime
  ) -> Int64? {
    guard deadline != .distantFuture else { return nil }
    let wait = wait(backlog, service)
    let shared = backlog.rowsAhead == 0 ? rows : max(rows, backlog.batchRowsMax)
    let total = wait + service.batch(rows: shared)
    // An idle server needs no margin for what waits, only for its own run.
    let margin =
      backlog.rowsAhead == 0 && backlog.runningNanoseconds == 0
      ? 0 : total * marginShare + service.deviationNanoseconds * marginDeviations
    return total + margin > Double(deadline.since(now)) ? Int64(wait) : nil
  }
}
