import LoadGenerator
import NIOCore
import NIOEmbedded
import Testing

/// A connection over a channel without a socket.
final class EmbeddedHTTPConnection {
  let channel: EmbeddedChannel
  let owner = HTTPTestOwner()
  let names = StageNames()
  let connection: HTTPLoadConnection

  init(_ handlers: [any ChannelHandler & Sendable] = [], connects: Bool = true) throws {
    channel = EmbeddedChannel(handlers: handlers)
    let endpoint = TargetEndpoint(wire: .http, place: .tcp(host: "127.0.0.1", port: 8000))
    connection = HTTPLoadConnection(
      on: channel.embeddedEventLoop, to: endpoint, owner: owner, stageNames: names)
    guard connects else { return }
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 8000)).wait()
    let loop = channel.embeddedEventLoop
    owner.calling { connection.start { loop.makeSucceededFuture(channel) } }
    run()
  }

  func run() { channel.embeddedEventLoop.run() }

  func send(_ request: PreparedRequest = .httpGet(), ticket: Int, number: UInt64 = 0) {
    owner.calling { connection.send(request, ticket: ticket, number: number) }
  }

  func flush() { owner.calling { connection.flush() } }

  /// The server's words; the channel may be closed by them.
  func receive(_ text: String) { _ = try? channel.writeInbound(ByteBuffer(string: text)) }

  func sent() throws -> String? {
    try channel.readOutbound(as: ByteBuffer.self).map { String(buffer: $0) }
  }

  /// What was told since the last call, without the first vacancy.
  func told() -> [HTTPTestEvent] {
    defer { owner.events = [] }
    return owner.events
  }
}

@Suite struct HTTPLoadConnectionTests {
  private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
  private static let okEvents: [HTTPTestEvent] = [
    .answered(ticket: 1, .ok, status: 200, explanation: ""), .vacant,
  ]

  @Test func `requests go out with a flush, and answers come back one by one`() throws {
    let test = try EmbeddedHTTPConnection()
    #expect(test.told() == [.vacant])
    #expect(test.connection.vacancies == 1)
    for _ in 0..<3 {
      test.send(ticket: 1)
      #expect(test.connection.vacancies == 0)
      #expect(try test.sent() == nil)
      test.flush()
      #expect(try test.sent() == "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
      test.receive(Self.ok)
      #expect(test.told() == Self.okEvents)
      #expect(test.owner.answers.last?.byteCount == Self.ok.utf8.count)
    }
    #expect(!test.owner.wasToldInsideCall)
    #expect(test.channel.isActive)
  }

  @Test func `an answer in pieces, after interim answers, is one answer`() throws {
    let test = try EmbeddedHTTPConnection()
    test.send(ticket: 1)
    test.flush()
    _ = test.told()
    for byte in ("HTTP/1.1 100 Continue\r\n\r\n" + Self.ok.dropLast()).utf8 {
      test.receive(String(UnicodeScalar(byte)))
    }
    #expect(test.told() == [])
    test.receive("k")
    #expect(test.told() == Self.okEvents)
  }

  @Test func `the owner may send inside its answer`() throws {
    let test = try EmbeddedHTTPConnection()
    var left = 3
    test.owner.act = { [unowned test] event, _ in
      guard case .answered = event, left > 0 else { return }
      left -= 1
      #expect(test.connection.vacancies == 1)
      test.connection.send(.httpGet(), ticket: 1, number: 0)
      test.connection.flush()
    }
    test.send(ticket: 1)
    test.flush()
    _ = test.told()
    for _ in 0..<3 { test.receive(Self.ok) }
    #expect(test.told() == Array(repeating: Self.okEvents[0], count: 3))
    test.receive(Self.ok)
    #expect(test.told() == Self.okEvents)
  }

  @Test func `stamps are filled in a copy`() throws {
    let test = try EmbeddedHTTPConnection()
    let blank = String(repeating: "-", count: Stamp.width)
    let request = PreparedRequest.httpGet(
      "/\(blank)/\(blank)/rest", stamps: [Stamp(offset: 5), Stamp(offset: 22)])
    for (number, digits) in [(UInt64(0xFEDC_BA98_7654_3210), "fedcba9876543210"),
      (7, "0000000000000007")]
    {
      test.send(request, ticket: 1, number: number)
      test.flush()
      var sent = ""
      while let part = try test.sent() { sent += part }
      #expect(sent == "GET /\(digits)/\(digits)/rest HTTP/1.1\r\nHost: localhost\r\n\r\n")
      test.receive(Self.ok)
    }
  }

