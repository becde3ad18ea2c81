package import Timing

/// How often something happened and how long it took in all.
package struct DurationStatistic: Sendable, Equatable {
  package var count: UInt64 = 0
  package var nanoseconds: UInt64 = 0

  package init(count: UInt64 = 0, nanoseconds: UInt64 = 0) {
    self.count = count
    self.nanoseconds = nanoseconds
  }

  /// Adds one occurrence; a negative time counts as 0.
  mutating func add(_ time: Int64) {
    count &+= 1
    nanoseconds &+= UInt64(max(0, time))
  }

  mutating func merge(_ other: DurationStatistic) {
    count &+= other.count
    nanoseconds &+= other.nanoseconds
  }
}

/// The runs of one batch size.
package struct BatchStatistic: Sendable, Equatable {
  package var batchSize: UInt64
  package var computeInput = DurationStatistic()
  package var computeInfer = DurationStatistic()
  package var computeOutput = DurationStatistic()

  package init(batchSize: UInt64) { self.batchSize = batchSize }

  mutating func merge(_ other: BatchStatistic) {
    computeInput.merge(other.computeInput)
    computeInfer.merge(other.computeInfer)
    computeOutput.merge(other.computeOutput)
  }
}

/// What one model version has done since it was loaded.
///
/// Counts and durations follow the statistics extension: `success`, `queue` and the compute figures
/// count requests, `inferenceCount` counts rows, `executionCount` counts runs of the model.
package struct ModelStatistics: Sendable {
  package var name: String
  package var version: String
  /// Wall-clock milliseconds of the last answer; 0 for none.
  package var lastInferenceMilliseconds: UInt64 = 0
  package var inferenceCount: UInt64 = 0
  package var executionCount: UInt64 = 0
  package var success = DurationStatistic()
  package var fail = DurationStatistic()
  package var queue = DurationStatistic()
  package var computeInput = DurationStatistic()
  package var computeInfer = DurationStatistic()
  package var computeOutput = DurationStatistic()
  package var cacheHit = DurationStatistic()
  package var cacheMiss = DurationStatistic()
  /// One entry a batch size that ran, ascending.
  package var batches: [BatchStatistic] = []
  /// Requests whose caller left.
  package var cancelled: UInt64 = 0
  /// Requests refused at the door: queue full, or deadline out of reach.
  package var rejected: UInt64 = 0
  /// Requests whose deadline passed in the queue.
  package var expired: UInt64 = 0
  /// Requests whose run failed.
  package var failed: UInt64 = 0
  /// Requests that wait now.
  package var pending = 0
  /// One histogram a stage.
  package var stages: [(stage: Stage, histogram: LatencyHistogram)] = []
  /// Whether small requests run on the event loops.
  package var runsInline = false
  /// The measured run time: a fixed part and a part for each row.
  package var curve: (fixedNanoseconds: Double, perRowNanoseconds: Double) = (0, 0)

  package init(name: String, version: String) {
    self.name = name
    self.version = version
  }
}
