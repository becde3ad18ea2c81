import Foundation
import NIOCore
import NIOPosix
import NIOSSL

/// A server of plain sockets that answers each request (without a body) with fixed bytes.
struct RawReplyServer {
  /// The answer to one request.
  struct Reply: Sendable {
    /// Written and flushed one after the other.
    var pieces: [String]
    var closes = false

    static let ok = Reply(pieces: ["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"])
  }

  let channel: any Channel

  /// Listens on a port of the system's choice on 127.0.0.1, or on a socket at `path`.
  ///
  /// - Parameter greeting: sent before anybody asks.
  static func start(
    path: String? = nil, tls: NIOSSLContext? = nil, greeting: String = "",
    reply: @escaping @Sendable (_ request: String, _ numberOnConnection: Int) -> Reply
  ) async throws -> RawReplyServer {
    let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if let tls {
            try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls))
          }
          try channel.pipeline.syncOperations.addHandler(RawReplyHandler(greeting, reply))
        }
      }
    if let path {
      let channel = try await bootstrap.bind(unixDomainSocketPath: path).get()
      return RawReplyServer(channel: channel)
    }
    return RawReplyServer(channel: try await bootstrap.bind(host: "127.0.0.1", port: 0).get())
  }

  var port: Int { channel.localAddress?.port ?? 0 }

  func stop() async throws { try await channel.close().get() }
}

private final class RawReplyHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let greeting: String
  private let reply: @Sendable (String, Int) -> RawReplyServer.Reply
  private var received = ""
  private var count = 0

  init(_ greeting: String, _ reply: @escaping @Sendable (String, Int) -> RawReplyServer.Reply) {
    self.greeting = greeting
    self.reply = reply
  }

  func channelActive(context: ChannelHandlerContext) {
    guard !greeting.isEmpty else { return }
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: greeting)), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    received += String(buffer: unwrapInboundIn(data))
    while let end = received.range(of: "\r\n\r\n") {
      let request = String(received[..<end.upperBound])
      received.removeSubrange(..<end.upperBound)
      count += 1
      let answer = reply(request, count)
      for piece in answer.pieces {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: piece)), promise: nil)
      }
      if answer.closes { context.close(promise: nil) }
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}

/// A folder for one test, removed by ``remove()``.
struct HTTPTestFolder {
  /// Short, because a socket's path is.
  let path = "/tmp/nt-\(UInt32.random(in: 0 ... .max))"

  init() throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  func file(_ name: String, _ text: String) throws -> String {
    let file = "\(path)/\(name)"
    try text.write(toFile: file, atomically: true, encoding: .utf8)
    return file
  }

  func remove() { try? FileManager.default.removeItem(atPath: path) }
}
