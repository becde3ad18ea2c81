package import Inference
package import NIOCore
private import Synchronization

/// "Connects" to an engine inside this process: requests go to its port on the same event loop, so
/// a run shows what the engine costs without sockets and wire formats.
package final class InProcessDialer: LoadDialer {
  /// Requests that one connection carries at once.
  package static let slots = 1 << 16

  private let engine: InferenceEngine
  private let ports = Mutex<[ObjectIdentifier: InferencePort]>([:])

  /// - Parameters:
  ///   - engine: must serve before the run and until after it.
  package init(engine: InferenceEngine) { self.engine = engine }

  package func dial(
    on eventLoop: any EventLoop, owner: any LoadConnectionOwner, stageNames: StageNames
  ) -> any LoadConnection {
    InProcessConnection(
      port: port(on: eventLoop), on: eventLoop, owner: owner, stageNames: stageNames)
  }

  /// One port a loop, made on that loop, which is the port's thread from then on.
  private func port(on eventLoop: any EventLoop) -> InferencePort {
    eventLoop.preconditionInEventLoop()
    let identity = ObjectIdentifier(eventLoop)
    if let known = ports.withLock({ $0[identity] }) { return known }
    let port = engine.makePort(executor: LoopExecutor(loop: eventLoop))
    ports.withLock { $0[identity] = port }
    return port
  }
}

/// Runs a port's work on its event loop.
private final class LoopExecutor: PortExecutor {
  private let loop: any EventLoop

  init(loop: any EventLoop) { self.loop = loop }

  func execute(_ work: @escaping @Sendable () -> Void) { loop.execute(work) }
}
