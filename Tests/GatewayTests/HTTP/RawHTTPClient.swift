import Foundation
import NIOCore
import NIOPosix

/// A client that sends exactly the bytes it is given and splits what comes back into answers.
enum RawHTTPClient {
  struct Answer {
    var status: Int
    var headers: [String: String]
    var body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
  }

  struct Closed: Error {}

  /// Connects, runs `body`, and closes.
  static func with<Result>(
    port: Int, _ body: (Connection) async throws -> Result
  ) async throws -> Result {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .connect(host: "127.0.0.1", port: port) { channel in
        channel.eventLoop.makeCompletedFuture {
          try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
            wrappingChannelSynchronously: channel,
            configuration: .init(isOutboundHalfClosureEnabled: true))
        }
      }
    return try await channel.executeThenClose { inbound, outbound in
      var iterator = inbound.makeAsyncIterator()
      let connection = Connection(channel: channel.channel, outbound: outbound) {
        try await iterator.next()
      }
      return try await body(connection)
    }
  }

  final class Connection {
    let channel: any Channel
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private let next: () async throws -> ByteBuffer?
    private var received = ByteBuffer()

    init(
      channel: any Channel, outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>,
      next: @escaping () async throws -> ByteBuffer?
    ) {
      self.channel = channel
      self.outbound = outbound
      self.next = next
    }

    func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) async throws {
      try await outbound.write(ByteBuffer(bytes: bytes))
    }

    /// Says that nothing more will be sent.
    func finishSending() { outbound.finish() }

    /// The next whole answer.
    func answer(isHead: Bool = false) async throws -> Answer {
      while true {
        if let answer = parse(isHead: isHead) { return answer }
        try await more()
      }
    }

    /// Reads until the server closes; what was left over.
    func readToEnd() async throws -> [UInt8] {
      do { while true { try await more() } } catch is Closed {}
      return Array(received.readableBytesView)
    }

    private func more() async throws {
      guard var bytes = try await next() else { throw Closed() }
      received.writeBuffer(&bytes)
    }

    private func parse(isHead: Bool) -> Answer? {
      let text = String(decoding: received.readableBytesView, as: UTF8.self)
      guard let end = text.range(of: "\r\n\r\n") else { return nil }
      let lines = text[..<end.lowerBound].split(separator: "\r\n")
      var headers: [String: String] = [:]
      for line in lines.dropFirst() {
        let parts = line.split(separator: ":", maxSplits: 1)
        headers[parts[0].lowercased()] = parts[1].trimmingPrefix(while: { $0 == " " }).description
      }
      let headBytes = text[..<end.upperBound].utf8.count
      let length = isHead ? 0 : Int(headers["content-length"] ?? "0") ?? 0
      guard received.readableBytes >= headBytes + length else { return nil }
      received.moveReaderIndex(forwardBy: headBytes)
      let body = received.readBytes(length: length) ?? []
      let status = Int(lines[0].split(separator: " ")[1]) ?? 0
      return Answer(status: status, headers: headers, body: body)
    }
  }
}
