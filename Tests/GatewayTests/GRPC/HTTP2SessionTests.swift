import Gateway
import NIOCore
import Testing

struct HTTP2SessionTests {
  private static let path = "/inference.GRPCInferenceService/ModelInfer"

  private func bodyBytes(_ frames: [HTTP2Bytes.Frame], stream: Int32) -> [UInt8] {
    frames.filter { $0.type == 0 && $0.stream == stream }.flatMap(\.payload)
  }

  @Test func `a request is received and its answer written with trailers`() throws {
    let connection = try RecordingConnection()
    #expect(connection.receive(HTTP2Bytes.preface + HTTP2Bytes.settings()))
    #expect(connection.receive(HTTP2Bytes.headers(stream: 1, path: Self.path)))
    #expect(connection.receive(HTTP2Bytes.data(stream: 1, [9, 8, 7], endStream: true)))
    let frames = connection.written()
    #expect(connection.streams.first?.body == [9, 8, 7])
    #expect(connection.streams.first?.path == Self.path)
    #expect(bodyBytes(frames, stream: 1) == [1, 2, 3])
    #expect(frames.last?.type == 1 && frames.last?.flags == 5, "trailers end the stream")
    #expect(connection.streams.first?.closedWith == 0)
    connection.end()
  }

  @Test func `an answer waits for the client's window`() throws {
    let connection = try RecordingConnection()
    let answer = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
    connection.answer = answer
    #expect(connection.receive(HTTP2Bytes.preface + HTTP2Bytes.settings(window: 1000)))
    #expect(connection.receive(HTTP2Bytes.headers(stream: 1, path: Self.path, endStream: true)))
    var received = bodyBytes(connection.written(), stream: 1)
    #expect(received.count == 1000)
    #expect(connection.receive(HTTP2Bytes.windowUpdate(stream: 0, 1_000_000)))
    var turns = 0
    while received.count < answer.count, turns < 1000 {
      turns += 1
      #expect(connection.receive(HTTP2Bytes.windowUpdate(stream: 1, 777)))
      received += bodyBytes(connection.written(), stream: 1)
    }
    #expect(received == answer)
    connection.end()
  }

  @Test func `writing stops at the bound and goes on later`() throws {
    var settings = HTTP2Settings()
    settings.writeBytesMax = 32_768
    let connection = try RecordingConnection(settings: settings)
    connection.answer = Array(repeating: 5, count: 1_000_000)
    let opening = HTTP2Bytes.preface + HTTP2Bytes.settings(window: 2_000_000)
    #expect(connection.receive(opening + HTTP2Bytes.windowUpdate(stream: 0, 2_000_000)))
    #expect(connection.receive(HTTP2Bytes.headers(stream: 1, path: Self.path, endStream: true)))
    #expect(connection.session?.write() == true)
    #expect(connection.output.buffer.readableBytes < 32_768 + 16_384 + 64)
    let first = HTTP2Bytes.frames([UInt8](buffer: connection.output.buffer))
    connection.output.buffer.clear()
    let rest = connection.written()
    #expect(bodyBytes(first + rest, stream: 1).count == 1_000_000)
    connection.end()
  }

  @Test func `a reset by the client closes the stream`() throws {
    let connection = try RecordingConnection()
    #expect(connection.receive(HTTP2Bytes.preface + HTTP2Bytes.settings()))
    #expect(connection.receive(HTTP2Bytes.headers(stream: 1, path: Self.path)))
    #expect(connection.receive(HTTP2Bytes.frame(3, stream: 1, [0, 0, 0, 8])))
    #expect(connection.streams.first?.closedWith == HTTP2ErrorCode.cancel.rawValue)
    #expect(connection.streams.first?.isClosed == true)
    connection.end()
  }

  @Test func `the end of the connection closes every stream`() throws {
    let connection = try RecordingConnection()
    connection.answer = nil
    #expect(connection.receive(HTTP2Bytes.preface + HTTP2Bytes.settings()))
    for id in [1, 3, 5] as [Int32] {
      #expect(connection.receive(HTTP2Bytes.headers(stream: id, path: Self.path)))
    }
    connection.end()
    #expect(connection.streams.count == 3)
    #expect(connection.streams.allSatisfy { $0.closedWith != nil && $0.isClosed })
    connection.streams.first?.respond([HTTP2Field(":status", "200")])
  }

