import Gateway
import LoadGenerator
import NIOCore
import NIOPosix
import NeedletailTesting
import SwiftProtobuf
import Tensors
import Testing

/// Calls of the project's own server over real sockets.
@Suite(.timeLimit(.minutes(1))) struct GRPCDialerTests {
  private typealias Event = GRPCDialedConnection.Event

  /// Answers by ticket, out of what was heard.
  private func outcomes(_ events: [Event]) -> [Int: Outcome] {
    var result: [Int: Outcome] = [:]
    for case .answered(let ticket, let outcome, _, _, _, _) in events {
      #expect(result[ticket] == nil, "answered twice")
      result[ticket] = outcome
    }
    return result
  }

  @Test(arguments: [GRPCGatewayPeer.Socket.tcp, .unix, .tls])
  func `calls over each socket are answered once each`(
    socket: GRPCGatewayPeer.Socket
  ) async throws {
    try await GRPCGatewayPeer.with(socket) { peer in
      let connection = try await GRPCDialedConnection(
        peer.endpoint, streams: 8, count: 300, request: try GRPCGatewayPeer.request())
      var answered = 0
      var events: [Event] = []
      while answered < 300, let event = await connection.next() {
        events.append(event)
        guard case .answered(_, _, _, let stages, let bytes, _) = event else { continue }
        answered += 1
        #expect(stages > 3 && bytes > 50)
      }
      #expect(events.first == .vacant(8))
      let outcomes = outcomes(events)
      #expect(outcomes.count == 300 && outcomes.values.allSatisfy { $0 == .ok })
      #expect(try await connection.finish().last == .ended(nil))
    }
  }

  @Test func `messages larger than every window go and come`() async throws {
    let columns = 1_000_000
    let model = ScriptedHost.Entry("wide", model: .echo([(name: "t", type: .fp32)]))
    try await GRPCGatewayPeer.with(models: [model]) { peer in
      let connection = try await GRPCDialedConnection(
        peer.endpoint, streams: 2, count: 4,
        request: try GRPCGatewayPeer.request("wide", input: "in_t", columns: columns))
      var answered = 0
      while answered < 4, let event = await connection.next() {
        guard case .answered(_, let outcome, _, _, let bytes, let text) = event else { continue }
        answered += 1
        #expect(outcome == .ok, "\(text)")
        #expect(bytes > 4 * columns)
      }
      _ = try await connection.finish()
    }
  }

  @Test func `an error of the server comes with its words`() async throws {
    try await GRPCGatewayPeer.with { peer in
      let connection = try await GRPCDialedConnection(
        peer.endpoint, count: 1, request: try GRPCGatewayPeer.request("none"))
      _ = await connection.next()
      guard case .answered(_, let outcome, let status, _, _, let text) = await connection.next()
      else {
        Issue.record("no answer")
        return
      }
      #expect(outcome == .failed && status == 5)
      #expect(text.contains("none"))
      _ = try await connection.finish()
    }
  }

  @Test func `a server that stops ends the connection with a reason`() async throws {
    let endpoint = try await GRPCGatewayPeer.with { peer in
      let connection = try await GRPCDialedConnection(peer.endpoint)
      #expect(await connection.next() == .vacant(4))
      await peer.server.shutdown(withinNanoseconds: 0)
      let events = await connection.rest()
      guard case .ended(let reason?) = events.last else {
        Issue.record("\(events)")
        return peer.endpoint
      }
      #expect(!reason.isEmpty && events.count == 1)
      return peer.endpoint
    }
    let refused = try await GRPCDialedConnection(endpoint)
    let events = await refused.rest()
    guard case .ended(let reason?) = events.first else {
      Issue.record("\(events)")
      return
    }
    #expect(reason.contains("refused") && events.count == 1)
  }

  @Test func `a socket that is not there ends the dial`() async throws {
    let endpoint = TargetEndpoint(wire: .grpc, place: .unix(path: "/nowhere/socket"))
    let connection = try await GRPCDialedConnection(endpoint)
    let events = await connection.rest()
    guard case .ended(_?) = events.first else {
      Issue.record("\(events)")
      return
    }
    #expect(events.count == 1)
  }

  @Test func `a dial may be closed before it is done`() async throws {
    try await GRPCGatewayPeer.with { peer in
      let connection = try await GRPCDialedConnection(peer.endpoint)
      #expect(try await connection.finish().last == .ended(nil))
    }
  }

  @Test func `a certificate that nobody vouches for ends the dial`() async throws {
    try await GRPCGatewayPeer.with(.tls) { peer in
      var endpoint = peer.endpoint
      endpoint.tls = TargetEndpoint.TLS()
      let connection = try await GRPCDialedConnection(endpoint)
      let events = await connection.rest()
      guard case .ended(let reason?) = events.first else {
        Issue.record("\(events)")
        return
      }
      #expect(reason.contains("not trusted"), "\(reason)")
      endpoint.tls?.acceptsAnyCertificate = true
      let careless = try await GRPCDialedConnection(endpoint)
      #expect(await careless.next() == .vacant(4))
      _ = try await careless.finish()
    }
  }

  @Test func `plain text to a TLS port, and TLS to a plain port, end the dial`() async throws {
    try await GRPCGatewayPeer.with(.tls) { peer in
      var endpoint = peer.endpoint
      endpoint.tls = nil
      let events = await (try GRPCDialedConnection(endpoint)).rest()
      guard case .ended(_?) = events.first else {
        Issue.record("\(events)")
        return
      }
    }
    try await GRPCGatewayPeer.with { peer in
      var endpoint = peer.endpoint
      endpoint.tls = TargetEndpoint.TLS()
      let events = await (try GRPCDialedConnection(endpoint)).rest()
      guard case .ended(_?) = events.first else {
        Issue.record("\(events)")
        return
      }
    }
  }

  @Test func `a TLS file that is missing is named`() {
    var endpoint = GRPCScriptedPeer.endpoint
    endpoint.tls = TargetEndpoint.TLS()
    endpoint.tls?.rootsFile = "/nowhere/roots.pem"
    let error = #expect(throws: BenchInputError.self) {
      _ = try GRPCDialer(endpoint: endpoint, streamsPerConnection: 1)
    }
    #expect(error?.description.contains("/nowhere/roots.pem") == true)
  }
}

