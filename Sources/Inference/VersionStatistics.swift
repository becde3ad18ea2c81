internal import Synchronization
internal import Timing

/// The statistics of one version: its shards, merged when read. Any thread.
final class VersionStatistics: Sendable {
  private let shards = Mutex<[StatisticsShard]>([])

  /// A new shard for one writer. Lives as long as the version.
  func makeShard() -> StatisticsShard {
    let shard = StatisticsShard()
    shards.withLock { $0.append(shard) }
    return shard
  }

  /// Everything so far, under the given name.
  func merged(name: String, version: String) -> ModelStatistics {
    var result = ModelStatistics(name: name, version: version)
    var histograms = Array(repeating: LatencyHistogram(), count: Stage.allCases.count)
    var batches: [Int: BatchStatistic] = [:]
    for shard in shards.withLock({ $0 }) {
      shard.figures.withLock { figures in
        result.merge(figures.total)
        for index in histograms.indices { histograms[index].merge(figures.histograms[index]) }
        for (rows, batch) in figures.batches {
          batches[rows, default: BatchStatistic(batchSize: UInt64(rows))].merge(batch)
        }
      }
    }
    result.batches = batches.values.sorted { $0.batchSize < $1.batchSize }
    result.stages = Stage.allCases.map { ($0, histograms[$0.rawValue]) }
    return result
  }
}

extension ModelStatistics {
  /// Adds the counters of `other`; its histograms and batches are merged apart.
  fileprivate mutating func merge(_ other: ModelStatistics) {
    lastInferenceMilliseconds = max(lastInferenceMilliseconds, other.lastInferenceMilliseconds)
    inferenceCount &+= other.inferenceCount
    executionCount &+= other.executionCount
    success.merge(other.success)
    fail.merge(other.fail)
    queue.merge(other.queue)
    computeInput.merge(other.computeInput)
    computeInfer.merge(other.computeInfer)
    computeOutput.merge(other.computeOutput)
    cancelled &+= other.cancelled
    rejected &+= other.rejected
    expired &+= other.expired
    failed &+= other.failed
  }
}
