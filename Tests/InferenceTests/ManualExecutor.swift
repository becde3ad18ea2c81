import Dispatch
import Inference
import Synchronization

/// A counting signal between threads.
final class Signal: Sendable {
  private let semaphore = DispatchSemaphore(value: 0)
  func signal() { semaphore.signal() }
  func wait() { semaphore.wait() }
}

/// Runs a port's work when the test says so, on the test's thread.
final class ManualExecutor: PortExecutor {
  private let pending = Mutex<[@Sendable () -> Void]>([])
  private let arrived = Signal()

  func execute(_ work: @escaping @Sendable () -> Void) {
    pending.withLock { $0.append(work) }
    arrived.signal()
  }

  /// Runs what is pending now; `false` if nothing was.
  @discardableResult
  func runPending() -> Bool {
    let work = pending.withLock { pending in
      defer { pending = [] }
      return pending
    }
    for item in work { item() }
    return !work.isEmpty
  }

  /// Waits for work from any thread and runs it, until `condition` holds.
  func run(until condition: () -> Bool) {
    runPending()
    while !condition() {
      arrived.wait()
      runPending()
    }
  }
}
