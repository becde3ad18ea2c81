import Foundation
import Gateway
import NIOCore
import NIOPosix
import NIOSSL

/// The listeners of one server: opened together before models load, closed together.
struct Listeners {
  private var http: [HTTPServer] = []
  private(set) var grpc: GRPCServer?
  private var metrics: HTTPServer?
  /// `HTTP listening on 0.0.0.0:8000`, one a listener.
  private(set) var lines: [String] = []
  /// Where HTTP can be reached from this machine; `nil` if it is switched off.
  private(set) var localURL: String?

  /// Opens what `options` allow.
  ///
  /// - Throws: ``StartFailure`` naming the address that cannot be used, or the TLS file.
  init(options: ServerOptions, context: ServerContext, group: any EventLoopGroup) async throws {
    if options.http.isAllowed { try await openHTTP(options, context, group) }
    if options.grpc.isAllowed { try await openGRPC(options, context, group) }
    if options.metrics.isAllowed {
      let address = ListenAddress.tcp(host: options.metricsAddress, port: options.metrics.port)
      let server = HTTPServer(
        context: context, group: group, address: address, scope: .metrics)
      let bound = try await Self.open("metrics", address) { try await server.start() }
      lines.append("metrics listening on \(bound.text)")
      metrics = server
    }
  }

  /// Stops accepting, waits for what is in flight, and closes what is left after `seconds`.
  func shutDown(withinSeconds seconds: Int) async {
    await withTaskGroup(of: Void.self) { tasks in
      for server in http { tasks.addTask { await server.shutDown(within: .seconds(seconds)) } }
      if let grpc {
        tasks.addTask { await grpc.shutdown(withinNanoseconds: Int64(seconds) * 1_000_000_000) }
      }
    }
    await metrics?.shutDown(within: .zero)
  }

  private mutating func openHTTP(
    _ options: ServerOptions, _ context: ServerContext, _ group: any EventLoopGroup
  ) async throws {
    let tls = try Self.tls(options.http, protocols: ["http/1.1"])
    let name = tls == nil ? "HTTP" : "HTTPS"
    for address in Self.addresses(options.http) {
      let server = HTTPServer(context: context, group: group, address: address, tls: tls)
      let bound = try await Self.open(name, address) { try await server.start() }
      lines.append("\(name) listening on \(bound.text)")
      if let port = bound.port {
        localURL = "\(tls == nil ? "http" : "https")://localhost:\(port)"
      }
      http.append(server)
    }
  }

  private mutating func openGRPC(
    _ options: ServerOptions, _ context: ServerContext, _ group: any EventLoopGroup
  ) async throws {
    let tls = try Self.tls(options.grpc, protocols: ["h2"])
    let server = GRPCServer(context: context, limits: options.grpcLimits, group: group, tls: tls)
    for address in Self.addresses(options.grpc) {
      let bound = try await Self.open("gRPC", address) {
        switch address {
        case .tcp(let host, let port): try await server.start(.tcp(host: host, port: port))
        case .unixSocket(let path): try await server.start(.unix(path: path))
        }
      }
      lines.append("gRPC listening on \(bound.text)\(tls == nil ? "" : " with TLS")")
    }
    grpc = server
  }

  private static func addresses(_ listener: ServerOptions.Listener) -> [ListenAddress] {
    var result = [ListenAddress.tcp(host: listener.address, port: listener.port)]
    if !listener.socket.isEmpty { result.append(.unixSocket(path: listener.socket)) }
    return result
  }

  private static func tls(
    _ listener: ServerOptions.Listener, protocols: [String]
  ) throws -> NIOSSLContext? {
    guard !listener.certificate.isEmpty else { return nil }
    let files = TLSConfigurationFiles(
      certificateChain: listener.certificate, privateKey: listener.key,
      clientRoots: listener.clientRoots.isEmpty ? nil : listener.clientRoots)
    do throws(TLSError) {
      return try files.makeContext(applicationProtocols: protocols)
    } catch {
      throw StartFailure(error.message)
    }
  }

  private static func open(
    _ name: String, _ address: ListenAddress, _ body: () async throws -> SocketAddress?
  ) async throws -> (text: String, port: Int?) {
    do {
      let bound = try await body()
      switch address {
      case .tcp(let host, let port):
        let actual = bound?.port ?? port
        return (host.contains(":") ? "[\(host)]:\(actual)" : "\(host):\(actual)", actual)
      case .unixSocket(let path): return ("unix:\(path)", nil)
      }
    } catch {
      throw StartFailure(reason(name, address, error))
    }
  }

  private static func reason(
    _ name: String, _ address: ListenAddress, _ error: any Error
  ) -> String {
    let place =
      switch address {
      case .tcp(let host, let port): "\(host):\(port)"
      case .unixSocket(let path): "unix:\(path)"
      }
    let text = "\(error)"
    let flag = name.hasPrefix("HTTP") ? "http" : name.lowercased()
    let fixes = [
      EADDRINUSE: "stop the other server, or choose another with --\(flag)-port",
      EACCES: "use a port above 1023, or a folder that may be written",
      EADDRNOTAVAIL: "this machine has no such address: use 0.0.0.0 for all of its own",
      ENOENT: "the folder of the socket does not exist",
    ]
    for (number, fix) in fixes where text.contains("errno: \(number))") {
      let system = unsafe String(cString: strerror(number))
      return "\(name) cannot listen on \(place): \(system.lowercased()); \(fix)"
    }
    return "\(name) cannot listen on \(place): \(text)"
  }
}

extension ServerOptions {
  var gatewayLimits: GatewayLimits {
    var limits = GatewayLimits()
    limits.bodyBytesMax = httpMaxInputSize
    limits.connectionsMax = maxConnections
    return limits
  }

  var grpcLimits: GRPCLimits {
    var limits = GRPCLimits()
    limits.messageBytesMax = grpcMaxMessageSize
    limits.connectionsMax = maxConnections
    limits.http2.concurrentStreamsMax = UInt32(clamping: maxStreams)
    limits.compressesAnswers = grpcCompression != "none"
    return limits
  }

  var contextOptions: ServerContext.Options {
    var result = ServerContext.Options(
      identity: ServerIdentity(name: serverName, version: NeedletailVersion.text))
    result.limits = gatewayLimits
    result.sendsServerTiming = sendsServerTiming
    result.isReadinessStrict = isReadinessStrict
    result.allowsSharedMemory = allowsSharedMemory
    return result
  }
}
