import Gateway
import NIOCore

/// Builds a client's bytes by hand, and cuts a server's bytes into frames.
enum HTTP2Bytes {
  struct Frame {
    var type: UInt8
    var flags: UInt8
    var stream: Int32
    var payload: [UInt8]
  }

  static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

  static func frame(
    _ type: UInt8, flags: UInt8 = 0, stream: Int32, _ payload: [UInt8] = []
  ) -> [UInt8] {
    let count = payload.count
    return [
      UInt8(count >> 16 & 255), UInt8(count >> 8 & 255), UInt8(count & 255), type, flags,
      UInt8(stream >> 24 & 255), UInt8(stream >> 16 & 255), UInt8(stream >> 8 & 255),
      UInt8(stream & 255),
    ] + payload
  }

  /// SETTINGS with the given window for each stream.
  static func settings(window: UInt32 = 65_535) -> [UInt8] {
    frame(
      4, stream: 0,
      [0, 4] + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: window >> UInt32($0)) })
  }

  static func windowUpdate(stream: Int32, _ count: UInt32) -> [UInt8] {
    frame(
      8, stream: stream, [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> UInt32($0)) })
  }

  /// HEADERS whose fields are literals, so that no table is needed.
  static func headers(
    stream: Int32, path: String, endStream: Bool = false, more: [(String, String)] = []
  ) -> [UInt8] {
    let fields = [
      (":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "test"),
      ("content-type", "application/grpc"), ("te", "trailers"),
    ]
    var block: [UInt8] = []
    for (name, value) in fields + more {
      block += [0, UInt8(name.utf8.count)] + Array(name.utf8)
      block += [UInt8(value.utf8.count)] + Array(value.utf8)
    }
    return frame(1, flags: endStream ? 5 : 4, stream: stream, block)
  }

  static func data(stream: Int32, _ bytes: [UInt8], endStream: Bool = false) -> [UInt8] {
    frame(0, flags: endStream ? 1 : 0, stream: stream, bytes)
  }

  static func frames(_ bytes: [UInt8]) -> [Frame] {
    var frames: [Frame] = []
    var index = 0
    while bytes.count - index >= 9 {
      let count = Int(bytes[index]) << 16 | Int(bytes[index + 1]) << 8 | Int(bytes[index + 2])
      guard bytes.count - index - 9 >= count else { break }
      let id =
        Int32(bytes[index + 5] & 127) << 24 | Int32(bytes[index + 6]) << 16
        | Int32(bytes[index + 7]) << 8 | Int32(bytes[index + 8])
      frames.append(
        Frame(
          type: bytes[index + 3], flags: bytes[index + 4], stream: id,
          payload: Array(bytes[(index + 9)..<(index + 9 + count)])))
      index += 9 + count
    }
    return frames
  }
}

/// Records what a session says, and answers with what the test chose.
class RecordingStream: HTTP2Stream {
  var body: [UInt8] = []
  var path = ""
  var hasEnded = false
  var closedWith: UInt32?
  var answer: [UInt8]?

  override func receive(header name: Span<UInt8>, value: Span<UInt8>) -> Bool {
    if name.count == 5 {
      path = String(decoding: (0..<value.count).map { value[$0] }, as: UTF8.self)
    }
    return true
  }

  override func receive(data: RawSpan) {
    var buffer = ByteBuffer()
    buffer.writeBytes(data)
    body += [UInt8](buffer: buffer)
    consume(data.byteCount)
  }

  override func receiveEnd() {
    hasEnded = true
    guard let answer else { return }
    respond([HTTP2Field(":status", "200")])
    send(ByteBuffer(bytes: answer))
    finish([HTTP2Field("grpc-status", "0")])
  }

  override func close(errorCode: UInt32) { closedWith = errorCode }
}

/// A session with recording streams.
final class RecordingConnection: HTTP2SessionOwner {
  var streams: [RecordingStream] = []
  var answer: [UInt8]? = [1, 2, 3]
  let output = HTTP2Output()
  private(set) var session: HTTP2Session?

  init(settings: HTTP2Settings = HTTP2Settings()) throws {
    session = try HTTP2Session(settings: settings, output: output, owner: self)
  }

  func makeStream(id: Int32) -> HTTP2Stream? {
    let stream = RecordingStream(id: id)
    stream.answer = answer
    streams.append(stream)
    return stream
  }

  /// Gives bytes to the session.
  func receive(_ bytes: [UInt8]) -> Bool {
    session?.receive(ByteBuffer(bytes: bytes)) ?? false
  }

  /// What the session writes now.
  func written() -> [HTTP2Bytes.Frame] {
    var bytes: [UInt8] = []
    while session?.write() == true, output.buffer.readableBytes > 0 {
      bytes += [UInt8](buffer: output.buffer)
      output.buffer.clear()
    }
    return HTTP2Bytes.frames(bytes)
  }

  func end() {
    session?.invalidate()
    session = nil
  }
}