  @Test func `headers over the bound reset their stream alone`() throws {
    var settings = HTTP2Settings()
    settings.headerListBytesMax = 400
    let connection = try RecordingConnection(settings: settings)
    #expect(connection.receive(HTTP2Bytes.preface + HTTP2Bytes.settings()))
    let big = [("x", String(repeating: "y", count: 120))]
    #expect(connection.receive(HTTP2Bytes.headers(stream: 1, path: "/a", more: big)))
    #expect(connection.written().contains { $0.type == 3 && $0.stream == 1 })
    #expect(connection.receive(HTTP2Bytes.headers(stream: 3, path: "/a", endStream: true)))
    #expect(bodyBytes(connection.written(), stream: 3) == [1, 2, 3])
    connection.end()
  }

  @Test func `a flood of pings ends the connection`() throws {
    var settings = HTTP2Settings()
    settings.pendingAcknowledgementsMax = 10
    let connection = try RecordingConnection(settings: settings)
    #expect(connection.receive(HTTP2Bytes.preface + HTTP2Bytes.settings()))
    let ping = HTTP2Bytes.frame(6, stream: 0, Array(repeating: 0, count: 8))
    var accepted = 0
    while accepted < 100, connection.receive(ping) { accepted += 1 }
    #expect(accepted < 20)
    connection.end()
  }

  @Test func `a header block that goes on and on ends the connection`() throws {
    let connection = try RecordingConnection()
    #expect(connection.receive(HTTP2Bytes.preface + HTTP2Bytes.settings()))
    #expect(connection.receive(HTTP2Bytes.frame(1, stream: 1, [])))
    let more = HTTP2Bytes.frame(9, stream: 1, [])
    let chunk = Array((0..<1_000).map { _ in more }.joined())
    var accepted = 0
    while accepted < 1_000, connection.receive(chunk) { accepted += 1 }
    #expect(accepted < 100)
    connection.end()
  }

  @Test func `a client that never reads cannot pile up refusals`() throws {
    var settings = HTTP2Settings()
    settings.concurrentStreamsMax = 1
    settings.waitingFramesMax = 100
    let connection = try RecordingConnection(settings: settings)
    connection.answer = nil
    #expect(connection.receive(HTTP2Bytes.preface + HTTP2Bytes.settings()))
    _ = connection.written()
    var id: Int32 = 1
    while id < 10_000, connection.receive(HTTP2Bytes.headers(stream: id, path: "/a")) { id += 2 }
    #expect(id < 1_000)
    connection.end()
  }

  @Test func `after a refusal of new streams the session finishes with the open ones`() throws {
    let connection = try RecordingConnection()
    #expect(connection.receive(HTTP2Bytes.preface + HTTP2Bytes.settings()))
    #expect(connection.receive(HTTP2Bytes.headers(stream: 1, path: Self.path)))
    connection.session?.announceShutdown()
    connection.session?.refuseNewStreams()
    #expect(connection.written().contains { $0.type == 7 })
    #expect(connection.session?.isFinished == false)
    #expect(connection.receive(HTTP2Bytes.data(stream: 1, [1], endStream: true)))
    #expect(bodyBytes(connection.written(), stream: 1) == [1, 2, 3])
    #expect(connection.session?.isFinished == true)
    connection.end()
  }

  @Test func `random and mutated bytes never crash the session`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    var generator = SeededGenerator(seed: seed)
    let valid =
      HTTP2Bytes.settings() + HTTP2Bytes.headers(stream: 1, path: Self.path)
      + HTTP2Bytes.data(stream: 1, Array(repeating: 3, count: 50), endStream: true)
      + HTTP2Bytes.windowUpdate(stream: 0, 100)
      + HTTP2Bytes.frame(6, stream: 0, [1, 2, 3, 4, 5, 6, 7, 8])
      + HTTP2Bytes.headers(stream: 3, path: "/x") + HTTP2Bytes.frame(3, stream: 3, [0, 0, 0, 8])
    for _ in 0..<2000 {
      let connection = try RecordingConnection()
      var bytes = valid
      for _ in 0..<Int.random(in: 1...8, using: &generator) {
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes.remove(at: place)
        default: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: place)
        }
      }
      let withPreface = Int.random(in: 0..<10, using: &generator) > 0
      var rest = ((withPreface ? HTTP2Bytes.preface : []) + bytes)[...]
      while !rest.isEmpty {
        let part = rest.prefix(Int.random(in: 1...64, using: &generator))
        rest = rest.dropFirst(part.count)
        if !connection.receive(Array(part)) { break }
        _ = connection.written()
      }
      _ = connection.written()
      connection.end()
      #expect(connection.streams.allSatisfy { $0.isClosed })
    }
  }
}
