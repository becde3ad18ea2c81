import LoadGenerator
import NIOCore
import NIOPosix
import NIOSSL
import Testing

/// Dials, sends so many requests one after the other, closes, and returns what was told.
private func drive(_ endpoint: TargetEndpoint, requests: Int) async throws -> [HTTPTestEvent] {
  let dialer = try HTTPDialer(endpoint: endpoint)
  let loop = MultiThreadedEventLoopGroup.singleton.any()
  let told = loop.makePromise(of: [HTTPTestEvent].self)
  loop.execute {
    var connection: (any LoadConnection)?
    var left = requests
    let owner = HTTPTestOwner()
    owner.act = { event, owner in
      switch event {
      case .vacant where left > 0:
        left -= 1
        owner.calling {
          connection?.send(.httpGet(), ticket: requests - left, number: 0)
          connection?.flush()
        }
      case .vacant: connection?.close()
      case .ended:
        #expect(!owner.wasToldInsideCall)
        connection = nil
        owner.act = nil
        told.succeed(owner.events)
      case .answered: break
      }
    }
    owner.calling {
      connection = dialer.dial(on: loop, owner: owner, stageNames: StageNames())
    }
  }
  return try await told.futureResult.get()
}

private func tcp(_ port: Int, host: String = "127.0.0.1", tls: TargetEndpoint.TLS? = nil)
  -> TargetEndpoint
{
  TargetEndpoint(wire: .http, place: .tcp(host: host, port: port), tls: tls)
}

private func oks(_ count: Int) -> [HTTPTestEvent] {
  [.vacant]
    + (1...count).flatMap {
      [HTTPTestEvent.answered(ticket: $0, .ok, status: 200, explanation: ""), .vacant]
    } + [.ended(nil)]
}

@Suite(.timeLimit(.minutes(1))) struct HTTPDialerTests {
  @Test func `many requests go over one connection`() async throws {
    let server = try await RawReplyServer.start { _, number in
      number % 2 == 0
        ? .ok
        : .init(pieces: [
          "HTTP/1.1 200 OK\r\nTransfer-", "Encoding: chunked\r\n\r\n", "1\r\na\r\n", "0\r\n\r\n",
        ])
    }
    #expect(try await drive(tcp(server.port), requests: 50) == oks(50))
    #expect(try await drive(tcp(server.port, host: "localhost"), requests: 2) == oks(2))
    try await server.stop()
  }

  @Test func `a unix socket carries requests`() async throws {
    let folder = try HTTPTestFolder()
    defer { folder.remove() }
    let path = folder.path + "/s"
    let server = try await RawReplyServer.start(path: path) { _, _ in .ok }
    let endpoint = TargetEndpoint(wire: .http, place: .unix(path: path))
    #expect(try await drive(endpoint, requests: 5) == oks(5))
    try await server.stop()
  }

  @Test func `a server that closes after its answers is noticed`() async throws {
    let server = try await RawReplyServer.start { _, number in
      number < 3 ? .ok : .init(pieces: ["HTTP/1.1 200 OK\r\n\r\nlast"], closes: true)
    }
    let events = try await drive(tcp(server.port), requests: 9)
    #expect(
      events == oks(3).dropLast(2) + [.ended("the server ends the connection after its answer")])
    try await server.stop()
  }

  @Test func `a server that breaks off inside its answer is noticed`() async throws {
    let server = try await RawReplyServer.start { _, _ in
      .init(pieces: ["HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"], closes: true)
    }
    let reason = "the server closed the connection in the middle of its answer, after 42 bytes"
    let events = try await drive(tcp(server.port), requests: 1)
    #expect(
      events == [
        .vacant, .answered(ticket: 1, .connection, status: 0, explanation: reason),
        .ended(reason),
      ])
    try await server.stop()
  }

  @Test func `a dial that fails says why`() async throws {
    let server = try await RawReplyServer.start { _, _ in .ok }
    let port = server.port
    try await server.stop()
    for host in ["127.0.0.1", "localhost"] {
      #expect(
        try await drive(tcp(port, host: host), requests: 1) == [
          .ended("connection refused by \(host):\(port): is the server running?")
        ])
    }
    let missing = TargetEndpoint(wire: .http, place: .unix(path: "/tmp/nt-none/socket"))
    #expect(
      try await drive(missing, requests: 1) == [
        .ended("there is no socket /tmp/nt-none/socket: is the server running?")
      ])
    let long = "/tmp/" + String(repeating: "x", count: 300)
    let tooLong = TargetEndpoint(wire: .http, place: .unix(path: long))
    #expect(
      try await drive(tooLong, requests: 1) == [
        .ended("\(long) is no address of a socket: check host and port, or the path's length")
      ])
  }
}

