import CNghttp2
import NIOCore
import NIOPosix
import NIOSSL

/// A gRPC client that sends the frames it is given, and reads answers of any number of streams.
enum GRPCTestClient {
  struct Answer {
    var fields: [String: String] = [:]
    var body: [UInt8] = []
    var hasEnded = false
    var resetCode: UInt8?

    var status: Int? { fields["grpc-status"].flatMap { Int($0) } }

    /// The messages without their prefixes.
    var messages: [[UInt8]] {
      var result: [[UInt8]] = []
      var rest = body[...]
      while rest.count >= 5 {
        let head = Array(rest.prefix(5))
        let count = Int(head[1]) << 24 | Int(head[2]) << 16 | Int(head[3]) << 8 | Int(head[4])
        result.append(Array(rest.dropFirst(5).prefix(count)))
        rest = rest.dropFirst(5 + count)
      }
      return result
    }
  }

  struct Closed: Error {}

  /// Connects, runs `body`, and closes.
  static func with<Result>(
    _ server: GRPCTestServer, tls: NIOSSLContext? = nil, window: UInt32 = 65_535,
    sendsPreface: Bool = true, _ body: (Connection) async throws -> Result
  ) async throws -> Result {
    let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
    let channel = try await bootstrap.connect(to: server.address) { channel in
      channel.eventLoop.makeCompletedFuture {
        if let tls {
          try channel.pipeline.syncOperations.addHandler(
            NIOSSLClientHandler(context: tls, serverHostname: "localhost"))
        }
        return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
      }
    }
    return try await channel.executeThenClose { inbound, outbound in
      var iterator = inbound.makeAsyncIterator()
      let connection = try Connection(outbound: outbound) { try await iterator.next() }
      if sendsPreface {
        try await connection.send(HTTP2Bytes.preface + HTTP2Bytes.settings(window: window))
        // The server's windows count from the acknowledgement of its settings.
        try await connection.read { $0.hasSettings }
        try await connection.send(HTTP2Bytes.frame(4, flags: 1, stream: 0))
      }
      return try await body(connection)
    }
  }

  @safe final class Connection {
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private let next: () async throws -> ByteBuffer?
    private var received: [UInt8] = []
    private var inflater: OpaquePointer?
    private(set) var answers: [Int32: Answer] = [:]
    private(set) var isGoingAway = false
    private(set) var hasSettings = false

    init(
      outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>,
      next: @escaping () async throws -> ByteBuffer?
    ) throws {
      self.outbound = outbound
      self.next = next
      guard unsafe nghttp2_hd_inflate_new(&inflater) == 0 else { throw Closed() }
    }

    deinit { unsafe nghttp2_hd_inflate_del(inflater) }

    func send(_ bytes: [UInt8]) async throws { try await outbound.write(ByteBuffer(bytes: bytes)) }

    /// Sends a whole unary call.
    func call(
      _ id: Int32, _ path: String, _ message: [UInt8], more: [(String, String)] = []
    ) async throws {
      try await send(
        HTTP2Bytes.headers(stream: id, path: path, more: more)
          + HTTP2Bytes.data(stream: id, GRPCBytes.framed(message), endStream: true))
    }

    /// The complete answer of a stream.
    func answer(_ id: Int32) async throws -> Answer {
      try await read { $0.answers[id]?.hasEnded == true }
      return answers[id] ?? Answer()
    }

    /// Reads until `isEnough`.
    func read(until isEnough: (Connection) -> Bool) async throws {
      while !isEnough(self) {
        guard let more = try await next() else { throw Closed() }
        received += [UInt8](buffer: more)
        let frames = HTTP2Bytes.frames(received)
        received.removeFirst(frames.reduce(0) { $0 + 9 + $1.payload.count })
        for frame in frames { take(frame) }
      }
    }

    /// Reads until the server closes.
    func readToEnd() async throws {
      do { try await read { _ in false } } catch is Closed {} catch is IOError {}
    }

    private func take(_ frame: HTTP2Bytes.Frame) {
      let id = frame.stream
      switch frame.type {
      case 0: answers[id, default: Answer()].body += frame.payload
      case 1: answers[id, default: Answer()].fields.merge(fields(frame.payload)) { $1 }
      case 3:
        answers[id, default: Answer()].resetCode = frame.payload[3]
        answers[id, default: Answer()].hasEnded = true
      case 4: hasSettings = true
      case 7: isGoingAway = true
      default: break
      }
      if frame.type < 2, frame.flags & 1 != 0 { answers[id]?.hasEnded = true }
    }

    private func fields(_ block: [UInt8]) -> [String: String] {
      var result: [String: String] = [:]
      var offset = 0
      while offset < block.count {
        var field = unsafe nghttp2_nv()
        var flags: CInt = 0
        let count = unsafe block.withUnsafeBufferPointer { bytes -> Int in
          guard let base = bytes.baseAddress else { return -1 }
          return unsafe nghttp2_hd_inflate_hd2(
            inflater, &field, &flags, base + offset, bytes.count - offset, 1)
        }
        guard count >= 0 else { break }
        offset += count
        if UInt32(flags) & NGHTTP2_HD_INFLATE_EMIT.rawValue != 0 {
          let name = unsafe UnsafeBufferPointer(start: field.name, count: field.namelen)
          let value = unsafe UnsafeBufferPointer(start: field.value, count: field.valuelen)
          unsafe result[String(decoding: name, as: UTF8.self)] =
            unsafe String(decoding: value, as: UTF8.self)
        }
        if UInt32(flags) & NGHTTP2_HD_INFLATE_FINAL.rawValue != 0 { break }
      }
      unsafe nghttp2_hd_inflate_end_headers(inflater)
      return result
    }
  }
}

/// Builds messages by hand.
enum GRPCBytes {
  static let infer = "/inference.GRPCInferenceService/ModelInfer"
  static let streamInfer = "/inference.GRPCInferenceService/ModelStreamInfer"

  static func framed(_ message: [UInt8]) -> [UInt8] {
    [0] + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: message.count >> $0) } + message
  }

  static func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] {
    var count = bytes.count
    var head = [number << 3 | 2]
    while count >= 128 {
      head.append(UInt8(count & 127) | 128)
      count >>= 7
    }
    return head + [UInt8(count)] + bytes
  }

  static func text(_ number: UInt8, _ text: String) -> [UInt8] { field(number, Array(text.utf8)) }

  /// A `ModelInferRequest` of one row of four for a doubling model.
  static func request(_ model: String, id: String = "", value: Float = 1) -> [UInt8] {
    let bits = value.bitPattern
    let element = [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: bits >> UInt32($0)) }
    return text(1, model) + text(3, id)
      + field(5, text(1, "x") + text(2, "FP32") + field(3, [1, 4]))
      + field(7, element + element + element + element)
  }

  /// The fields of a message with this number, all of which must be length-delimited.
  static func values(_ number: UInt8, in message: [UInt8]) -> [[UInt8]] {
    var result: [[UInt8]] = []
    var index = 0
    while index + 1 < message.count {
      let tag = message[index]
      index += 1
      var count = 0
      var shift = 0
      while index < message.count {
        let byte = message[index]
        index += 1
        count |= Int(byte & 127) << shift
        shift += 7
        if byte < 128 { break }
      }
      guard tag & 7 == 2 else { continue }
      if tag >> 3 == number { result.append(Array(message[index..<(index + count)])) }
      index += count
    }
    return result
  }
}
