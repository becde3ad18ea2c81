internal import Batching
internal import ModelRuntimes
internal import Synchronization
internal import Timing

/// The queue of one version and the threads that run its instances.
///
/// Mutable state, all in ``State`` behind one mutex: the queue (a pure value), how many threads
/// sleep, whether the lane stops. Nothing runs under the mutex but queue decisions; models run, and
/// outcomes are posted, after it is released.
final class ThreadedLane: Sendable {
  private struct State {
    var waiting: WaitingRoom
    /// Threads that sleep on ``wake``.
    var sleeping = 0
    var isStopping = false
  }

  /// Requests whose deadline passed, each with when it arrived.
  private typealias Expired = [(InferenceRequest, MonotonicInstant)]

  /// How long an idle thread looks for work before it sleeps: waking it costs about as much.
  private static let spinNanoseconds: Int64 = 20_000

  private let model: String
  private let state: Mutex<State>
  private let wake = MonotonicSemaphore()
  /// Rows that wait, readable without the mutex by spinning threads and the expiry sweep.
  private let rowsWaiting = Atomic<Int>(0)
  private let sweeper: ExpirySweeper
  /// For errors that no thread owns.
  let shard: StatisticsShard

  init(
    model: String, policy: BatchPolicy, instances: Int, curve: LatencyCurve,
    shard: StatisticsShard, sweeper: ExpirySweeper
  ) {
    self.model = model
    self.shard = shard
    self.sweeper = sweeper
    state = Mutex(State(waiting: WaitingRoom(policy: policy, instances: instances, curve: curve)))
  }

  /// The fit of the model's run time.
  var curve: LatencyCurve { state.withLock { $0.waiting.queue.curve } }
  /// Requests that wait.
  var pending: Int { state.withLock { $0.waiting.queue.count } }

  /// Puts a request into the queue, or throws why not. Any thread.
  func enqueue(_ request: InferenceRequest) throws(InferenceError) {
    let now = MonotonicInstant.now()
    request.stages.enqueued = now
    let result = state.withLock { state -> Result<Waker, BatchQueue.Refusal> in
      do throws(BatchQueue.Refusal) {
        try state.waiting.enqueue(request, now: now)
      } catch {
        return .failure(error)
      }
      rowsWaiting.store(state.waiting.queue.rows, ordering: .relaxed)
      if state.sleeping > 0 {
        state.sleeping -= 1
        return .success(.instance)
      }
      return .success(state.waiting.queue.needsWatch ? .sweeper : .nobody)
    }
    switch result {
    case .success(.instance): wake.signal()
    case .success(.sweeper): sweeper.notice()
    case .success(.nobody): break
    case .failure(let refusal): throw InferenceError(refusal: refusal, model: model)
    }
  }

  /// Takes a request out of the queue; `false` if it no longer waits. Any thread.
  func cancel(_ request: InferenceRequest) -> Bool {
    state.withLock { state in
      let found = state.waiting.cancel(request)
      rowsWaiting.store(state.waiting.queue.rows, ordering: .relaxed)
      return found
    }
  }

  /// Answers the requests whose deadline has passed.
  ///
  /// - Returns: when the next one may; `nil` if none waits. Any thread.
  func expire(now: MonotonicInstant) -> MonotonicInstant? {
    guard rowsWaiting.load(ordering: .sequentiallyConsistent) > 0 else { return nil }
    let (expired, next) = state.withLock { state in
      let expired = state.waiting.expire(now: now)
      rowsWaiting.store(state.waiting.queue.rows, ordering: .relaxed)
      return (expired, state.waiting.queue.earliestDeadline)
    }
    answerExpired(expired, now: now)
    return next
  }

  /// Lets the threads finish what waits, then end.
  func stop() {
    let sleeping = state.withLock { state in
      state.isStopping = true
      state.waiting.drain()
      defer { state.sleeping = 0 }
      return state.sleeping
    }
    for _ in 0..<sleeping { wake.signal() }
  }

  /// What one instance thread does until the lane stops.
  func runInstance(_ instance: any ModelInstance, shard: StatisticsShard, batches: Bool) {
    let execution = BatchExecution(instance: instance, shard: shard, batches: batches)
    while true {
      switch takeTurn(execution) {
      case .again: break
      case .sleep(let until): sleep(until: until)
      case .end: return
      }
    }
  }