  @Test(arguments: [
    (200, Outcome.ok), (204, .ok), (304, .failed), (400, .failed), (404, .failed),
    (408, .expired), (429, .refused), (500, .failed), (503, .refused), (504, .expired),
  ]) func `a status becomes an outcome`(status: Int, outcome: Outcome) throws {
    #expect(Outcome(httpStatus: status) == outcome)
    let test = try EmbeddedHTTPConnection()
    test.send(ticket: 4)
    test.flush()
    _ = test.told()
    let hasBody = status != 204 && status != 304
    let body = hasBody ? "{\"error\":\"why\"}" : ""
    let length = hasBody ? "Content-Length: 15\r\n" : ""
    test.receive(
      "HTTP/1.1 \(status) X\r\nServer-Timing: queue;dur=1.5\r\n\(length)\r\n\(body)")
    let explanation = outcome == .ok ? "" : body
    #expect(
      test.told()
        == [.answered(ticket: 4, outcome, status: status, explanation: explanation), .vacant])
    #expect(test.owner.answers.first?.stages.nanoseconds[0] == 1_500_000)
    #expect(test.names.names == ["queue"])
  }

  @Test func `a HEAD request is answered without a body`() throws {
    let test = try EmbeddedHTTPConnection()
    _ = test.told()
    let bytes = ByteBuffer(string: "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
    test.send(PreparedRequest(entry: 0, payload: .http(HTTPRequestBytes(bytes: bytes))), ticket: 1)
    test.flush()
    test.receive("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
    #expect(test.told() == Self.okEvents)
  }

  @Test func `an answer that ends the connection is an answer first`() throws {
    for text in [
      "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
      "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    ] {
      let test = try EmbeddedHTTPConnection()
      test.send(ticket: 1)
      test.flush()
      _ = test.told()
      test.receive(text)
      #expect(
        test.told() == [
          Self.okEvents[0], .ended("the server ends the connection after its answer"),
        ])
      #expect(!test.channel.isActive)
      #expect(test.connection.vacancies == 0)
      test.connection.close()
      test.run()
      #expect(test.told() == [])
    }
  }

  @Test func `the end of the connection completes a body without a length`() throws {
    let test = try EmbeddedHTTPConnection()
    test.send(ticket: 1)
    test.flush()
    _ = test.told()
    test.receive("HTTP/1.1 200 OK\r\n\r\nall of it")
    #expect(test.told() == [])
    try test.channel.close().wait()
    #expect(
      test.told() == [
        Self.okEvents[0], .ended("the server ends the connection after its answer"),
      ])
  }

  @Test func `bytes beyond the answer end the connection, not the answer`() throws {
    let test = try EmbeddedHTTPConnection()
    test.send(ticket: 1)
    test.flush()
    _ = test.told()
    test.receive(Self.ok + "surplus")
    #expect(
      test.told() == [Self.okEvents[0], .ended("the server sent 7 bytes more than its answer has")])
  }

  @Test func `bytes without a request end the connection`() throws {
    let test = try EmbeddedHTTPConnection()
    _ = test.told()
    test.receive("HTTP/1.1 408 Request Timeout\r\n\r\n")
    #expect(
      test.told() == [
        .ended("the server sent 'HTTP/1.1 408 Request Timeout' without a request")
      ])
    #expect(!test.channel.isActive)
  }

  @Test func `an answer before the request is read ends the connection`() throws {
    let test = try EmbeddedHTTPConnection()
    test.send(ticket: 1)
    test.flush()
    _ = test.told()
    test.channel.isWritable = false
    test.receive("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig")
    #expect(
      test.told() == [
        .answered(ticket: 1, .failed, status: 413, explanation: "big"),
        .ended("the server answered before it had read the whole request"),
      ])
  }
}

@Suite struct HTTPLoadConnectionEndTests {
  private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

  private func lost(_ reason: String, ended: String?) -> [HTTPTestEvent] {
    [.answered(ticket: 1, .connection, status: 0, explanation: reason), .ended(ended)]
  }

  @Test func `a close between requests loses no ticket`() throws {
    let test = try EmbeddedHTTPConnection()
    _ = test.told()
    try test.channel.close().wait()
    #expect(test.told() == [.ended("the server closed the idle connection")])
    test.send(ticket: 1)
    test.run()
    #expect(test.told() == [])
  }

  @Test func `a close before or inside the answer is a connection that broke`() throws {
    for (received, reason) in [
      ("", "the server closed the connection without an answer"),
      (
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
        "the server closed the connection in the middle of its answer, after 42 bytes"
      ),
    ] {
      let test = try EmbeddedHTTPConnection()
      test.send(ticket: 1)
      test.flush()
      _ = test.told()
      if !received.isEmpty { test.receive(received) }
      try test.channel.close().wait()
      #expect(test.told() == lost(reason, ended: reason))
    }
  }

  @Test func `what is no HTTP ends the connection with its first bytes`() throws {
    let test = try EmbeddedHTTPConnection()
    test.send(ticket: 1)
    test.flush()
    _ = test.told()
    test.receive("220 mail.example ESMTP\r\n")
    let reason = "the server sent '220 mail.example ESMTP', which is no HTTP/1.1 status line: "
      + "does this port speak HTTP/1.1?"
    #expect(test.told() == lost(reason, ended: reason))
    #expect(!test.channel.isActive)
  }

