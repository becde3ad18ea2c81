package import NIOCore
private import NIOPosix
package import NIOSSL
private import Synchronization

/// Where a listener listens.
package enum ListenAddress: Sendable, Equatable {
  case tcp(host: String, port: Int)
  case unixSocket(path: String)
}

/// Why a listener could not start; `message` is fit for the operator.
package struct ListenError: Error, Sendable, Equatable, CustomStringConvertible {
  package var message: String

  package init(_ message: String) { self.message = message }

  package var description: String { message }
}

/// An HTTP/1.1 listener and its connections.
package final class HTTPServer: Sendable {
  private let context: ServerContext
  private let group: any EventLoopGroup
  private let address: ListenAddress
  private let tls: NIOSSLContext?
  private let scope: HTTPRouter.Scope
  private let counters: ListenerCounters
  private typealias LoopRoster = (any EventLoop, NIOLoopBound<HTTPConnectionRoster>)
  private let rosters = Mutex<[ObjectIdentifier: LoopRoster]>([:])
  private let listener = Mutex<(any Channel)?>(nil)

  /// - Parameters:
  ///   - scope: the protocol, or the metrics page only.
  ///   - tls: switches TLS on.
  package init(
    context: ServerContext, group: any EventLoopGroup, address: ListenAddress,
    scope: HTTPRouter.Scope = .everything, tls: NIOSSLContext? = nil
  ) {
    self.context = context
    self.group = group
    self.address = address
    self.scope = scope
    self.tls = tls
    counters = ListenerCounters(
      name: scope == .everything ? "http" : "metrics",
      connectionLimit: context.limits.connectionsMax, usualStatus: 200)
  }

  /// Binds and accepts.
  ///
  /// - Returns: the bound address; its port is the real one where port 0 was asked for.
  package func start() async throws(ListenError) -> SocketAddress? {
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 1_024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.maxMessagesPerRead, value: 1)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelOption(
        .recvAllocator,
        value: AdaptiveRecvByteBufferAllocator(minimum: 2_048, initial: 4_096, maximum: 262_144)
      )
      .childChannelInitializer { [self] channel in
        channel.eventLoop.makeCompletedFuture { try configure(channel) }
      }
    do {
      let channel: any Channel
      switch address {
      case .tcp(let host, let port):
        channel = try await bootstrap.childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
          .bind(host: host, port: port).get()
      case .unixSocket(let path):
        channel = try await bootstrap.bind(
          unixDomainSocketPath: path, cleanupExistingSocketFile: true
        ).get()
      }
      context.add(counters)
      listener.withLock { $0 = channel }
      return channel.localAddress
    } catch {
      throw ListenError("cannot listen for HTTP on \(address.text): \(error)")
    }
  }

  /// Stops accepting, lets requests on their way end, then closes what is left.
  ///
  /// - Parameter limit: how long to wait for them.
  package func shutDown(within limit: Duration) async {
    let channel = listener.withLock { listener in
      defer { listener = nil }
      return listener
    }
    try? await channel?.close().get()
    let all = rosters.withLock { Array($0.values) }
    for (loop, roster) in all { loop.execute { roster.value.drain() } }
    let end = ContinuousClock.now + limit
    while counters.openConnections > 0, ContinuousClock.now < end {
      try? await Task.sleep(for: .milliseconds(5))
    }
    for (loop, roster) in all { loop.execute { roster.value.closeAll() } }
  }

  private func configure(_ channel: any Channel) throws {
    guard counters.admitConnection() else {
      channel.close(promise: nil)
      return
    }
    let handler = HTTPConnectionHandler(
      server: context, port: context.ports.port(on: channel.eventLoop), counters: counters,
      router: HTTPRouter(scope: scope), roster: roster(of: channel.eventLoop))
    do {
      let pipeline = channel.pipeline.syncOperations
      if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
      try pipeline.addHandler(handler)
    } catch {
      counters.connectionClosed()
      throw error
    }
  }

  private func roster(of loop: any EventLoop) -> HTTPConnectionRoster {
    rosters.withLock { rosters in
      if let known = rosters[ObjectIdentifier(loop)] { return known.1.value }
      let roster = HTTPConnectionRoster(loop: loop)
      rosters[ObjectIdentifier(loop)] = (loop, NIOLoopBound(roster, eventLoop: loop))
      return roster
    }
  }
}

extension ListenAddress {
  /// For messages: `127.0.0.1:8000` or the path.
  package var text: String {
    switch self {
    case .tcp(let host, let port): "\(host):\(port)"
    case .unixSocket(let path): path
    }
  }
}
