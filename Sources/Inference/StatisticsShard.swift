internal import Synchronization
internal import Timing

/// One writer's share of a version's statistics: an event loop's, or an instance thread's.
///
/// Guarded by one mutex that only that writer and the occasional reader take, so it is free of
/// contention; readers merge the shards.
final class StatisticsShard: Sendable {
  /// The figures, all cumulative.
  struct Figures: Sendable {
    var total = ModelStatistics(name: "", version: "")
    var histograms = Array(repeating: LatencyHistogram(), count: Stage.allCases.count)
    /// By rows of the batch.
    var batches: [Int: BatchStatistic] = [:]

    mutating func record(_ stage: Stage, _ nanoseconds: Int64) {
      histograms[stage.rawValue].record(nanoseconds)
    }
  }

  let figures = Mutex(Figures())

  /// Adds a batch that ran to its end. Stage instants of the requests are set.
  func recordBatch(_ requests: [InferenceRequest], rows: Int, wallMilliseconds: UInt64) {
    figures.withLock { figures in
      figures.total.lastInferenceMilliseconds = wallMilliseconds
      figures.total.executionCount &+= 1
      figures.total.inferenceCount &+= UInt64(rows)
      for (position, request) in requests.enumerated() {
        let stages = request.stages
        let gather = stages.gatherNanoseconds
        let run = stages.runNanoseconds
        let scatter = stages.scatterNanoseconds
        let queue = stages.queueNanoseconds
        if position == 0 {
          figures.batches[rows, default: BatchStatistic(batchSize: UInt64(rows))].add(
            gather: gather, run: run, scatter: scatter)
        }
        figures.total.success.add(stages.completed.since(stages.received))
        figures.total.queue.add(queue + stages.batchWaitNanoseconds)
        figures.total.computeInput.add(gather)
        figures.total.computeInfer.add(run)
        figures.total.computeOutput.add(scatter)
        figures.record(.decode, stages.decodeNanoseconds)
        figures.record(.queue, queue)
        figures.record(.batchWait, stages.batchWaitNanoseconds)
        figures.record(.gather, gather)
        figures.record(.run, run)
        figures.record(.scatter, scatter)
      }
    }
  }

  /// Adds a request that got an error; `nanoseconds` from its last byte to the error.
  func recordError(_ code: InferenceError.Code, nanoseconds: Int64) {
    figures.withLock { figures in
      figures.total.fail.add(nanoseconds)
      switch code {
      case .cancelled: figures.total.cancelled &+= 1
      case .expired: figures.total.expired &+= 1
      case .queueFull, .deadlineUnreachable, .unavailable, .notReady:
        figures.total.rejected &+= 1
      case .unknownModel, .invalidArgument, .unsupported, .runFailed: figures.total.failed &+= 1
      }
    }
  }

  /// Adds the encoding of an answer, and with it the whole time on the server.
  func recordEncoded(_ stages: StageClock, at encodedAt: MonotonicInstant) {
    figures.withLock { figures in
      figures.record(.encode, encodedAt.since(stages.completed))
      figures.record(.total, encodedAt.since(stages.received))
    }
  }
}

extension BatchStatistic {
  fileprivate mutating func add(gather: Int64, run: Int64, scatter: Int64) {
    computeInput.add(gather)
    computeInfer.add(run)
    computeOutput.add(scatter)
  }
}
