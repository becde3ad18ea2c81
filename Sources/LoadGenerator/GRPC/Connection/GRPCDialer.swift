package import NIOCore
internal import NIOPosix
internal import NIOSSL

/// Makes gRPC connections to one endpoint. Any thread.
package struct GRPCDialer: LoadDialer {
  private let endpoint: TargetEndpoint
  private let limits: HTTP2ClientLimits
  private let tls: NIOSSLContext?

  /// - Parameter streamsPerConnection: requests open at once on a connection, unless the server
  ///   takes fewer.
  /// - Throws: ``BenchInputError`` naming a TLS file that is of no use.
  package init(
    endpoint: TargetEndpoint, streamsPerConnection: Int
  ) throws(BenchInputError) {
    var limits = HTTP2ClientLimits()
    limits.streamsMax = streamsPerConnection
    try self.init(endpoint: endpoint, limits: limits)
  }

  /// A dialer with bounds of one's own.
  package init(endpoint: TargetEndpoint, limits: HTTP2ClientLimits) throws(BenchInputError) {
    self.endpoint = endpoint
    self.limits = limits
    if let files = endpoint.tls {
      tls = try ClientTLSContext.make(files, applicationProtocols: ["h2"])
    } else {
      tls = nil
    }
  }

  /// Starts a connection, which has ``HTTP2ClientLimits/connectNanosecondsMax`` to come about.
  package func dial(
    on eventLoop: any EventLoop, owner: any LoadConnectionOwner, stageNames: StageNames
  ) -> any LoadConnection {
    connect(on: eventLoop, owner: owner, stageNames: stageNames)
  }

  /// ``dial(on:owner:stageNames:)`` with the connection's own type.
  func connect(
    on eventLoop: any EventLoop, owner: any LoadConnectionOwner, stageNames: StageNames
  ) -> GRPCLoadConnection {
    let connection = GRPCLoadConnection(
      to: endpoint, on: eventLoop, owner: owner, stageNames: stageNames, limits: limits)
    connection.startDeadline()
    let bound = NIOLoopBound(connection, eventLoop: eventLoop)
    open(on: eventLoop).whenComplete { result in bound.value.opened(result) }
    return connection
  }

  private func open(on eventLoop: any EventLoop) -> EventLoopFuture<any Channel> {
    let bootstrap = ClientBootstrap(group: eventLoop)
      .connectTimeout(.nanoseconds(limits.connectNanosecondsMax))
      .channelOption(
        .recvAllocator,
        value: AdaptiveRecvByteBufferAllocator(minimum: 2_048, initial: 4_096, maximum: 262_144)
      )
      .channelInitializer { [tls, serverName] channel in
        channel.eventLoop.makeCompletedFuture {
          guard let tls else { return }
          let handler = try NIOSSLClientHandler(context: tls, serverHostname: serverName)
          try channel.pipeline.syncOperations.addHandler(handler)
        }
      }
    switch endpoint.place {
    case .unix(let path): return bootstrap.connect(unixDomainSocketPath: path)
    case .tcp(let host, let port):
      let tcp = bootstrap.channelOption(.tcpOption(.tcp_nodelay), value: 1)
      // A number needs no look-up, which would cross threads.
      if let address = try? SocketAddress(ipAddress: host, port: port) {
        return tcp.connect(to: address)
      }
      return tcp.connect(host: host, port: port)
    }
  }

  /// The name that the certificate must bear; `nil` for a number, to which the certificate is then
  /// compared.
  private var serverName: String? {
    switch endpoint.place {
    case .unix: "localhost"
    case .tcp(let host, let port):
      (try? SocketAddress(ipAddress: host, port: port)) == nil ? host : nil
    }
  }
}

extension GRPCLoadConnection {
  /// The dial's end. The connection joins the channel only now, as a name with several addresses
  /// has several channels tried; nothing was read yet.
  fileprivate func opened(_ result: Result<any Channel, any Error>) {
    switch result {
    case .failure(let error): end(words.text(error))
    case .success(let channel):
      guard !hasEnded else { return channel.close(promise: nil) }
      do {
        try channel.pipeline.syncOperations.addHandler(self)
      } catch {
        end(words.text(error))
        channel.close(promise: nil)
      }
    }
  }
}
