package import NIOCore

/// Unary gRPC calls outside the load: questions about the server and its models. Any thread.
package enum ControlGRPC {
  /// The longest answer, in bytes.
  package static let messageBytesMax = 64 << 20

  /// Calls once, on a connection of its own.
  ///
  /// - Parameters:
  ///   - path: for example `/inference.GRPCInferenceService/ModelMetadata`.
  ///   - message: the request without gRPC's framing.
  ///   - timeoutNanoseconds: from the dial to the whole answer.
  /// - Returns: the answer's message without gRPC's framing.
  /// - Throws: ``ControlError``; ``BenchInputError`` naming a TLS file that is of no use.
  package static func call(
    _ endpoint: TargetEndpoint, path: String, message: ByteBuffer, timeoutNanoseconds: Int64,
    on group: any EventLoopGroup
  ) async throws -> ByteBuffer {
    var limits = HTTP2ClientLimits()
    limits.keptMessageBytesMax = messageBytesMax
    limits.connectNanosecondsMax = max(1, min(timeoutNanoseconds, limits.connectNanosecondsMax))
    let dialer = try GRPCDialer(endpoint: endpoint, limits: limits)
    var framed = ByteBuffer()
    framed.reserveCapacity(GRPCAnswerReader.prefixBytes + message.readableBytes)
    framed.writeInteger(UInt8(0))
    framed.writeInteger(UInt32(clamping: message.readableBytes))
    framed.writeImmutableBuffer(message)
    let request = PreparedRequest(
      entry: 0,
      payload: .grpc(
        GRPCRequestBytes(
          path: path, message: framed, timeoutMicroseconds: max(1, timeoutNanoseconds / 1_000))))
    let eventLoop = group.next()
    return try await eventLoop.flatSubmit {
      let call = ControlCall(
        request, eventLoop: eventLoop, timeoutNanoseconds: timeoutNanoseconds)
      return call.start(dialer)
    }.get()
  }
}

/// One control call, confined to its event loop; its connection keeps it alive.
private final class ControlCall: LoadConnectionOwner {
  private let request: PreparedRequest
  private let eventLoop: any EventLoop
  private let timeoutNanoseconds: Int64
  private let promise: EventLoopPromise<ByteBuffer>
  private var connection: GRPCLoadConnection?
  private var timeout: Scheduled<Void>?
  private var isSent = false
  private var isOver = false

  init(_ request: PreparedRequest, eventLoop: any EventLoop, timeoutNanoseconds: Int64) {
    self.request = request
    self.eventLoop = eventLoop
    self.timeoutNanoseconds = timeoutNanoseconds
    promise = eventLoop.makePromise()
  }

  func start(_ dialer: GRPCDialer) -> EventLoopFuture<ByteBuffer> {
    connection = dialer.connect(on: eventLoop, owner: self, stageNames: StageNames())
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    timeout = eventLoop.scheduleTask(in: .nanoseconds(timeoutNanoseconds)) {
      bound.value.finish(
        .failure(
          ControlError(
            status: nil,
            message: "no answer in \(bound.value.timeoutNanoseconds / 1_000_000) ms")))
    }
    return promise.futureResult
  }

  func becameVacant(_ connection: any LoadConnection) {
    guard !isSent else { return }
    isSent = true
    connection.send(request, ticket: 0, number: 0)
    connection.flush()
  }

  func answered(_ ticket: Int, _ answer: Answer) {
    if answer.outcome == .ok { return finish(.success(connection?.message ?? ByteBuffer())) }
    let status = answer.outcome == .connection ? nil : answer.status
    finish(
      .failure(ControlError(status: status, message: String(buffer: answer.explanation))))
  }

  func ended(_ connection: any LoadConnection, reason: String?) {
    finish(
      .failure(ControlError(status: nil, message: reason ?? "the connection was closed")))
    self.connection = nil
  }

  private func finish(_ result: Result<ByteBuffer, ControlError>) {
    guard !isOver else { return }
    isOver = true
    timeout?.cancel()
    promise.completeWith(result.mapError { $0 })
    connection?.close()
  }
}
