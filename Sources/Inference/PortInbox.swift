internal import Synchronization

/// Runs work on the thread that owns a port, for example an event loop.
package protocol PortExecutor: AnyObject, Sendable {
  /// Runs `work` soon, on the owner's thread. Callable from any thread, the owner's included.
  func execute(_ work: @escaping @Sendable () -> Void)
}

/// Outcomes on their way from an instance's thread to the thread of a port.
///
/// The first outcome wakes the port's thread; those that follow before it looks ride along.
final class PortInbox: Sendable {
  typealias Outcome = Result<InferenceOutputs, InferenceError>

  private let executor: any PortExecutor
  private let arrived = Mutex<[(InferenceRequest, Outcome)]>([])

  init(executor: any PortExecutor) { self.executor = executor }

  /// Sends each outcome to its request's port. Any thread.
  static func post(_ requests: [InferenceRequest], _ outcomes: [Outcome]) {
    var start = 0
    while start < requests.count {
      guard let inbox = requests[start].inbox else {
        preconditionFailure("a request without a port finished: id '\(requests[start].id)'")
      }
      var end = start + 1
      while end < requests.count, requests[end].inbox === inbox { end += 1 }
      inbox.post((start..<end).lazy.map { (requests[$0], outcomes[$0]) })
      start = end
    }
  }

  private func post(_ outcomes: some Sequence<(InferenceRequest, Outcome)>) {
    let wasEmpty = arrived.withLock { arrived in
      defer { arrived.append(contentsOf: outcomes) }
      return arrived.isEmpty
    }
    if wasEmpty { executor.execute { [self] in deliver() } }
  }

  /// Hands out what has arrived. On the port's thread.
  private func deliver() {
    let outcomes = arrived.withLock { arrived in
      defer { arrived = [] }
      return arrived
    }
    for (request, outcome) in outcomes { request.deliver(outcome) }
  }
}
