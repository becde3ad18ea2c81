package import NIOCore
private import NIOTLS

/// One HTTP/1.1 connection with one request under way at a time: RFC 9112 without pipelining,
/// which would let one slow answer hide in the latency of the next.
///
/// Confined to its event loop. It is the last handler of its channel's pipeline; below it lie
/// the socket and, with TLS, its handler.
package final class HTTPLoadConnection: LoadConnection, ChannelInboundHandler {
  package typealias InboundIn = ByteBuffer
  package typealias OutboundOut = ByteBuffer

  private enum State {
    case connecting
    case idle
    /// A request is under way.
    case awaiting(ticket: Int)
    case ended
  }

  /// Nanoseconds for name look-up, connection and TLS handshake together.
  package static let connectNanosecondsMax: Int64 = 5_000_000_000

  private let eventLoop: any EventLoop
  /// Whom to report to; let go at the end.
  private var owner: (any LoadConnectionOwner)?
  private let stageNames: StageNames
  private let failure: ConnectionFailure
  private var state = State.connecting
  private var parser = HTTPResponseParser()
  private var context: ChannelHandlerContext?
  private var needsFlush = false
  /// Whether the owner, or the dialer, is on the stack below: nothing is reported then.
  private var isCalled = false
  /// Whether the peer ended TLS without saying so: what came last may have been cut.
  private var wasCut = false
  private var connectLimit: Scheduled<Void>?

  /// Call on `eventLoop`.
  ///
  /// - Parameters:
  ///   - endpoint: for messages, and whether a TLS handshake comes first.
  package init(
    on eventLoop: any EventLoop, to endpoint: TargetEndpoint, owner: any LoadConnectionOwner,
    stageNames: StageNames
  ) {
    self.eventLoop = eventLoop
    self.owner = owner
    self.stageNames = stageNames
    failure = ConnectionFailure(endpoint: endpoint)
  }

  package var vacancies: Int { if case .idle = state { 1 } else { 0 } }

  package func send(_ request: PreparedRequest, ticket: Int, number: UInt64) {
    guard case .idle = state, let context, case .http(let http) = request.payload else {
      return refuse(ticket)
    }
    state = .awaiting(ticket: ticket)
    parser.begin(isHead: http.isHead)
    needsFlush = true
    guard let last = http.stamps.last else {
      context.write(wrapOutboundOut(http.bytes), promise: nil)
      return
    }
    // Only the part with stamps is copied; a large body behind it is written as it lies.
    var rest = http.bytes
    let stampedBytes = http.stamps.reduce(last.offset) { max($0, $1.offset) } + Stamp.width
    guard var stamped = rest.readSlice(length: stampedBytes) else {
      state = .idle
      return refuse(ticket)
    }
    stamped.fillHTTPStamps(http.stamps, with: number)
    context.write(wrapOutboundOut(stamped), promise: nil)
    if rest.readableBytes > 0 { context.write(wrapOutboundOut(rest), promise: nil) }
  }

  package func flush() {
    guard needsFlush else { return }
    needsFlush = false
    isCalled = true
    context?.flush()
    isCalled = false
  }

  package func abandon(ticket: Int) {
    guard case .awaiting(ticket) = state else { return }
    state = .idle
    close()
  }

  package func close() {
    if case .ended = state { return }
    let answered = ticketUnderWay
    let owner = finish()
    let report = NIOLoopBound((self, owner), eventLoop: eventLoop)
    eventLoop.execute {
      let (connection, owner) = report.value
      if let answered {
        owner?.answered(
          answered, connection.lostAnswer("the load generator closed the connection"))
      }
      owner?.ended(connection, reason: nil)
    }
  }
}

// MARK: - The channel

extension HTTPLoadConnection {
  /// Starts the connection. The channel that `connect` makes must hold what lies below this
  /// handler, and nothing else.
  package func start(_ connect: () -> EventLoopFuture<any Channel>) {
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    connectLimit = eventLoop.scheduleTask(in: .nanoseconds(Self.connectNanosecondsMax)) {
      let connection = bound.value
      guard case .connecting = connection.state else { return }
      connection.end(connection.failure.timedOut)
    }
    isCalled = true
    connect().whenComplete { result in
      switch result {
      case .success(let channel): bound.value.attach(to: channel)
      case .failure(let error):
        bound.value.report { $0.end($0.failure.text(error)) }
      }
    }
    isCalled = false
  }

  private func attach(to channel: any Channel) {
    if case .ended = state { return channel.close(promise: nil) }
    do {
      try channel.pipeline.syncOperations.addHandler(self)
    } catch {
      channel.close(promise: nil)
      return report { $0.end($0.failure.text(error)) }
    }
    if failure.endpoint.tls == nil {
      let bound = NIOLoopBound(self, eventLoop: eventLoop)
      eventLoop.execute { bound.value.becomeReady() }
    }
  }

