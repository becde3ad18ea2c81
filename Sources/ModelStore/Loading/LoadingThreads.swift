private import CThreads
private import Dispatch
private import Synchronization

/// Threads on which models are loaded: never more than a limit, one for each job, gone after it.
///
/// A job is blocking and may take minutes, so it must run neither on a serving thread nor in the
/// pool that Swift tasks share. Loads are rare; a fresh thread costs nothing next to one.
package final class LoadingThreads: Sendable {
  /// How a job's thread competes with the serving ones.
  package enum Priority: Sendable {
    /// Yields to serving threads. Threads that the job starts inherit this.
    case low
    /// As every other thread: for jobs that start threads which will serve.
    case normal
  }

  private struct Job: Sendable {
    var priority: Priority
    var body: @Sendable () -> Void
    /// Hands the result over; on a thread of normal priority.
    var complete: @Sendable () -> Void
  }

  private struct State {
    var running = 0
    var waiting: [Job] = []
  }

  private let limit: Int
  private let state = Mutex(State())

  /// - Parameter limit: the most jobs at once, at least 1.
  package init(limit: Int) { self.limit = max(1, limit) }

  /// Runs `body` on a thread of its own and returns its result. Jobs start in order.
  package func run<Result: Sendable>(
    _ priority: Priority, _ body: @escaping @Sendable () -> Result
  ) async -> Result {
    await withCheckedContinuation { continuation in
      let slot = ResultSlot<Result>()
      submit(
        Job(priority: priority, body: { slot.fill(body()) }) {
          continuation.resume(returning: slot.take())
        })
    }
  }

  private func submit(_ job: Job) {
    let mayStart = state.withLock { state -> Bool in
      guard state.running < limit else {
        state.waiting.append(job)
        return false
      }
      state.running += 1
      return true
    }
    if mayStart { start(job) }
  }

  /// Runs a job and then starts the next.
  ///
  /// A thread inherits the priority of the one that starts it and can never raise it again. So what
  /// runs low has a thread apart: the next job, and the tasks that the result wakes, start from
  /// this one.
  private func start(_ job: Job) {
    Self.spawn {
      switch job.priority {
      case .normal: job.body()
      case .low:
        let ended = DispatchSemaphore(value: 0)
        Self.spawn {
          needletail_lower_thread_priority(5)
          job.body()
          ended.signal()
        }
        ended.wait()
      }
      job.complete()
      self.finished()
    }
  }

  private func finished() {
    let next = state.withLock { state -> Job? in
      guard !state.waiting.isEmpty else {
        state.running -= 1
        return nil
      }
      return state.waiting.removeFirst()
    }
    if let next { start(next) }
  }

  /// Carries a job's result from the thread that made it to the one that hands it over.
  private final class ResultSlot<Result: Sendable>: Sendable {
    private let value = Mutex<Result?>(nil)

    func fill(_ result: Result) { value.withLock { $0 = result } }

    func take() -> Result {
      guard let result = value.withLock({ $0.take() }) else {
        preconditionFailure("a loading job ended without a result")
      }
      return result
    }
  }

  private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  /// Starts a thread; where the system gives none, the caller's thread does the work.
  private static func spawn(_ run: @escaping @Sendable () -> Void) {
    let context = unsafe Unmanaged.passRetained(Body(run)).toOpaque()
    let status = unsafe needletail_start_thread(
      { context in unsafe Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run() }, context)
    if status != 0 { unsafe Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run() }
  }
}

/// Gives memory that the allocator keeps back to the system, after a model is gone.
enum FreedMemory {
  static func giveBack() { needletail_trim_memory() }
}
