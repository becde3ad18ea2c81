private import Dispatch
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
  private let wake = DispatchSemaphore(value: 0)
  private let isAsleep = Atomic<Bool>(false)

  /// Starts the thread; it ends with ``stop()``.
  func start() {
    let thread = InstanceThread(name: "expiry", affinity: []) { [self] in run() }
    // Never joined: it holds nothing but this object.
    _ = consume thread
  }

  func add(_ lane: ThreadedLane) {
    state.withLock { $0.lanes[ObjectIdentifier(lane)] = WeakLane(lane: lane) }
  }

  func remove(_ lane: ThreadedLane) {
    state.withLock { _ = $0.lanes.removeValue(forKey: ObjectIdentifier(lane)) }
  }

  /// Says that a request waits behind busy instances.
  func notice() {
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
      let (lanes, isStopping) = state.withLock { state in
        (state.lanes.values.compactMap(\.lane), state.isStopping)
      }
      if isStopping { return }
      let now = MonotonicInstant.now()
      var next: MonotonicInstant?
      for lane in lanes {
        if let due = lane.expire(now: now) { next = min(next ?? due, due) }
      }
      if let next {
        let pause = min(Self.tickNanoseconds, max(50_000, next.since(now)))
        _ = wake.wait(timeout: .now() + .nanoseconds(Int(pause)))
      } else {
        isAsleep.store(true, ordering: .sequentiallyConsistent)
        // A request that came before the store has no one to signal: look once more.
        if lanes.contains(where: { $0.hasWaiting }) {
          if !isAsleep.exchange(false, ordering: .acquiringAndReleasing) { wake.wait() }
        } else {
          wake.wait()
        }
      }
    }
  }
}
