import NIOCore
import NIOEmbedded

@testable import Gateway

/// A connection whose event loop moves only when it is told to.
struct TestConnection {
  let channel: NIOAsyncTestingChannel
  var loop: NIOAsyncTestingEventLoop { channel.testingEventLoop }

  /// Connects, runs `body`, and closes.
  static func with<Result>(_ body: (TestConnection) async throws -> Result) async throws -> Result {
    let connection = TestConnection(channel: NIOAsyncTestingChannel())
    let channel = connection.channel
    try await channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).get()
    do {
      let result = try await body(connection)
      _ = try? await channel.finish(acceptAlreadyClosed: true)
      return result
    } catch {
      _ = try? await channel.finish(acceptAlreadyClosed: true)
      throw error
    }
  }

  /// Adds the server's end with a request that is complete and not answered; runs `body` with it on
  /// the loop.
  func answering<Result: Sendable>(
    _ context: ServerContext,
    _ body: @escaping @Sendable (HTTPConnectionHandler) throws -> Result
  ) async throws -> Result {
    try await loop.executeInContext { [channel] in
      let loop = channel.testingEventLoop
      let handler = HTTPConnectionHandler(
        server: context, port: context.ports.port(on: loop),
        counters: ListenerCounters(name: "http", connectionLimit: 1, usualStatus: 200),
        router: HTTPRouter(scope: .everything), roster: HTTPConnectionRoster(loop: loop))
      try channel.pipeline.syncOperations.addHandler(handler)
      handler.phase = .answering
      return try body(handler)
    }
  }
}
