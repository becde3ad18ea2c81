import LoadGenerator
import NIOCore
import Testing

/// What answers, whole and broken ones, mean to the user who waits.
struct GRPCAnswerTests {
  /// The report of a call that was answered with `bytes` on stream 1.
  private func report(
    _ bytes: [UInt8], limits: HTTP2ClientLimits = HTTP2ClientLimits()
  ) throws -> GRPCScriptedPeer.Reported {
    let peer = try GRPCScriptedPeer(limits: limits)
    peer.send(7)
    peer.flush()
    peer.receive(bytes)
    #expect(peer.answers.count == 1)
    #expect(!peer.wasCalledInside)
    #expect(peer.vacancies == 4, "the stream's place is free again")
    let reported = try #require(peer.answer(7))
    peer.disconnect()
    #expect(peer.answers.count == 1)
    return reported
  }

  private func trailers(_ fields: [(String, String)]) -> [UInt8] {
    GRPCFrames.headers(stream: 1, fields, endStream: true)
  }

  private let head = GRPCFrames.headers(stream: 1, GRPCFrames.head)
  private let ok = GRPCFrames.headers(stream: 1, [("grpc-status", "0")], endStream: true)

  private func data(_ bytes: [UInt8]) -> [UInt8] { GRPCFrames.data(stream: 1, bytes) }

  @Test func `a whole answer is a success and its bytes are counted`() throws {
    let bytes = GRPCFrames.success(stream: 1)
    let reported = try report(bytes)
    #expect(reported.answer.outcome == .ok)
    #expect(reported.answer.status == 0)
    #expect(reported.answer.byteCount == bytes.count)
    #expect(reported.explanation.isEmpty)
  }

  @Test func `an answer may come one byte at a time`() throws {
    let peer = try GRPCScriptedPeer()
    peer.send(1)
    peer.flush()
    for byte in GRPCFrames.success(stream: 1) { peer.receive([byte]) }
    #expect(peer.answers.map(\.answer.outcome) == [.ok])
    peer.disconnect()
  }

  @Test func `the stages of the server are read from the head`() throws {
    let peer = try GRPCScriptedPeer()
    peer.send(1)
    peer.flush()
    peer.receive(
      GRPCFrames.success(stream: 1, more: [("server-timing", "decode;dur=0.5, queue;dur=2")]))
    let stages = try #require(peer.answer(1)).answer.stages
    #expect(peer.stageNames.names == ["decode", "queue"])
    #expect(stages.nanoseconds[0] == 500_000 && stages.nanoseconds[1] == 2_000_000)
    peer.disconnect()
  }

  @Test func `the stages of the server are read from the trailers`() throws {
    let reported = try report(
      head + data(GRPCFrames.message([1]))
        + trailers([("grpc-status", "0"), ("server-timing", "run;dur=1")]))
    #expect(reported.answer.outcome == .ok)
    #expect(reported.answer.stages.nanoseconds[0] == 1_000_000)
  }

  @Test(arguments: [
    (1, Outcome.failed), (2, .failed), (3, .failed), (4, .expired), (5, .failed), (8, .refused),
    (12, .failed), (13, .failed), (14, .refused), (16, .failed), (99, .failed),
  ])
  func `a status is told apart`(status: Int, outcome: Outcome) throws {
    let fields = GRPCFrames.head + [("grpc-status", "\(status)"), ("grpc-message", "no")]
    let only = try report(trailers(fields))
    #expect(only.answer.outcome == outcome)
    #expect(only.answer.status == status)
    #expect(only.explanation == "no")
    let late = try report(head + trailers([("grpc-status", "\(status)")]))
    #expect(late.answer.outcome == outcome)
    #expect(!late.explanation.isEmpty, "without a message the status is named")
  }

  @Test func `a message of the server is decoded, cleaned and cut`() throws {
    let encoded = try report(
      trailers(
        GRPCFrames.head + [
          ("grpc-status", "3"), ("grpc-message", "caf%C3%A9 %1b[31m 100%25 %zz %4"),
        ]))
    #expect(encoded.explanation == "café  [31m 100% %zz %4")
    let long = try report(
      trailers(
        GRPCFrames.head
          + [("grpc-status", "3"), ("grpc-message", String(repeating: "x", count: 5_000))]))
    #expect(long.explanation.utf8.count == 1_024)
  }

