internal import Inference
internal import Logging
internal import NIOCore
internal import Timing

/// One HTTP connection: reads requests, one at a time and in order, and writes their answers.
///
/// Confined to the connection's event loop. Only one request is on its way at any time; what a
/// client sends ahead stays in ``input``, and reading pauses once that holds enough.
final class HTTPConnectionHandler: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// Where the connection is.
  enum Phase: Equatable {
    /// Before or in a request's head.
    case head
    /// In a request's body.
    case body
    /// A request is complete and its answer is not written.
    case answering
    /// The last answer was written; what still comes is thrown away.
    case lingering
    case closed
  }

  /// Bytes a client may send ahead of its answers before reading pauses.
  static let aheadBytesMax = 65_536

  let server: ServerContext
  let port: InferencePort
  let counters: ListenerCounters
  let control: ControlPlane
  private let roster: HTTPConnectionRoster

  var channelContext: ChannelHandlerContext?
  var phase = Phase.head
  /// Bytes received and not read.
  var input = ByteBuffer()
  var parser: HTTPRequestParser
  var routes: RouteMemory
  var head = HTTPRequestHead()
  var route: HTTPRoute?
  var traceparent = ""
  /// Of a path below `/v1`: what is after its `?`.
  var query = ""
  var body = ByteBuffer()
  var bodyBytesMax = 0
  /// Bytes of ``body`` that the server's budget knows of.
  var countedBytes = 0
  var chunks: ChunkedBodyReader?
  /// When bytes last arrived, or the last answer was written.
  var lastReadAt = MonotonicInstant.distantPast
  /// When the request's first byte arrived.
  var firstByteAt = MonotonicInstant.distantPast
  /// When the connection is closed for taking too long, in nanoseconds.
  var expiresAt = Int64.max

  /// The inference on its way, and how its answer is wanted.
  var pending: InferenceRequest?
  var wanted = WantedAnswer()
  /// The way to decisions, once there are pipelines.
  var door: DecisionDoor?
  /// Whether the request waits for its decision.
  var isDeciding = false
  /// What a body of many values is worked on by.
  var work: (any BodyWork)?
  /// Counts requests, so that a late control answer finds its own.
  var requestNumber: UInt64 = 0
  var isRequestOpen = false

  private var isProcessing = false
  private var isReadHeld = false
  private(set) var isInputClosed = false
  /// Whether the connection closes, rather than its sending side, after the last answer.
  private(set) var closesWhenWritten = false
  /// Whether the last answer is with the client.
  var isLastAnswerSent = false
  /// Whether the connection closes after the answer on its way.
  var isDraining = false

  init(
    server: ServerContext, port: InferencePort, counters: ListenerCounters, router: HTTPRouter,
    roster: HTTPConnectionRoster
  ) {
    self.server = server
    self.port = port
    self.counters = counters
    self.roster = roster
    control = ControlPlane(context: server)
    parser = HTTPRequestParser(limits: server.limits)
    routes = RouteMemory(router: router)
  }

  func handlerAdded(context: ChannelHandlerContext) {
    channelContext = context
    lastReadAt = .now()
    expiresAt = idleEnd
    roster.add(self)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    leave()
    channelContext = nil
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    switch phase {
    case .lingering, .closed: return
    case .head, .body, .answering: break
    }
    lastReadAt = .now()
    if input.readableBytes == 0 {
      input = bytes
    } else {
      // A client that sends ahead never leaves the buffer empty: what was read must go, or it
      // would grow as long as the connection lives.
      if input.readerIndex > input.readableBytes { input.discardReadBytes() }
      input.writeBuffer(&bytes)
    }
    process()
  }

  /// Passes the wish for more bytes on, unless the client is too far ahead.
  func read(context: ChannelHandlerContext) {
    if isTooFarAhead {
      isReadHeld = true
    } else {
      context.read()
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable {
      if phase == .head, firstByteAt == .distantPast {
        lastReadAt = .now()
        expiresAt = idleEnd
      }
      process()
    }
    context.fireChannelWritabilityChanged()
  }

  func channelInactive(context: ChannelHandlerContext) {
    leave()
    context.fireChannelInactive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .inputClosed? = event as? ChannelEvent {
      closeInput(context)
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    server.logger.debug("connection failed", metadata: ["error": "\(error)"])
    context.close(promise: nil)
  }

  /// Works on what has arrived, until it needs more bytes or an answer.
  func process() {
    guard !isProcessing else { return }
    isProcessing = true
    defer { isProcessing = false }
    do throws(HTTPRejection) {
      while try advance() {}
    } catch {
      reject(error)
    }
    if isReadHeld, !isTooFarAhead {
      isReadHeld = false
      channelContext?.read()
    }
  }

  /// Whether the client has sent enough for now: an answer is on its way, or it does not read
  /// the answers it has.
  private var isTooFarAhead: Bool {
    guard input.readableBytes > Self.aheadBytesMax else { return false }
    switch phase {
    case .answering: return true
    case .head: return !(channelContext?.channel.isWritable ?? false)
    case .body, .lingering, .closed: return false
    }
  }

  /// Closes at once if no request is on its way, else after its answer.
  func drain() {
    isDraining = true
    if phase == .head, input.readableBytes == 0 { closeWhenWritten() }
  }

  /// Closes once the answers so far are with the client; at once if they are.
  private func closeWhenWritten() {
    guard let context = channelContext else { return }
    closesWhenWritten = true
    linger()
    notifyWhenWritten(context)
  }

  /// Whether the connection stays open after the answer on its way.
  var staysOpen: Bool {
    head.isPersistent && !isDraining && !isInputClosed && server.lifecycle != .draining
  }

  /// When a connection without a request is closed, in nanoseconds.
  var idleEnd: Int64 {
    let limit = server.limits.idleNanosecondsMax
    return limit > 0 ? lastReadAt.advanced(byNanoseconds: limit).nanoseconds : .max
  }

  /// The client sends no more. It may still read, so what runs is answered; what only waits is
  /// taken back, as most clients that close like this have left.
  private func closeInput(_ context: ChannelHandlerContext) {
    isInputClosed = true
    switch phase {
    case .answering:
      if let pending { port.cancel(pending) }
      work?.cancel()
    case .head: closeWhenWritten()
    case .lingering where !isLastAnswerSent: break
    case .body, .lingering:
      context.close(promise: nil)
    case .closed: break
    }
  }

  /// The connection is gone: nobody waits for the answer.
  private func leave() {
    guard phase != .closed else { return }
    phase = .closed
    if isRequestOpen {
      isRequestOpen = false
      counters.streamAbandoned()
    }
    if let request = pending {
      pending = nil
      port.cancel(request)
    }
    work?.abandon()
    work = nil
    input = ByteBuffer()
    body = ByteBuffer()
    _ = countBody()
    roster.remove(self)
    counters.connectionClosed()
  }
}
