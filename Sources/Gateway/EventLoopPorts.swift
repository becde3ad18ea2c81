package import Decisions
package import Inference
package import NIOCore
private import Synchronization

/// One inference port for each event loop, made when its first connection comes; and once there
/// are pipelines, one door to their decisions.
package final class EventLoopPorts: Sendable {
  private let engine: InferenceEngine
  private let ports = Mutex<[ObjectIdentifier: InferencePort]>([:])
  private let host = Mutex<DecisionHost?>(nil)
  private let doors = Mutex<[ObjectIdentifier: NIOLoopBound<DecisionDoor>]>([:])
  private let meters = Mutex<[DecisionMeter]>([])

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

  /// The pipelines; `nil` before they are there, and if none is served.
  package var decisions: DecisionHost? { host.withLock { $0 } }

  /// Takes the pipelines, once.
  func serve(_ decisions: DecisionHost) { host.withLock { $0 = $0 ?? decisions } }

  /// The door to decisions of `loop`; `nil` while ``decisions`` is. Call on that loop, and keep
  /// it: once there is a door it stays.
  package func door(on loop: any EventLoop) -> DecisionDoor? {
    loop.preconditionInEventLoop()
    let identity = ObjectIdentifier(loop)
    if let known = doors.withLock({ $0[identity] }) { return known.value }
    guard let host = decisions else { return nil }
    let door = DecisionDoor(host: host, inference: port(on: loop), loop: loop)
    let bound = NIOLoopBound(door, eventLoop: loop)
    doors.withLock { $0[identity] = bound }
    meters.withLock { $0.append(door.meter) }
    return door
  }

  /// What the decisions of all loops came to.
  package func decisionCounts() -> [PipelineCounts] {
    DecisionMeter.merged(meters.withLock { $0 })
  }
}

/// Runs a port's work on its event loop.
private final class EventLoopExecutor: PortExecutor {
  private let loop: any EventLoop

  init(loop: any EventLoop) { self.loop = loop }

  func execute(_ work: @escaping @Sendable () -> Void) { loop.execute(work) }
}
