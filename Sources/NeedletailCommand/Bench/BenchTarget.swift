import Foundation
import LoadGenerator
import Logging
import ModelStore
import NIOCore
import NIOPosix

/// What is put under load, ready to be dialled: a server, or the engine of this process.
struct BenchTarget: Sendable {
  /// Makes connections.
  let dialer: any LoadDialer
  /// What requests are written for.
  let destination: RequestEncoder.Destination
  /// Control calls; `nil` inside this process.
  let transport: ControlTransport?
  /// The engine; `nil` for a server.
  let parts: EngineParts?
  /// Event loops for everything but the load.
  let group: MultiThreadedEventLoopGroup
  /// Event loops that send; `nil` lets each run make its own. The engine keeps a port on every loop
  /// that asked it something, so inside this process the loops must outlive it.
  var loadGroup: MultiThreadedEventLoopGroup?

  /// Opens the target, calls `body`, and closes it, whatever happens.
  ///
  /// - Throws: `BenchInputError` for a TLS file of no use, `StartFailure` if the engine cannot be
  ///   had, and what `body` throws.
  static func with<Result: Sendable>(
    _ options: TargetOptions, _ body: (BenchTarget) async throws -> Result
  ) async throws -> Result {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let result: Swift.Result<Result, any Error>
    do {
      switch options.target {
      case .network(let endpoint):
        let target = try server(endpoint, options, group)
        result = .success(try await body(target))
      case .inProcess(let repository):
        result = await Self.inProcess(repository, options, group, body)
      }
    } catch {
      try? await group.shutdownGracefully()
      throw error
    }
    try? await group.shutdownGracefully()
    return try result.get()
  }

  private static func inProcess<Result: Sendable>(
    _ repository: String, _ options: TargetOptions, _ group: MultiThreadedEventLoopGroup,
    _ body: (BenchTarget) async throws -> Result
  ) async -> Swift.Result<Result, any Error> {
    let result: Swift.Result<Result, any Error>
    let loops = MultiThreadedEventLoopGroup(numberOfThreads: options.threads)
    do {
      let parts = try await engine(repository)
      let target = BenchTarget(
        dialer: InProcessDialer(engine: parts.engine), destination: .inProcess, transport: nil,
        parts: parts, group: group, loadGroup: loops)
      do {
        result = .success(try await body(target))
      } catch {
        result = .failure(error)
      }
      await parts.stop()
    } catch {
      result = .failure(error)
    }
    try? await loops.shutdownGracefully()
    return result
  }

  private static func server(
    _ endpoint: TargetEndpoint, _ options: TargetOptions, _ group: MultiThreadedEventLoopGroup
  ) throws(BenchInputError) -> BenchTarget {
    let dialer: any LoadDialer =
      switch endpoint.wire {
      case .http: try HTTPDialer(endpoint: endpoint)
      case .grpc:
        try GRPCDialer(endpoint: endpoint, streamsPerConnection: options.streams)
      }
    return BenchTarget(
      dialer: dialer, destination: RequestEncoder.Destination(endpoint),
      transport: transport(endpoint, options, group), parts: nil, group: group)
  }

  private static func transport(
    _ endpoint: TargetEndpoint, _ options: TargetOptions, _ group: MultiThreadedEventLoopGroup
  ) -> ControlTransport {
    let plain = ControlTransport(
      endpoint, timeoutNanoseconds: options.timeoutNanoseconds, on: group)
    guard case .http(let send) = plain, !options.headers.isEmpty else { return plain }
    // A server that wants a token wants it with its metadata too.
    let added = options.headers.filter { $0.name.lowercased() != "content-type" }
      .map { ($0.name, $0.value) }
    return .http { method, path, headers, body in
      try await send(method, path, headers + added, body)
    }
  }

  private static func engine(_ repository: String) async throws -> EngineParts {
    var options = ServerOptions()
    options.modelRepositories = [repository]
    guard FileCheck.isFolder(repository) else {
      throw BenchInputError("in-process:\(repository) is no folder; name a model repository")
    }
    let quiet = Logger(label: "needletail.bench") { _ in SwiftLogNoOpLogHandler() }
    let parts = try EngineParts(options: options, logger: quiet)
    do throws(StoreError) {
      try await parts.store.start()
    } catch {
      await parts.stop()
      throw StartFailure("in-process:\(repository): \(error.message)")
    }
    return parts
  }

  /// What the server calls itself, with its version; empty if it does not say.
  func serverName() async -> String {
    switch transport {
    case nil: return "needletail \(NeedletailVersion.text)"
    case .http(let send):
      guard let answer = try? await send("GET", "/v2", [], ByteBuffer()), answer.status == 200,
        let document = try? JSONDecoder().decode(
          ServerMetadata.self, from: Data(answer.body.readableBytesView))
      else { return "" }
      return document.text
    case .grpc: return ""
    }
  }

  private struct ServerMetadata: Decodable {
    var name: String?
    var version: String?

    var text: String { [name, version].compactMap(\.self).joined(separator: " ") }
  }
}
