internal import NIOCore
internal import Timing

/// The HTTP connections of one event loop: one coarse timer looks after all their timeouts.
///
/// Confined to its loop.
final class HTTPConnectionRoster {
  private static let sweepInterval = TimeAmount.milliseconds(500)

  private let loop: any EventLoop
  private var connections: [ObjectIdentifier: HTTPConnectionHandler] = [:]
  private var sweeping: RepeatedTask?
  private var isDraining = false

  init(loop: any EventLoop) { self.loop = loop }

  func add(_ connection: HTTPConnectionHandler) {
    connections[ObjectIdentifier(connection)] = connection
    if isDraining { connection.isDraining = true }
    guard sweeping == nil else { return }
    let roster = NIOLoopBound(self, eventLoop: loop)
    sweeping = loop.scheduleRepeatedTask(
      initialDelay: Self.sweepInterval, delay: Self.sweepInterval
    ) { _ in roster.value.sweep() }
  }

  func remove(_ connection: HTTPConnectionHandler) {
    connections[ObjectIdentifier(connection)] = nil
    if connections.isEmpty {
      sweeping?.cancel()
      sweeping = nil
    }
  }

  /// Closes idle connections now, and the others after their answers.
  func drain() {
    isDraining = true
    for connection in Array(connections.values) { connection.drain() }
  }

  /// Closes all connections now.
  func closeAll() {
    for connection in Array(connections.values) {
      connection.channelContext?.close(promise: nil)
    }
  }

  private func sweep() {
    let now = MonotonicInstant.now().nanoseconds
    for connection in Array(connections.values) where connection.expiresAt <= now {
      connection.expire()
    }
  }
}

extension HTTPConnectionHandler {
  /// Ends a connection whose time is up: with an answer if a request has begun.
  func expire() {
    switch phase {
    case .head where firstByteAt == .distantPast, .lingering:
      channelContext?.close(promise: nil)
    case .head, .body:
      reject(HTTPRejection(408, "the request did not arrive in time; send it faster"))
    case .answering, .closed:
      break
    }
  }
}