  /// The connection can carry requests.
  private func becomeReady() {
    guard case .connecting = state else { return }
    connectLimit?.cancel()
    connectLimit = nil
    state = .idle
    owner?.becameVacant(self)
  }

  package func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    if case .ended = state { context.close(promise: nil) }
  }

  package func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard let event = event as? TLSUserEvent, case .handshakeCompleted = event else { return }
    report { $0.becomeReady() }
  }

  package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let input = unwrapInboundIn(data)
    if isCalled { report { $0.receive(input) } } else { receive(input) }
  }

  package func channelInactive(context: ChannelHandlerContext) {
    report { $0.receiveEnd() }
  }

  package func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if failure.isUncleanShutdown(error) {
      wasCut = true
    } else {
      report { $0.end($0.failure.text(error)) }
    }
  }

  /// Does what reports to the owner: at once, or after the owner's own call has returned.
  private func report(_ body: @escaping @Sendable (HTTPLoadConnection) -> Void) {
    guard isCalled else { return body(self) }
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    eventLoop.execute { body(bound.value) }
  }
}

// MARK: - Answers

extension HTTPLoadConnection {
  private func receive(_ input: ByteBuffer) {
    switch state {
    case .ended: return
    case .connecting, .idle:
      end(
        "the server sent \(HTTPOctets.quoted(input.readableBytesUInt8Span)) without a request")
    case .awaiting(let ticket):
      do throws(HTTPResponseError) {
        let count = try parser.read(input.readableBytesUInt8Span, names: stageNames)
        if parser.isComplete { answer(ticket, surplusBytes: input.readableBytes - count) }
      } catch {
        end(error.message)
      }
    }
  }

  private func answer(_ ticket: Int, surplusBytes: Int) {
    let outcome = Outcome(httpStatus: parser.status)
    let answer = Answer(
      outcome, status: parser.status, stages: parser.stages, byteCount: parser.byteCount,
      explanation: outcome == .ok ? ByteBuffer() : parser.kept)
    guard let reason = reasonToEnd(surplusBytes) else {
      state = .idle
      owner?.answered(ticket, answer)
      if vacancies > 0 { owner?.becameVacant(self) }
      return
    }
    let owner = finish()
    owner?.answered(ticket, answer)
    owner?.ended(self, reason: reason)
  }

  /// Why no request may follow an answer; `nil` if one may.
  private func reasonToEnd(_ surplusBytes: Int) -> String? {
    if surplusBytes > 0 {
      return "the server sent \(surplusBytes) bytes more than its answer has"
    }
    if !parser.keepsConnection { return "the server ends the connection after its answer" }
    guard let context, context.channel.isWritable else {
      return "the server answered before it had read the whole request"
    }
    return nil
  }

  private func receiveEnd() {
    switch state {
    case .ended: return
    case .connecting: end(failure.closedInHandshake)
    case .idle: end("the server closed the idle connection")
    case .awaiting(let ticket):
      if wasCut { return end("TLS was cut off after \(parser.byteCount) bytes of the answer") }
      do throws(HTTPResponseError) {
        try parser.readEnd()
        answer(ticket, surplusBytes: 0)
      } catch {
        end(error.message)
      }
    }
  }

  /// Ends the connection for a reason that is not our own wish.
  private func end(_ reason: String) {
    if case .ended = state { return }
    let answered = ticketUnderWay
    let owner = finish()
    if let answered { owner?.answered(answered, lostAnswer(reason)) }
    owner?.ended(self, reason: reason)
  }

  /// Closes the channel for good; whom to tell.
  private func finish() -> (any LoadConnectionOwner)? {
    state = .ended
    connectLimit?.cancel()
    connectLimit = nil
    context?.close(promise: nil)
    defer { owner = nil }
    return owner
  }

  private var ticketUnderWay: Int? {
    if case .awaiting(let ticket) = state { ticket } else { nil }
  }

  private func lostAnswer(_ reason: String) -> Answer {
    Answer(
      .connection, byteCount: parser.byteCount, explanation: ByteBuffer(string: reason))
  }

  /// Answers what was sent against the contract: no vacancy, or no HTTP request.
  private func refuse(_ ticket: Int) {
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    eventLoop.execute {
      let connection = bound.value
      let owner = connection.owner
      owner?.answered(ticket, connection.lostAnswer("the connection cannot take this request"))
      if connection.vacancies > 0 { owner?.becameVacant(connection) }
    }
  }
}
