internal import NIOCore

/// An answer to a control request.
struct ControlHTTPAnswer: Sendable {
  var status: Int
  var headers: [(String, String)]
  var body: ByteBuffer
}

/// Sends one request once its channel is open, and fulfils a promise with the answer.
///
/// Confined to its event loop.
final class ControlHTTPHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let request: ByteBuffer
  private let isHead: Bool
  private let failure: ConnectionFailure
  private let answer: EventLoopPromise<ControlHTTPAnswer>
  private var parser = HTTPResponseParser(
    keeping: .everything(bytesMax: ControlHTTP.bodyBytesMax))
  private var context: ChannelHandlerContext?
  private var limit: Scheduled<Void>?
  private var isDone = false
  private var wasCut = false

  init(
    _ request: ByteBuffer, isHead: Bool, endpoint: TargetEndpoint,
    answer: EventLoopPromise<ControlHTTPAnswer>
  ) {
    self.request = request
    self.isHead = isHead
    failure = ConnectionFailure(endpoint: endpoint)
    self.answer = answer
  }

  /// Connects and sends; call on `eventLoop`.
  func start(
    _ connector: EndpointConnector, on eventLoop: any EventLoop, timeoutNanoseconds: Int64
  ) {
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    limit = eventLoop.scheduleTask(in: .nanoseconds(timeoutNanoseconds)) {
      let handler = bound.value
      let limit = DurationText.format(timeoutNanoseconds)
      handler.fail("\(handler.failure.place) did not answer within \(limit)")
    }
    connector.connect(on: eventLoop).whenComplete { result in
      let handler = bound.value
      switch result {
      case .success(let channel): handler.attach(to: channel)
      case .failure(let error): handler.fail(handler.failure.text(error))
      }
    }
  }

  /// Takes the channel, whose pipeline holds nothing but TLS, and sends the request.
  func attach(to channel: any Channel) {
    if isDone { return channel.close(promise: nil) }
    do {
      try channel.pipeline.syncOperations.addHandler(self)
    } catch {
      channel.close(promise: nil)
      return fail(failure.text(error))
    }
    parser.begin(isHead: isHead)
    // TLS keeps it until its handshake is done.
    context?.writeAndFlush(wrapOutboundOut(request), promise: nil)
  }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if isDone { return }
    let input = unwrapInboundIn(data)
    do throws(HTTPResponseError) {
      _ = try parser.read(input.readableBytesUInt8Span, names: nil)
      if parser.isComplete { succeed() }
    } catch {
      fail(error.message)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    if isDone { return }
    if wasCut {
      return fail("TLS was cut off after \(parser.byteCount) bytes of the answer")
    }
    do throws(HTTPResponseError) {
      try parser.readEnd()
      succeed()
    } catch {
      fail(error.message)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if failure.isUncleanShutdown(error) { wasCut = true } else { fail(failure.text(error)) }
  }

  private func succeed() {
    finish()
    answer.succeed(
      ControlHTTPAnswer(
        status: parser.status, headers: parser.fields.map { ($0.name, $0.value) },
        body: parser.kept))
  }

  private func fail(_ reason: String) {
    if isDone { return }
    finish()
    answer.fail(ControlHTTPError(reason))
  }

  private func finish() {
    isDone = true
    limit?.cancel()
    limit = nil
    context?.close(promise: nil)
  }
}
