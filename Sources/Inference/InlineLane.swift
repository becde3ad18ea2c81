internal import Admission
internal import Batching
internal import ModelRuntimes
internal import ModelStore
internal import Timing

/// One version on one port: its statistics there and, for an inline model, the queue of this tick.
///
/// Confined to the port's thread.
final class InlineLane {
  let version: ServedVersion
  let shard: StatisticsShard
  private var waiting: WaitingRoom
  private let execution: BatchExecution?
  /// Whether the port already knows that this lane has work in this tick.
  var isMarked = false
  /// Whether the version is no longer served: the lane goes once it has no work.
  var isRetired = false

  init(version: ServedVersion) {
    self.version = version
    shard = version.statistics.makeShard()
    waiting = WaitingRoom(policy: version.policy, instances: 1, curve: version.calibratedCurve)
    // Without an instance here the version's threads take everything.
    execution =
      version.runsInline
      ? (try? version.servable.model.makeInstance()).map { [shard] in
        BatchExecution(instance: $0, shard: shard, batches: version.maxBatchSize > 0)
      } : nil
  }

  /// Whether a request of `rows` rows runs here rather than on the version's threads.
  func takesInline(rows: Int, rowNanosecondsMax: Int64) -> Bool {
    guard execution != nil else { return false }
    return rows <= 1 || waiting.queue.curve.service.batch(rows: rows) <= Double(rowNanosecondsMax)
  }

  /// Puts a request into this tick's queue, or throws why not.
  func enqueue(_ request: InferenceRequest) throws(InferenceError) {
    let now = MonotonicInstant.now()
    request.stages.enqueued = now
    do throws(BatchQueue.Refusal) {
      try waiting.enqueue(request, now: now)
    } catch {
      throw InferenceError(refusal: error, model: version.name)
    }
  }

  /// Takes a request out of the queue; `false` if it no longer waits.
  func cancel(_ request: InferenceRequest) -> Bool {
    waiting.cancel(request)
  }

  /// Runs one batch and hands its outcomes out; `false` once nothing waits.
  func runBatch(now: MonotonicInstant) -> Bool {
    guard let execution else { return false }
    for (request, enqueuedAt) in waiting.expire(now: now) {
      shard.recordError(.expired, nanoseconds: now.since(request.stages.received))
      let waited = now.since(enqueuedAt)
      request.deliver(.failure(.expired(model: version.name, waitedNanoseconds: waited)))
    }
    guard case .run(let batch) = waiting.next(now: now) else { return false }
    let requests = waiting.take(batch)
    let outcomes = execution.run(
      requests, rows: batch.rows, dispatched: now, gateOpenedAt: batch.gateOpenedAt)
    let ended = requests[0].stages.completed
    let isClean = BatchExecution.ranTogether(requests, rows: batch.rows, outcomes)
    waiting.finish(
      batch: batch.number, rows: batch.rows, nanoseconds: isClean ? ended.since(now) : nil)
    for (request, outcome) in zip(requests, outcomes) { request.deliver(outcome) }
    return true
  }

  deinit {
    // Freeing an instance, and with it perhaps its model, must not stall the port's thread.
    if let execution { version.giveUp(execution.instance) }
  }
}
