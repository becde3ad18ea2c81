import LoadGenerator
import NIOCore
import NIOEmbedded
import Testing

/// The connection's promises to its owner, and its manners towards servers of every kind.
struct GRPCLoadConnectionTests {
  private func bodies(_ frames: [GRPCFrames.Frame], _ stream: Int32) -> [UInt8] {
    frames.filter { $0.type == 0 && $0.stream == stream }.flatMap(\.payload)
  }

  @Test func `there is no room before the server's settings`() throws {
    let peer = try GRPCScriptedPeer(settings: nil)
    #expect(peer.vacancies == 0 && peer.vacantCount == 0)
    let first = peer.written()
    #expect(first.first?.type == 4)
    #expect(first.contains { $0.type == 8 && $0.stream == 0 }, "the connection's window opens")
    peer.receive(GRPCFrames.settings())
    #expect(peer.vacancies == 4 && peer.vacantCount == 1)
    #expect(peer.written().contains { $0.type == 4 && $0.flags == 1 }, "acknowledged")
    peer.disconnect()
  }

  @Test func `a request carries its fields and its message`() throws {
    let peer = try GRPCScriptedPeer()
    let inflater = GRPCHeaderInflater()
    let request = GRPCScriptedPeer.request(
      timeoutMicroseconds: 250_000, metadata: [(name: "x-priority", value: "3")])
    peer.send(1, request)
    peer.send(2, request)
    #expect(peer.written().allSatisfy { $0.type != 1 }, "nothing leaves before the flush")
    peer.flush()
    let frames = peer.written()
    let blocks = frames.filter { $0.type == 1 }
    #expect(blocks.map(\.stream) == [1, 3])
    for block in blocks {
      #expect(
        inflater.fields(block.payload) == [
          ":method": "POST", ":scheme": "http", ":path": "/a.B/C", ":authority": "host:1",
          "content-type": "application/grpc", "te": "trailers",
          "grpc-accept-encoding": "identity", "user-agent": "needletail-bench",
          "grpc-timeout": "250000u", "x-priority": "3",
        ])
    }
    #expect(blocks[1].payload.count < 20, "the second block refers to the first")
    #expect(bodies(frames, 3) == GRPCFrames.message([9]))
    #expect(frames.filter(\.endsStream).map(\.stream) == [1, 3])
    peer.disconnect()
  }

  @Test(arguments: [
    (1 as Int64, "1u"), (99_999_999, "99999999u"), (100_000_000, "100000m"),
    (100_000_001, "100001m"), (99_999_999_001, "100000S"), (.max, "99999999S"),
  ])
  func `a deadline fits into eight digits`(microseconds: Int64, text: String) throws {
    let peer = try GRPCScriptedPeer()
    peer.send(1, GRPCScriptedPeer.request(timeoutMicroseconds: microseconds))
    peer.flush()
    let block = try #require(peer.written().first { $0.type == 1 })
    #expect(GRPCHeaderInflater().fields(block.payload)["grpc-timeout"] == text)
    peer.disconnect()
  }

  @Test func `many different heads are all sent right`() throws {
    let peer = try GRPCScriptedPeer(streams: 200)
    let inflater = GRPCHeaderInflater()
    for ticket in 1...200 {
      peer.send(ticket, GRPCScriptedPeer.request(timeoutMicroseconds: Int64(ticket)))
    }
    peer.flush()
    let times = peer.written().filter { $0.type == 1 }.map {
      inflater.fields($0.payload)["grpc-timeout"]
    }
    #expect(times == (1...200).map { "\($0)u" })
    peer.disconnect()
    #expect(peer.answers.count == 200)
  }

  @Test func `stamps get the request's number`() throws {
    let peer = try GRPCScriptedPeer()
    let request = GRPCScriptedPeer.request(
      Array(repeating: 0, count: 20), stamps: [Stamp(offset: 5 + 2)])
    peer.send(1, request, number: 0xAB)
    peer.send(2, request, number: .max)
    peer.flush()
    let frames = peer.written()
    #expect(bodies(frames, 1)[7..<23].elementsEqual("00000000000000ab".utf8))
    #expect(bodies(frames, 3)[7..<23].elementsEqual("ffffffffffffffff".utf8))
    #expect(bodies(frames, 1)[23...].allSatisfy { $0 == 0 })
    peer.disconnect()
  }

  @Test func `the server's bound on streams is kept and followed`() throws {
    let limit = { GRPCFrames.settings([(GRPCFrames.concurrentStreamsMax, $0)]) }
    let peer = try GRPCScriptedPeer(settings: limit(1))
    #expect(peer.vacancies == 1)
    peer.send(1)
    peer.flush()
    #expect(peer.vacancies == 0)
    #expect(peer.vacantCount == 1)
    peer.receive(GRPCFrames.success(stream: 1))
    #expect(peer.vacancies == 1 && peer.vacantCount == 2, "told of room again")
    peer.receive(limit(3))
    #expect(peer.vacancies == 3)
    peer.receive(limit(0))
    #expect(peer.vacancies == 0)
    peer.receive(limit(100))
    #expect(peer.vacancies == 4, "our own bound")
    #expect(peer.vacantCount == 3)
    peer.disconnect()
  }

  @Test func `an owner may send from inside an answer`() throws {
    let peer = try GRPCScriptedPeer(streams: 1)
    peer.onAnswer = { ticket in if ticket < 50 { peer.send(ticket + 1) } }
    peer.send(1)
    peer.flush()
    for turn in 0..<50 { peer.receive(GRPCFrames.success(stream: Int32(1 + 2 * turn))) }
    #expect(peer.answers.map(\.ticket) == Array(1...50))
    #expect(peer.answers.allSatisfy { $0.answer.outcome == .ok })
    #expect(!peer.wasCalledInside)
    peer.onAnswer = nil
    peer.disconnect()
  }

  @Test func `a body goes through a tiny window`() throws {
    let peer = try GRPCScriptedPeer(settings: GRPCFrames.settings([(GRPCFrames.initialWindow, 10)]))
    let body = (0..<1_000).map { UInt8(truncatingIfNeeded: $0) }
    peer.send(1, GRPCScriptedPeer.request(body))
    peer.flush()
    var received = bodies(peer.written(), 1)
    #expect(received.count == 10)
    var turns = 0
    while received.count < 1_005, turns < 1_000 {
      turns += 1
      peer.receive(GRPCFrames.windowUpdate(stream: 1, 7))
      received += bodies(peer.written(), 1)
    }
    #expect(received == GRPCFrames.message(body))
    peer.receive(GRPCFrames.success(stream: 1))
    #expect(peer.answers.map(\.answer.outcome) == [.ok])
    peer.disconnect()
  }

  @Test func `a large body leaves in large frames and whole`() throws {
    let window = GRPCFrames.settings([(GRPCFrames.initialWindow, 4 << 20), (5, 1 << 20)])
    let peer = try GRPCScriptedPeer(settings: window)
    peer.receive(GRPCFrames.windowUpdate(stream: 0, 4 << 20))
    let body = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
    peer.send(1, GRPCScriptedPeer.request(body))
    peer.send(2)
    peer.flush()
    let frames = peer.written()
    #expect(bodies(frames, 1) == GRPCFrames.message(body))
    #expect(bodies(frames, 3) == GRPCFrames.message([9]))
    #expect(frames.contains { $0.type == 0 && $0.payload.count == 65_536 })
    peer.disconnect()
  }

  @Test func `an answer before the end of the request stops the request`() throws {
    let peer = try GRPCScriptedPeer(settings: GRPCFrames.settings([(GRPCFrames.initialWindow, 0)]))
    peer.send(1)
    peer.flush()
    peer.receive(
      GRPCFrames.headers(
        stream: 1, GRPCFrames.head + [("grpc-status", "8")], endStream: true))
    #expect(peer.answers.map(\.answer.outcome) == [.refused])
    #expect(peer.written().contains { $0.type == 3 && $0.stream == 1 })
    #expect(peer.vacancies == 4)
    peer.disconnect()
  }

  @Test func `a call given up is reset and never reported`() throws {
    let peer = try GRPCScriptedPeer(streams: 1)
    peer.send(1)
    peer.flush()
    #expect(peer.vacancies == 0)
    _ = peer.written()
    peer.abandon(1)
    #expect(peer.written().map(\.type) == [3])
    #expect(peer.vacancies == 1 && peer.vacantCount == 2)
    peer.receive(GRPCFrames.success(stream: 1))
    #expect(peer.answers.isEmpty)
    // The ticket may be used again at once.
    peer.send(1)
    peer.flush()
    peer.receive(GRPCFrames.success(stream: 3))
    #expect(peer.answers.map(\.ticket) == [1])
    peer.disconnect()
    #expect(peer.answers.count == 1)
  }

  @Test func `a call given up before it left, and one inside another's answer`() throws {
    let peer = try GRPCScriptedPeer()
    peer.send(1)
    peer.abandon(1)
    peer.send(2)
    peer.send(3)
    peer.flush()
    peer.onAnswer = { ticket in if ticket == 2 { peer.abandon(3) } }
    let sent = peer.written().filter { $0.type == 1 }.map(\.stream)
    peer.receive(sent.flatMap { GRPCFrames.success(stream: $0) })
    #expect(peer.answers.map(\.ticket) == [2])
    #expect(peer.vacancies == 4)
    peer.onAnswer = nil
    peer.disconnect()
    #expect(peer.endReasons.count == 1)
  }

  @Test func `the end of the connection answers everything, then says so once`() throws {
    let peer = try GRPCScriptedPeer()
    for ticket in 1...4 { peer.send(ticket) }
    peer.flush()
    peer.disconnect()
    #expect(peer.answers.map(\.ticket).sorted() == [1, 2, 3, 4])
    #expect(peer.answers.allSatisfy { $0.answer.outcome == .connection })
    #expect(peer.answers.allSatisfy { $0.explanation.contains("closed the connection") })
    #expect(peer.endReasons.count == 1 && peer.endReasons[0] != nil)
  }

  @Test func `an owner that closes is told without a reason`() throws {
    let peer = try GRPCScriptedPeer()
    peer.send(1)
    peer.flush()
    peer.close()
    #expect(peer.answers.map(\.answer.outcome) == [.connection])
    #expect(peer.endReasons == [nil])
    #expect(!peer.wasCalledInside)
    #expect(!peer.channel.isActive)
  }

  @Test func `an owner may close from inside an answer`() throws {
    let peer = try GRPCScriptedPeer()
    peer.send(1)
    peer.send(2)
    peer.flush()
    peer.onAnswer = { ticket in if ticket == 1 { peer.close() } }
    peer.receive(GRPCFrames.success(stream: 1))
    #expect(peer.answers.map(\.answer.outcome) == [.ok, .connection])
    #expect(peer.endReasons == [nil])
    peer.onAnswer = nil
  }

  @Test func `a server that goes away finishes what it took and refuses the rest`() throws {
    let peer = try GRPCScriptedPeer()
    peer.send(1)
    peer.send(2)
    peer.flush()
    peer.receive(GRPCFrames.goAway(last: 1, 0, "bye"))
    #expect(peer.vacancies == 0)
    #expect(peer.answers.map(\.ticket) == [2])
    #expect(peer.answers[0].answer.outcome == .connection)
    #expect(peer.answers[0].explanation.contains("GOAWAY NO_ERROR: bye"))
    #expect(peer.endReasons.isEmpty)
    peer.receive(GRPCFrames.success(stream: 1))
    #expect(peer.answer(1)?.answer.outcome == .ok)
    #expect(peer.endReasons.count == 1)
    #expect(peer.endReasons[0]?.contains("GOAWAY") == true)
    #expect(!peer.channel.isActive)
  }

  @Test func `a server that goes away in two steps, idle, ends the connection`() throws {
    let peer = try GRPCScriptedPeer()
    peer.send(1)
    peer.flush()
    peer.receive(GRPCFrames.goAway(last: .max, 0))
    #expect(peer.vacancies == 0 && peer.answers.isEmpty && peer.endReasons.isEmpty)
    peer.receive(GRPCFrames.goAway(last: 1, 11, "too_many_pings"))
    peer.receive(GRPCFrames.success(stream: 1))
    #expect(peer.answers.map(\.answer.outcome) == [.ok])
    #expect(peer.endReasons.first??.contains("ENHANCE_YOUR_CALM: too_many_pings") == true)
  }

  @Test func `requests that wait for the server's bound end with its going away`() throws {
    let peer = try GRPCScriptedPeer()
    peer.receive(GRPCFrames.settings([(GRPCFrames.concurrentStreamsMax, 4)]))
    for ticket in 1...4 { peer.send(ticket) }
    peer.receive(GRPCFrames.goAway(last: 0, 0))
    #expect(peer.answers.count == 4)
    #expect(peer.answers.allSatisfy { $0.answer.outcome == .connection })
    #expect(peer.endReasons.count == 1)
  }

  @Test func `a server that never speaks ends by the time allowed`() throws {
    var limits = HTTP2ClientLimits()
    limits.connectNanosecondsMax = 1_000_000
    let peer = try GRPCScriptedPeer(limits: limits, settings: nil)
    peer.connection?.startDeadline()
    peer.channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
    #expect(peer.endReasons.first??.contains("did not begin to speak HTTP/2") == true)
    #expect(!peer.channel.isActive)
  }

  @Test func `a server that speaks HTTP1 is told apart`() throws {
    let peer = try GRPCScriptedPeer(settings: nil)
    peer.receive(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8))
    peer.disconnect()
    #expect(peer.endReasons.count == 1)
    #expect(peer.endReasons.first??.contains("HTTP/1") == true)
  }

  @Test func `a server that breaks HTTP2 is told why, and the owner too`() throws {
    let peer = try GRPCScriptedPeer()
    peer.send(1)
    peer.flush()
    peer.receive(GRPCFrames.data(stream: 2, [1]))
    #expect(peer.answers.map(\.answer.outcome) == [.connection])
    #expect(peer.endReasons.first??.contains("PROTOCOL_ERROR") == true, "\(peer.endReasons)")
    #expect(peer.written().contains { $0.type == 7 })
  }

  @Test func `a flood of pings ends the connection`() throws {
    let peer = try GRPCScriptedPeer()
    let ping = GRPCFrames.frame(6, stream: 0, Array(repeating: 0, count: 8))
    peer.receive(Array((0..<20_000).map { _ in ping }.joined()))
    #expect(peer.endReasons.count == 1)
  }

  @Test func `a request of another wire is answered as one that cannot leave`() throws {
    let peer = try GRPCScriptedPeer()
    let request = PreparedRequest(
      entry: 0, payload: .http(HTTPRequestBytes(bytes: ByteBuffer(string: "GET"))))
    peer.send(5, request)
    #expect(peer.answers.isEmpty)
    peer.channel.embeddedEventLoop.run()
    #expect(peer.answers.map(\.answer.outcome) == [.connection])
    peer.disconnect()
    #expect(peer.answers.count == 1)
  }
}