  @Test func `a socket error ends the connection`() throws {
    let test = try EmbeddedHTTPConnection()
    test.send(ticket: 1)
    test.flush()
    _ = test.told()
    test.channel.pipeline.fireErrorCaught(IOError(errnoCode: 104, reason: "read"))
    let reason = "the server at 127.0.0.1:8000 broke the connection off"
    #expect(test.told() == lost(reason, ended: reason))
    test.channel.pipeline.fireErrorCaught(IOError(errnoCode: 104, reason: "read"))
    #expect(test.told() == [])
  }

  @Test func `our own close reports afterwards and names no reason`() throws {
    let test = try EmbeddedHTTPConnection()
    test.send(ticket: 1)
    test.flush()
    _ = test.told()
    test.owner.calling { test.connection.close() }
    test.owner.calling { test.connection.close() }
    #expect(test.connection.vacancies == 0)
    #expect(test.told() == [])
    test.run()
    #expect(test.told() == lost("the load generator closed the connection", ended: nil))
    #expect(!test.owner.wasToldInsideCall)
    #expect(!test.channel.isActive)
  }

  @Test func `an abandoned request is not answered`() throws {
    let test = try EmbeddedHTTPConnection()
    test.send(ticket: 1)
    test.flush()
    _ = test.told()
    test.owner.calling { test.connection.abandon(ticket: 2) }
    test.run()
    #expect(test.told() == [])
    test.owner.calling { test.connection.abandon(ticket: 1) }
    #expect(test.connection.vacancies == 0)
    test.run()
    #expect(test.told() == [.ended(nil)])
  }

  @Test func `an answer and an end inside a flush are told after it`() throws {
    let test = try EmbeddedHTTPConnection([HastyPeer(answer: Self.ok)])
    test.send(ticket: 1)
    test.flush()
    #expect(!test.owner.wasToldInsideCall)
    #expect(test.told() == [.vacant])
    test.run()
    #expect(
      test.told() == [
        .answered(ticket: 1, .ok, status: 200, explanation: ""), .vacant,
        .ended("the server closed the idle connection"),
      ])
  }

  @Test func `a request that the connection cannot take is answered`() throws {
    let test = try EmbeddedHTTPConnection()
    _ = test.told()
    let reason = "the connection cannot take this request"
    let refused = HTTPTestEvent.answered(
      ticket: 1, .connection, status: 0, explanation: reason)
    test.send(.httpGet(stamps: [Stamp(offset: 1_000)]), ticket: 1)
    test.run()
    #expect(test.told() == [refused, .vacant])
    let message = GRPCRequestBytes(path: "/a/b", message: ByteBuffer())
    test.send(PreparedRequest(entry: 0, payload: .grpc(message)), ticket: 1)
    test.run()
    #expect(test.told() == [refused, .vacant])
  }

  @Test func `a connection that does not come about in time ends`() throws {
    let test = try EmbeddedHTTPConnection(connects: false)
    let loop = test.channel.embeddedEventLoop
    let promise = loop.makePromise(of: (any Channel).self)
    test.connection.start { promise.futureResult }
    #expect(test.connection.vacancies == 0)
    loop.advanceTime(by: .nanoseconds(HTTPLoadConnection.connectNanosecondsMax - 1))
    #expect(test.told() == [])
    loop.advanceTime(by: .nanoseconds(1))
    #expect(
      test.told() == [.ended("127.0.0.1:8000 took no connection within 5 s: is it reachable?")])
    promise.succeed(test.channel)
    test.run()
    #expect(test.told() == [])
    #expect(!test.channel.isActive)
  }

  @Test func `a dial that fails or is called off at once reports afterwards`() throws {
    let failing = try EmbeddedHTTPConnection(connects: false)
    let loop = failing.channel.embeddedEventLoop
    failing.owner.calling {
      failing.connection.start {
        loop.makeFailedFuture(IOError(errnoCode: 111, reason: "connect"))
      }
    }
    #expect(!failing.owner.wasToldInsideCall)
    failing.run()
    #expect(
      failing.told() == [
        .ended("connection refused by 127.0.0.1:8000: is the server running?")
      ])

    let closed = try EmbeddedHTTPConnection(connects: false)
    let promise = closed.channel.embeddedEventLoop.makePromise(of: (any Channel).self)
    closed.connection.start { promise.futureResult }
    closed.connection.close()
    closed.run()
    #expect(closed.told() == [.ended(nil)])
    promise.fail(ChannelError.connectTimeout(.seconds(5)))
    closed.channel.embeddedEventLoop.advanceTime(by: .seconds(10))
    #expect(closed.told() == [])
  }
}

/// Answers a flush before it returns, and closes.
private final class HastyPeer: ChannelOutboundHandler, Sendable {
  typealias OutboundIn = ByteBuffer
  private let answer: String

  init(answer: String) { self.answer = answer }

  func flush(context: ChannelHandlerContext) {
    context.flush()
    context.fireChannelRead(NIOAny(ByteBuffer(string: answer)))
    context.fireChannelInactive()
  }
}