@Suite(.timeLimit(.minutes(1))) struct HTTPDialerTLSTests {
  private func serverContext(clientRoot: Bool = false) throws -> NIOSSLContext {
    let chain = try NIOSSLCertificate.fromPEMBytes(Array(HTTPTestCertificates.server.utf8))
    let key = try NIOSSLPrivateKey(bytes: Array(HTTPTestCertificates.serverKey.utf8), format: .pem)
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
    configuration.applicationProtocols = ["http/1.1"]
    if clientRoot {
      configuration.trustRoots = .certificates(
        try NIOSSLCertificate.fromPEMBytes(Array(HTTPTestCertificates.root.utf8)))
      configuration.certificateVerification = .noHostnameVerification
    }
    return try NIOSSLContext(configuration: configuration)
  }

  @Test func `a certificate of a given root is trusted for its names`() async throws {
    let folder = try HTTPTestFolder()
    defer { folder.remove() }
    let server = try await RawReplyServer.start(tls: try serverContext()) { _, _ in .ok }
    var tls = TargetEndpoint.TLS()
    tls.rootsFile = try folder.file("root.pem", HTTPTestCertificates.root)
    for host in ["127.0.0.1", "localhost"] {
      #expect(try await drive(tcp(server.port, host: host, tls: tls), requests: 3) == oks(3))
    }
    try await server.stop()
  }

  @Test func `any other certificate is refused unless any will do`() async throws {
    let server = try await RawReplyServer.start(tls: try serverContext()) { _, _ in .ok }
    var tls = TargetEndpoint.TLS()
    let events = try await drive(tcp(server.port, tls: tls), requests: 1)
    #expect(
      events == [
        .ended(
          "the certificate of 127.0.0.1:\(server.port) is not trusted: name the file with its "
            + "root, or accept any certificate")
      ])
    tls.acceptsAnyCertificate = true
    #expect(try await drive(tcp(server.port, tls: tls), requests: 2) == oks(2))
    try await server.stop()
  }

  @Test func `a client certificate is shown to who asks`() async throws {
    let folder = try HTTPTestFolder()
    defer { folder.remove() }
    let context = try serverContext(clientRoot: true)
    let server = try await RawReplyServer.start(tls: context) { _, _ in .ok }
    var tls = TargetEndpoint.TLS()
    tls.rootsFile = try folder.file("root.pem", HTTPTestCertificates.root)
    let without = try await drive(tcp(server.port, tls: tls), requests: 1)
    #expect(!without.contains(.answered(ticket: 1, .ok, status: 200, explanation: "")))
    tls.certificateFile = try folder.file("client.pem", HTTPTestCertificates.client)
    tls.keyFile = try folder.file("client.key", HTTPTestCertificates.clientKey)
    #expect(try await drive(tcp(server.port, tls: tls), requests: 2) == oks(2))
    try await server.stop()
  }

  @Test func `TLS and plain text at the wrong port are told apart`() async throws {
    let plain = try await RawReplyServer.start(greeting: "220 mail.example\r\n") { _, _ in .ok }
    var tls = TargetEndpoint.TLS()
    tls.acceptsAnyCertificate = true
    let refused = try await drive(tcp(plain.port, tls: tls), requests: 1)
    guard case .ended(let reason?) = refused.first, refused.count == 1 else {
      Issue.record("\(refused)")
      return
    }
    #expect(reason.contains("does this port speak TLS?"), "\(reason)")
    try await plain.stop()

    let encrypted = try await RawReplyServer.start(tls: try serverContext()) { _, _ in .ok }
    let events = try await drive(tcp(encrypted.port), requests: 1)
    guard case .answered(1, .connection, 0, let explanation) = events.dropFirst().first else {
      Issue.record("\(events)")
      return
    }
    #expect(events.last == .ended(explanation))
    try await encrypted.stop()
  }

  @Test func `TLS files of no use are named`() throws {
    let folder = try HTTPTestFolder()
    defer { folder.remove() }
    let root = try folder.file("root.pem", HTTPTestCertificates.root)
    let junk = try folder.file("junk.pem", "no certificate")
    let client = try folder.file("client.pem", HTTPTestCertificates.client)
    let key = try folder.file("client.key", HTTPTestCertificates.clientKey)
    let otherKey = try folder.file("server.key", HTTPTestCertificates.serverKey)
    func message(_ edit: (inout TargetEndpoint.TLS) -> Void) -> String {
      var tls = TargetEndpoint.TLS()
      edit(&tls)
      do throws(BenchInputError) {
        _ = try HTTPDialer(endpoint: tcp(1, tls: tls))
        return ""
      } catch {
        return error.description
      }
    }
    #expect(message { $0.rootsFile = root } == "")
    #expect(message { $0.rootsFile = "/none.pem" }.contains("'/none.pem' cannot be read"))
    #expect(message { $0.rootsFile = junk }.contains("'\(junk)'"))
    #expect(message { $0.certificateFile = client }.contains("without its key"))
    #expect(message { $0.keyFile = key }.contains("without its certificate"))
    let mismatch = message {
      $0.certificateFile = client
      $0.keyFile = otherKey
    }
    #expect(mismatch.contains(otherKey) && mismatch.contains(client), "\(mismatch)")
  }
}
