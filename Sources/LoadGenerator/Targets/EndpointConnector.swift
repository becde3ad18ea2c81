internal import NIOCore
private import NIOPosix
internal import NIOSSL

/// Opens channels to one endpoint, with TLS where that asks for it.
struct EndpointConnector: Sendable {
  let endpoint: TargetEndpoint
  private let tls: NIOSSLContext?

  /// Loads the TLS files.
  ///
  /// - Parameter applicationProtocol: what ALPN offers: `http/1.1` or `h2`.
  init(
    _ endpoint: TargetEndpoint, applicationProtocol: String = "http/1.1"
  ) throws(BenchInputError) {
    self.endpoint = endpoint
    if let files = endpoint.tls {
      tls = try ClientTLSContext.make(files, applicationProtocols: [applicationProtocol])
    } else {
      tls = nil
    }
  }

  /// Starts a connection; the future completes when the socket is connected, before a TLS
  /// handshake. Call on `eventLoop`.
  ///
  /// - Parameters:
  ///   - readBytesMax: bytes that one read takes at most.
  ///   - timeoutNanoseconds: how long the socket has to connect.
  func connect(
    on eventLoop: any EventLoop, readBytesMax: Int = 262_144,
    timeoutNanoseconds: Int64 = HTTPLoadConnection.connectNanosecondsMax
  ) -> EventLoopFuture<any Channel> {
    let bootstrap = ClientBootstrap(group: eventLoop)
      .connectTimeout(.nanoseconds(timeoutNanoseconds))
      .channelOption(
        .recvAllocator,
        value: AdaptiveRecvByteBufferAllocator(
          minimum: 2_048, initial: 4_096, maximum: readBytesMax)
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
      if let address = try? SocketAddress(ipAddress: host, port: port) {
        // No look-up, which would cross threads.
        return tcp.connect(to: address)
      }
      return tcp.connect(host: host, port: port)
    }
  }

  /// The name that the certificate must bear, and that SNI shows; `nil` for an address, to which
  /// the certificate is then compared.
  private var serverName: String? {
    switch endpoint.place {
    case .unix: "localhost"
    case .tcp(let host, let port):
      (try? SocketAddress(ipAddress: host, port: port)) == nil ? host : nil
    }
  }
}
