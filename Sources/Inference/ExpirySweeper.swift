internal import Synchronization
internal import Timing

/// Answers expired requests while every instance of their model is busy.
///
/// One thread for the whole engine. It sleeps without bound while nothing waits, and otherwise
/// until the next deadline, but at most ``tickNanoseconds``: a request that arrives with an earlier
/// deadline is answered at most one tick late.
final class ExpirySweeper: Sendable {
  private struct State {
    var lanes: [ObjectIdentifier: WeakLane] = [:]
    var isStopping = false
  }

  private struct WeakLane {
    weak var lane: ThreadedLane?
  }

  private static let tickNanoseconds: Int64 = 2_000_000

  private let state = Mutex(State())
  private let wake = MonotonicSemaphore()
  private let isAsleep = Atomic<Bool>(false)

  /// Starts the thread; it ends with ``stop()``.
  func start() {
    let thread = InstanceThread(name: "expiry", affinity: []) { [self] in run() }
    // Never joined: it holds nothing but this object.
    thread?.detach()
  }

  func add(_ lane: ThreadedLane) {
    state.withLock { $0.lanes[ObjectIdentifier(lane)] = WeakLane(lane: lane) }
  }

  func remove(_ lane: ThreadedLane) {
    state.withLock { _ = $0.lanes.removeValue(forKey: ObjectIdentifier(lane)) }
  }

  /// Says that a request waits behind busy instances.
  func notice() {
    // The request's arrival is visible before this looks: the sweeper looks in the other order.
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    if isAsleep.load(ordering: .relaxed),
      isAsleep.exchange(false, ordering: .acquiringAndReleasing)
    {
      wake.signal()
    }
  }

  /// Ends the thread.
  func stop() {
    state.withLock { $0.isStopping = true }
    notice()
  }

  private func run() {
    while true {
      let now = MonotonicInstant.now()
      switch sweep(now: now) {
      case .stop: return
      case .again(let next): pause(until: next, now: now)
      case .idle:
        isAsleep.store(true, ordering: .sequentiallyConsistent)
        // What came before the store had no one to signal: look once more.
        if case .idle = sweep(now: .now()) {
          wake.wait()
        } else if !isAsleep.exchange(false, ordering: .acquiringAndReleasing) {
          // Somebody has signalled meanwhile: that signal must not wake a later sleep.
          wake.wait()
        }
      }
    }
  }

  /// What the thread does after a sweep.
  private enum Finding {
    /// Nothing waits that may expire.
    case idle
    /// A request may expire at this instant.
    case again(MonotonicInstant)
    case stop
  }

  private func sweep(now: MonotonicInstant) -> Finding {
    let (lanes, isStopping) = state.withLock { state in
      (state.lanes.values.compactMap(\.lane), state.isStopping)
    }
    if isStopping { return .stop }
    var next: MonotonicInstant?
    for lane in lanes {
      if let due = lane.expire(now: now) { next = min(next ?? due, due) }
    }
    return next.map { .again($0) } ?? .idle
  }

  private func pause(until next: MonotonicInstant, now: MonotonicInstant) {
    let nanoseconds = min(Self.tickNanoseconds, max(50_000, next.since(now)))
    _ = wake.wait(until: now.advanced(byNanoseconds: nanoseconds))
  }
}