  /// What a thread does after a turn; holds no request, because a sleep may last for ever.
  private enum Pause {
    case again
    case sleep(until: MonotonicInstant?)
    case end
  }

  /// Answers what has expired and runs what is due. A function of its own: its requests, and with
  /// them the leases of their version, are let go before the thread sleeps.
  private func takeTurn(_ execution: BatchExecution) -> Pause {
    let (expired, turn, now, needsWatch) = decide()
    // What stays behind arrived when a thread was free, so nobody watches it yet.
    if needsWatch { sweeper.notice() }
    answerExpired(expired, now: now)
    switch turn {
    case .run(let batch, let requests):
      run(batch, requests, with: execution, dispatched: now)
      return .again
    case .sleep(let until): return .sleep(until: until)
    case .end: return .end
    }
  }

  /// Who must hear of an arrival.
  private enum Waker {
    /// A sleeping instance thread.
    case instance
    /// All instances are busy and the request may expire before one is free.
    case sweeper
    /// A thread is about to look anyway.
    case nobody
  }

  /// What a thread does next.
  private enum Turn {
    case run(Batch, [InferenceRequest])
    case sleep(until: MonotonicInstant?)
    case end
  }

  private func decide() -> (expired: Expired, Turn, MonotonicInstant, needsWatch: Bool) {
    let now = MonotonicInstant.now()
    return state.withLock { state in
      let expired = state.waiting.expire(now: now)
      let step = state.waiting.next(now: now)
      rowsWaiting.store(state.waiting.queue.rows, ordering: .relaxed)
      switch step {
      case .run(let batch):
        let requests = state.waiting.take(batch)
        return (expired, .run(batch, requests), now, state.waiting.queue.needsWatch)
      case .wait(let until):
        state.sleeping += 1
        return (expired, .sleep(until: until), now, false)
      case .rest:
        if state.isStopping && state.waiting.queue.isEmpty { return (expired, .end, now, false) }
        return (expired, .sleep(until: nil), now, false)
      }
    }
  }

  private func run(
    _ batch: Batch, _ requests: [InferenceRequest], with execution: BatchExecution,
    dispatched: MonotonicInstant
  ) {
    let outcomes = execution.run(
      requests, rows: batch.rows, dispatched: dispatched, gateOpenedAt: batch.gateOpenedAt)
    let ended = MonotonicInstant.now()
    let isClean = BatchExecution.ranTogether(requests, rows: batch.rows, outcomes)
    state.withLock { state in
      state.waiting.finish(
        batch: batch.number, rows: batch.rows,
        nanoseconds: isClean ? ended.since(dispatched) : nil)
    }
    PortInbox.post(requests, outcomes)
  }

  /// Looks for work briefly, then sleeps until a request arrives or `until` comes.
  ///
  /// With `until` set the thread already counts as sleeping: an arrival signals it at once.
  private func sleep(until: MonotonicInstant?) {
    if let until {
      if !wake.wait(until: until) { settleTimeout() }
      return
    }
    let start = MonotonicInstant.now()
    while MonotonicInstant.now().since(start) < Self.spinNanoseconds {
      if rowsWaiting.load(ordering: .relaxed) > 0 { return }
    }
    let mustSleep = state.withLock { state in
      guard state.waiting.queue.isEmpty, !state.isStopping else { return false }
      state.sleeping += 1
      return true
    }
    if mustSleep { wake.wait() }
  }

  /// After a timed wait ran out: either the thread takes itself off the sleepers, or somebody
  /// already did and signalled, and that signal must be consumed.
  private func settleTimeout() {
    let wasSignalled = state.withLock { state in
      guard state.sleeping > 0 else { return true }
      state.sleeping -= 1
      return false
    }
    if wasSignalled { wake.wait() }
  }

  private func answerExpired(_ expired: Expired, now: MonotonicInstant) {
    guard !expired.isEmpty else { return }
    for (request, _) in expired {
      shard.recordError(.expired, nanoseconds: now.since(request.stages.received))
    }
    PortInbox.post(
      expired.map(\.0),
      expired.map { .failure(.expired(model: model, waitedNanoseconds: now.since($0.1))) })
  }
}