  @Test(arguments: [(503, Outcome.refused), (429, .refused), (504, .expired), (404, .failed)])
  func `an answer of a proxy counts by its HTTP status`(status: Int, outcome: Outcome) throws {
    let reported = try report(
      GRPCFrames.headers(stream: 1, [(":status", "\(status)"), ("content-type", "text/html")])
        + GRPCFrames.data(stream: 1, Array("<p>no backend".utf8), endStream: true))
    #expect(reported.answer.outcome == outcome)
    #expect(reported.answer.status == status)
    #expect(reported.explanation == "HTTP \(status): <p>no backend")
  }

  @Test func `an answer without content is no success`() throws {
    let empty = try report(trailers([(":status", "204"), ("content-type", "application/grpc")]))
    #expect(empty.answer.outcome == .failed)
    #expect(empty.explanation == "HTTP 204")
  }

  @Test func `an answer of another kind than gRPC is a failure that shows it`() throws {
    let reported = try report(
      GRPCFrames.headers(stream: 1, [(":status", "200"), ("content-type", "text/html")])
        + GRPCFrames.data(stream: 1, Array("welcome".utf8), endStream: true))
    #expect(reported.answer.outcome == .failed)
    #expect(reported.explanation.hasSuffix("welcome"))
  }

  @Test func `a success that is none is a failure that says why`() throws {
    let message = GRPCFrames.message([1, 2, 3])
    let cases: [([UInt8], String)] = [
      (head + GRPCFrames.data(stream: 1, message, endStream: true), "no grpc-status"),
      (head + ok, "no message"),
      (head + data(message + message) + ok, "2 messages"),
      (head + data(Array(message.dropLast())) + ok, "1 bytes are missing"),
      (head + data([0, 0]) + ok, "is cut"),
      (head + data(GRPCFrames.message([1], flag: 1)) + ok, "compressed"),
      (head + data(message) + trailers([("grpc-status", "fine")]), "not a number"),
      (head + data(message) + trailers([("grpc-status", "")]), "not a number"),
    ]
    for (bytes, words) in cases {
      let reported = try report(bytes)
      #expect(reported.answer.outcome == .failed)
      #expect(reported.explanation.contains(words), "\(reported.explanation)")
    }
  }

  @Test func `an empty message is a message`() throws {
    #expect(try report(head + data(GRPCFrames.message([])) + ok).answer.outcome == .ok)
  }

  @Test(arguments: [
    (7 as UInt32, Outcome.refused, 14), (11, .refused, 8), (8, .failed, 1), (2, .failed, 13),
    (12, .failed, 7), (77, .failed, 13),
  ])
  func `a reset stream counts by its code`(code: UInt32, outcome: Outcome, status: Int) throws {
    let reported = try report(head + GRPCFrames.reset(stream: 1, code))
    #expect(reported.answer.outcome == outcome)
    #expect(reported.answer.status == status)
    #expect(reported.explanation.hasPrefix("the server reset the stream ("))
  }

  @Test func `a reset after the whole answer changes nothing`() throws {
    let reported = try report(
      GRPCFrames.success(stream: 1) + GRPCFrames.reset(stream: 1, 0))
    #expect(reported.answer.outcome == .ok)
  }

  @Test func `an answer that breaks HTTP2 fails alone`() throws {
    let reported = try report(
      GRPCFrames.headers(stream: 1, [("content-type", "application/grpc")]))
    #expect(reported.answer.outcome == .failed)
    #expect(reported.explanation.contains("breaks HTTP/2"))
  }

  @Test func `fields over the bound fail their call alone`() throws {
    var limits = HTTP2ClientLimits()
    limits.headerListBytesMax = 300
    let big = GRPCFrames.head + [("x", String(repeating: "y", count: 400))]
    let reported = try report(GRPCFrames.headers(stream: 1, big), limits: limits)
    #expect(reported.answer.outcome == .failed)
  }

  @Test func `a message over the bound fails where messages are kept`() throws {
    var limits = HTTP2ClientLimits()
    limits.keptMessageBytesMax = 10
    let peer = try GRPCScriptedPeer(limits: limits)
    peer.send(1)
    peer.flush()
    peer.receive(head + data(GRPCFrames.message(Array(repeating: 1, count: 11))))
    #expect(peer.answer(1)?.answer.outcome == .failed)
    #expect(peer.written().contains { $0.type == 3 && $0.stream == 1 })
    peer.disconnect()
    #expect(peer.answers.count == 1)
  }
}
