internal import Synchronization
internal import Timing

/// The door to the engine for one thread: resolves models, takes requests, hands outcomes back.
///
/// Everything but ``waitForRefresh()`` happens on the owning thread, for example an event loop:
/// that is what guards the mutable fields. Small models run right here: requests that arrive in one
/// tick of the loop form a batch, run when the tick ends, and pay for no hop to another thread.
package final class InferencePort: @unchecked Sendable {
  /// How long a flush may keep the thread from its sockets, in nanoseconds.
  private static let flushNanosecondsMax: Int64 = 1_000_000

  private let engine: InferenceEngine
  private let executor: any PortExecutor
  private let inbox: PortInbox
  private var snapshot: EngineSnapshot
  private var generation: Int
  private var lanes: [ObjectIdentifier: InlineLane] = [:]
  /// The lanes with work in this tick.
  private var marked: [InlineLane] = []
  /// Refusals, handed out when the tick ends: never inside ``submit(_:)``.
  private var refused: [(InferenceRequest, InferenceError)] = []
  private var isFlushScheduled = false

  init(engine: InferenceEngine, executor: any PortExecutor) {
    self.engine = engine
    self.executor = executor
    inbox = PortInbox(executor: executor)
    generation = -1
    snapshot = EngineSnapshot()
    refresh()
  }

  /// The version that a request for `model` and `version` means; `version` may be empty, a number
  /// or an alias. Holding the result is the lease.
  package func resolve(model: String, version: String) throws(InferenceError) -> ServedVersion {
    refresh()
    return try snapshot.resolve(model: model, version: version)
  }

  /// Sends a request on its way. Its receiver gets the outcome on this thread, later than this
  /// call, exactly once.
  package func submit(_ request: InferenceRequest) {
    let lane = lanes[ObjectIdentifier(request.version)]
    request.inbox = inbox
    request.shard = lane?.shard ?? request.version.lane.shard
    do throws(InferenceError) {
      if let lane, takesInline(request, lane) {
        try lane.enqueue(request)
        mark(lane)
      } else {
        request.waitsForThread = true
        try request.version.lane.enqueue(request)
      }
    } catch {
      refuse(request, error)
    }
  }

  /// Takes a request back: the receiver gets ``InferenceError/Code/cancelled`` if it still waited,
  /// else the outcome of its run.
  package func cancel(_ request: InferenceRequest) {
    let removed =
      request.waitsForThread
      ? request.version.lane.cancel(request)
      : lanes[ObjectIdentifier(request.version)]?.cancel(request) ?? false
    if removed {
      refuse(request, InferenceError(.cancelled, "the caller cancelled the request"))
    }
  }

  /// Returns once this port resolves from a snapshot at least as new as the engine's. Any thread.
  func waitForRefresh() async {
    await withCheckedContinuation { continuation in
      executor.execute { [self] in
        refresh()
        continuation.resume()
      }
    }
  }

  /// Whether a request runs on this thread: its model does, and the request is small enough not
  /// to make its neighbours wait.
  private func takesInline(_ request: InferenceRequest, _ lane: InlineLane) -> Bool {
    lane.takesInline(
      rows: request.rows, rowNanosecondsMax: engine.options.inlineRequestNanosecondsMax)
  }

  private func mark(_ lane: InlineLane) {
    if !lane.isMarked {
      lane.isMarked = true
      marked.append(lane)
    }
    scheduleFlush()
  }

  /// Notes an error that the receiver gets when the tick ends.
  private func refuse(_ request: InferenceRequest, _ error: InferenceError) {
    let spent = MonotonicInstant.now().since(request.stages.received)
    request.shard?.recordError(error.code, nanoseconds: spent)
    refused.append((request, error))
    scheduleFlush()
  }

  /// Takes over the engine's snapshot if it is newer, and lets go of what is served no more.
  func refresh() {
    let current = engine.generation.load(ordering: .acquiring)
    guard current != generation else { return }
    generation = current
    snapshot = engine.currentSnapshot()
    var served: Set<ObjectIdentifier> = []
    for model in snapshot.models.values {
      for version in model.versions.values {
        let identity = ObjectIdentifier(version)
        served.insert(identity)
        if lanes[identity] == nil { lanes[identity] = InlineLane(version: version) }
      }
    }
    for (identity, lane) in lanes where !served.contains(identity) {
      // One with work goes when that is done: see ``flush()``.
      lane.isRetired = true
      if !lane.isMarked { lanes[identity] = nil }
    }
  }

  private func scheduleFlush() {
    guard !isFlushScheduled else { return }
    isFlushScheduled = true
    executor.execute { [self] in flush() }
  }

  /// Runs what this tick brought; what would take too long goes to the next tick.
  private func flush() {
    isFlushScheduled = false
    let refused = self.refused
    self.refused.removeAll(keepingCapacity: true)
    for (request, error) in refused { request.deliver(.failure(error)) }
    let started = MonotonicInstant.now()
    var now = started
    // In turn, one batch each: no model can keep the others from this thread.
    while let lane = marked.first {
      guard now.since(started) < Self.flushNanosecondsMax else {
        scheduleFlush()
        return
      }
      let hasRun = lane.runBatch(now: now)
      marked.removeFirst()
      if hasRun {
        marked.append(lane)
        now = .now()
      } else {
        lane.isMarked = false
        if lane.isRetired { lanes[ObjectIdentifier(lane.version)] = nil }
      }
    }
  }
}