/// Single calls outside the load.
@Suite(.timeLimit(.minutes(1))) struct ControlGRPCTests {
  private func call(
    _ endpoint: TargetEndpoint, _ path: String, timeoutNanoseconds: Int64 = 10_000_000_000
  ) async throws -> ByteBuffer {
    try await ControlGRPC.call(
      endpoint, path: path, message: ByteBuffer(), timeoutNanoseconds: timeoutNanoseconds,
      on: MultiThreadedEventLoopGroup.singleton)
  }

  @Test(arguments: [GRPCGatewayPeer.Socket.tcp, .unix, .tls])
  func `an answer's message comes without framing`(socket: GRPCGatewayPeer.Socket) async throws {
    try await GRPCGatewayPeer.with(socket) { peer in
      let message = try await call(peer.endpoint, "/inference.GRPCInferenceService/ServerMetadata")
      let bytes = [UInt8](buffer: message)
      let metadata = try Inference_ServerMetadataResponse(serializedBytes: bytes)
      #expect(metadata.version == "0.0.1")
    }
  }

  @Test func `a refusal carries the status and the words`() async throws {
    try await GRPCGatewayPeer.with { peer in
      let error = await #expect(throws: ControlError.self) {
        _ = try await call(peer.endpoint, "/inference.GRPCInferenceService/Nothing")
      }
      #expect(error?.status == 12)
      #expect(error?.description.hasPrefix("UNIMPLEMENTED") == true)
    }
  }

  @Test func `a server that is not there, or says nothing, is an error without a status`()
    async throws
  {
    let dead = TargetEndpoint(wire: .grpc, place: .unix(path: "/nowhere/socket"))
    let error = await #expect(throws: ControlError.self) { _ = try await call(dead, "/a/b") }
    #expect(error?.status == nil && error?.message.isEmpty == false)
    let silent = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .bind(host: "127.0.0.1", port: 0).get()
    let port = try #require(silent.localAddress?.port)
    let endpoint = TargetEndpoint(wire: .grpc, place: .tcp(host: "127.0.0.1", port: port))
    let late = await #expect(throws: ControlError.self) {
      _ = try await call(endpoint, "/a/b", timeoutNanoseconds: 20_000_000)
    }
    #expect(late?.status == nil && late?.message.contains("20 ms") == true, "\(late as Any)")
    try await silent.close()
  }
}
