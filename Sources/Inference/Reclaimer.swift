private import Dispatch
internal import ModelStore
internal import Synchronization

/// Gives back what an unloaded version held, away from the threads that serve.
///
/// The last reference to a version may be dropped by an event loop; freeing a large model there
/// would stall every connection of the loop. So the version's parts come here and die on a
/// background thread, after the version's instance threads have ended.
final class Reclaimer: Sendable {
  private let queue = DispatchQueue(label: "needletail.reclaim", qos: .utility)
  private let threads = Mutex<[ObjectIdentifier: ThreadGroup]>([:])

  /// Remembers the threads of a lane, to be joined when its version is gone.
  func register(_ group: ThreadGroup, of lane: ThreadedLane) {
    threads.withLock { $0[ObjectIdentifier(lane)] = group }
  }

  /// Ends the lane's threads, then lets go of the model.
  func reclaim(lane: ThreadedLane, servable: ServableVersion) {
    queue.async { [self] in
      lane.stop()
      let group = threads.withLock { $0.removeValue(forKey: ObjectIdentifier(lane)) }
      group?.join()
      withExtendedLifetime(servable) {}
    }
  }

  /// Lets go of an instance that nobody else holds.
  func discard(_ box: InstanceBox) {
    queue.async { _ = box.take() }
  }

  /// Returns once everything handed over so far is gone.
  func flush() { queue.sync {} }
}

/// The instance threads of one version, joined together once.
final class ThreadGroup: Sendable {
  private let joiners: Mutex<[@Sendable () -> Void]> = Mutex([])

  /// Starts a thread that belongs to the group; `false` if the system has none to give.
  func start(name: String, affinity: [Int], body: @escaping @Sendable () -> Void) -> Bool {
    let finished = DispatchSemaphore(value: 0)
    let thread = InstanceThread(name: name, affinity: affinity) {
      body()
      finished.signal()
    }
    guard let thread else { return false }
    thread.detach()
    joiners.withLock { $0.append { finished.wait() } }
    return true
  }

  /// Waits for every body to end.
  func join() {
    let joiners = joiners.withLock { joiners in
      defer { joiners = [] }
      return joiners
    }
    for join in joiners { join() }
  }
}
