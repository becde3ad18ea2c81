/// How a model's queue forms batches; fixed while the model is loaded.
package struct BatchPolicy: Sendable, Equatable {
  /// What happens to a request that has waited longer than its class allows.
  package enum TimeoutAction: Sendable, Equatable {
    /// It is answered with an error.
    case reject
    /// It goes behind every request that has not.
    case delay
  }

  /// The bounds of one priority class.
  package struct ClassPolicy: Sendable, Equatable {
    package var timeoutAction: TimeoutAction
    /// Nanoseconds a request may wait; 0 is without bound.
    package var timeoutNanoseconds: Int64
    /// Requests of the class that may wait; 0 is without a bound of its own.
    package var requestsMax: Int

    package init(
      timeoutAction: TimeoutAction = .reject, timeoutNanoseconds: Int64 = 0, requestsMax: Int = 0
    ) {
      self.timeoutAction = timeoutAction
      self.timeoutNanoseconds = timeoutNanoseconds
      self.requestsMax = requestsMax
    }
  }

  /// Rows of a batch at most; 1 for a model that does not batch.
  package var batchRowsMax: Int
  /// Batch sizes to cut at where possible, ascending; empty for none.
  package var preferredRows: [Int]
  /// How long an idle instance may wait for company, in nanoseconds; 0 never waits.
  package var delayNanoseconds: Int64
  /// One entry a class; the first is the most urgent. At least one.
  package var classes: [ClassPolicy]
  /// The class, from 1, of a request that names none.
  package var defaultPriority: Int
  /// Rows that may wait in all; at least 1.
  package var queueRowsMax: Int
  /// Input bytes that may wait in all; at least 1.
  package var queueBytesMax: Int
  /// A waiting request rises one class each time it has waited this long, in nanoseconds, and a
  /// request without a deadline is ordered as if it had to start by then. Bounds starvation.
  package var ageingNanoseconds: Int64

  package init(
    batchRowsMax: Int, preferredRows: [Int] = [], delayNanoseconds: Int64 = 0,
    classes: [ClassPolicy] = [ClassPolicy()], defaultPriority: Int = 1,
    queueRowsMax: Int = 16_384, queueBytesMax: Int = 256 << 20,
    ageingNanoseconds: Int64 = 1_000_000_000
  ) {
    precondition(batchRowsMax >= 1 && !classes.isEmpty, "a queue needs a batch and a class")
    self.batchRowsMax = batchRowsMax
    self.preferredRows = preferredRows
    self.delayNanoseconds = delayNanoseconds
    self.classes = classes
    self.defaultPriority = min(max(1, defaultPriority), classes.count)
    self.queueRowsMax = queueRowsMax
    self.queueBytesMax = queueBytesMax
    self.ageingNanoseconds = ageingNanoseconds
  }
}
