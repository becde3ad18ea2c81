private import Inference
package import NIOCore
private import NIOPosix
package import NIOSSL
private import Synchronization

/// The gRPC side of the server: listens, and answers until it is shut down. Any thread.
package final class GRPCServer: Sendable {
  /// Where to listen.
  package enum Address: Sendable, Equatable {
    /// A name or number, and a port; port 0 takes any free one.
    case tcp(host: String, port: Int)
    /// The path of a socket, which must not exist, or be a socket that nobody listens to.
    case unix(path: String)
  }

  private let context: ServerContext
  private let limits: GRPCLimits
  private let group: any EventLoopGroup
  private let tls: NIOSSLContext?
  private let counters: ListenerCounters
  private let state = Mutex(State())

  private struct State {
    var listeners: [any Channel] = []
    var loops: [ObjectIdentifier: NIOLoopBound<GRPCLoop>] = [:]
    var eventLoops: [ObjectIdentifier: any EventLoop] = [:]
  }

  /// - Parameters:
  ///   - group: the event loops that serve; the same as HTTP's, so that both share the ports.
  ///   - tls: a context whose ALPN offers `h2`; `nil` for plain text.
  package init(
    context: ServerContext, limits: GRPCLimits, group: any EventLoopGroup, tls: NIOSSLContext?
  ) {
    self.context = context
    self.limits = limits
    self.group = group
    self.tls = tls
    counters = ListenerCounters(
      name: "grpc", connectionLimit: limits.connectionsMax,
      streamLimit: Int(limits.http2.concurrentStreamsMax), usualStatus: 0)
    context.add(counters)
  }

  /// Begins to listen; may be called again for a further address.
  ///
  /// - Returns: the address, with the port that was taken.
  /// - Throws: NIO's error if the address is in use or may not be used.
  @discardableResult
  package func start(_ address: Address) async throws -> SocketAddress? {
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 1024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.maxMessagesPerRead, value: 4)
      .childChannelInitializer { [self] channel in
        channel.eventLoop.makeCompletedFuture { try configure(channel) }
      }
    let channel: any Channel
    switch address {
    case .tcp(let host, let port):
      channel = try await bootstrap
        .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
        .childChannelOption(.socketOption(.so_keepalive), value: 1)
        .bind(host: host, port: port).get()
    case .unix(let path):
      channel = try await bootstrap.bind(
        unixDomainSocketPath: path, cleanupExistingSocketFile: true
      ).get()
    }
    state.withLock { $0.listeners.append(channel) }
    return channel.localAddress
  }

  /// Number of open connections.
  package var openConnections: Int { counters.openConnections }

  /// Looks at once for changes that `Health/Watch` calls wait for; they are found in half a second
  /// anyway.
  package func readinessChanged() {
    onEachLoop { $0.readinessChanged() }
  }

  /// Stops listening, asks clients to go elsewhere, and returns once what was in flight is
  /// answered; after `nanoseconds` at the latest, when what is left is closed.
  package func shutdown(withinNanoseconds nanoseconds: Int64) async {
    let listeners = state.withLock { state in
      let listeners = state.listeners
      state.listeners = []
      return listeners
    }
    for listener in listeners { try? await listener.close() }
    onEachLoop { $0.announceShutdown() }
    let end = ContinuousClock.now + .nanoseconds(nanoseconds)
    // Requests that were sent before the announcement arrived are still served.
    let grace = min(.milliseconds(100), Duration.nanoseconds(nanoseconds))
    try? await Task.sleep(for: grace)
    onEachLoop { $0.refuseNewStreams() }
    while counters.openConnections > 0, ContinuousClock.now < end, !Task.isCancelled {
      try? await Task.sleep(for: .milliseconds(10))
    }
    onEachLoop { $0.closeAll() }
  }

  private func onEachLoop(_ body: @escaping @Sendable (GRPCLoop) -> Void) {
    let loops = state.withLock { state in
      state.eventLoops.values.compactMap { eventLoop in
        state.loops[ObjectIdentifier(eventLoop)].map { (eventLoop, $0) }
      }
    }
    for (eventLoop, loop) in loops { eventLoop.execute { body(loop.value) } }
  }

  /// Sets up a new connection, on its event loop.
  private func configure(_ channel: any Channel) throws {
    guard counters.admitConnection() else {
      channel.close(promise: nil)
      return
    }
    let counters = counters
    channel.closeFuture.whenComplete { _ in counters.connectionClosed() }
    if let tls {
      try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls))
    }
    let connection = GRPCConnection(loop: loop(of: channel.eventLoop))
    try channel.pipeline.syncOperations.addHandler(connection)
  }

  private func loop(of eventLoop: any EventLoop) -> GRPCLoop {
    let key = ObjectIdentifier(eventLoop)
    if let known = state.withLock({ $0.loops[key] }) { return known.value }
    let made = GRPCLoop(
      context: context, limits: limits, counters: counters, eventLoop: eventLoop)
    let bound = NIOLoopBound(made, eventLoop: eventLoop)
    state.withLock { state in
      state.loops[key] = bound
      state.eventLoops[key] = eventLoop
    }
    return made
  }
}
