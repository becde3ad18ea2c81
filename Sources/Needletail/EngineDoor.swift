internal import Decisions
internal import Inference
internal import NIOCore

/// The way onto one thread of the engine and to its ports.
struct EngineDoor: Sendable {
  private struct Ports {
    let inference: InferencePort
    let decisions: DecisionPort
  }

  private let loop: any EventLoop
  private let ports: NIOLoopBoundBox<Ports?>

  static func make(
    on loop: any EventLoop, host: DecisionHost, models: InferenceEngine
  ) async -> EngineDoor {
    let ports = NIOLoopBoundBox.makeEmptyBox(valueType: Ports.self, eventLoop: loop)
    await withCheckedContinuation { continuation in
      loop.execute {
        let inference = models.makePort(executor: LoopExecutor(loop: loop))
        ports.value = Ports(
          inference: inference,
          decisions: host.engine.makePort(on: loop, inference: inference))
        continuation.resume()
      }
    }
    return EngineDoor(loop: loop, ports: ports)
  }

  /// Runs `body` on the thread; without a port once the door is closed.
  func enter(_ body: @escaping @Sendable (DecisionPort?) -> Void) {
    loop.execute { body(ports.value?.decisions) }
  }

  /// Lets go of the ports.
  func close() async {
    await withCheckedContinuation { continuation in
      loop.execute {
        ports.value = nil
        continuation.resume()
      }
    }
  }
}

/// Runs a port's work on its event loop.
private final class LoopExecutor: PortExecutor {
  private let loop: any EventLoop

  init(loop: any EventLoop) { self.loop = loop }

  func execute(_ work: @escaping @Sendable () -> Void) { loop.execute(work) }
}
