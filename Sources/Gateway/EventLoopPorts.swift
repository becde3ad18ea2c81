package import Inference
package import NIOCore
private import Synchronization

/// One inference port for each event loop, made when its first connection comes.
package final class EventLoopPorts: Sendable {
  private let engine: InferenceEngine
  private let ports = Mutex<[ObjectIdentifier: InferencePort]>([:])

  init(engine: InferenceEngine) { self.engine = engine }

  /// The port of `loop`. Call on that loop, once a connection.
  package func port(on loop: any EventLoop) -> InferencePort {
    loop.preconditionInEventLoop()
    let identity = ObjectIdentifier(loop)
    if let known = ports.withLock({ $0[identity] }) { return known }
    let port = engine.makePort(executor: EventLoopExecutor(loop: loop))
    ports.withLock { $0[identity] = port }
    return port
  }
}

/// Runs a port's work on its event loop.
private final class EventLoopExecutor: PortExecutor {
  private let loop: any EventLoop

  init(loop: any EventLoop) { self.loop = loop }

  func execute(_ work: @escaping @Sendable () -> Void) { loop.execute(work) }
}
