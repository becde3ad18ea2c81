package import NIOCore

/// One gRPC connection that carries unary calls, each on a stream of its own.
///
/// Confined to its event loop. Tells its owner nothing inside the owner's own calls: what there is
/// to tell then waits for the end of the tick. Add it to an active channel, or to one that will be.
package final class GRPCLoadConnection: LoadConnection {
  private enum Phase {
    /// Until the peer's settings came.
    case connecting
    case open
    /// Takes no more requests; ends with the last open one.
    case draining
    case ended
  }

  let eventLoop: any EventLoop
  /// Words for what goes wrong.
  let words: ConnectionFailure
  let limits: HTTP2ClientLimits
  private let stageNames: StageNames
  private var owner: (any LoadConnectionOwner)?
  private var heads: GRPCRequestHeads
  private var session: HTTP2ClientSession?
  var channelContext: ChannelHandlerContext?
  private var phase = Phase.connecting
  private var deadline: Scheduled<Void>?
  /// What the peer or the network did, where that explains the end better than the end itself.
  var failure: String?
  private var endReason: String?
  /// Whether the owner was told that there is room, and has not filled it since.
  private var hasToldOfRoom = false
  private var isReporting = false
  private var isSettleScheduled = false
  /// Whether a call of the owner is on the stack.
  private var isInOwnersCall = false
  private var isWriting = false
  /// The message of the answer that is being reported, where messages are kept.
  private(set) var message = ByteBuffer()

  /// A connection that waits for its channel. Call on `eventLoop`.
  package init(
    to endpoint: TargetEndpoint, on eventLoop: any EventLoop, owner: any LoadConnectionOwner,
    stageNames: StageNames, limits: HTTP2ClientLimits
  ) {
    words = ConnectionFailure(endpoint: endpoint)
    self.eventLoop = eventLoop
    self.owner = owner
    self.stageNames = stageNames
    self.limits = limits
    heads = GRPCRequestHeads(
      isEncrypted: endpoint.tls != nil, authority: endpoint.authority)
  }

  /// Whether the owner was, or is being, told of the end.
  var hasEnded: Bool { phase == .ended }
  /// What the peer's own words say about the end of the connection.
  var farewell: String? { session?.goAway?.description }

  // MARK: - What the owner asks

  package var vacancies: Int { phase == .open ? session?.vacancies ?? 0 : 0 }

  package func send(_ request: PreparedRequest, ticket: Int, number: UInt64) {
    guard case .grpc(let bytes) = request.payload else {
      return refuse(ticket, "the request was not made for gRPC")
    }
    guard phase == .open, let session, session.vacancies > 0 else {
      return refuse(ticket, endReason ?? "the connection has no room")
    }
    let head = heads.head(for: bytes)
    guard session.submit(head, body: bytes.message(number: number), ticket: ticket) else {
      return refuse(ticket, "the HTTP/2 session takes no more requests")
    }
    if session.vacancies == 0 { hasToldOfRoom = false }
  }

  package func flush() {
    guard let session, session.wantsWrite else { return }
    isInOwnersCall = true
    write()
    isInOwnersCall = false
    if needsSettling(session) { scheduleSettle() }
  }

  package func abandon(ticket: Int) {
    guard let session else { return }
    session.abandon(ticket: ticket)
    // The reset leaves at the end of this tick, with that of every other call given up in it.
    scheduleSettle()
  }

  package func close() {
    guard phase != .ended else { return }
    phase = .draining
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    eventLoop.execute { bound.value.end(nil) }
  }

  // MARK: - What the channel says

  /// Begins HTTP/2, on a channel that is active.
  func start() {
    guard session == nil, phase != .ended else { return }
    guard let made = HTTP2ClientSession(limits: limits, stageNames: stageNames) else {
      return end("no memory for an HTTP/2 session")
    }
    session = made
    write()
  }

  /// Ends the connection unless the peer's settings come in time.
  package func startDeadline() {
    let milliseconds = limits.connectNanosecondsMax / 1_000_000
    let reason = "\(words.place) did not begin to speak HTTP/2 within \(milliseconds) ms"
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    deadline = eventLoop.scheduleTask(in: .nanoseconds(limits.connectNanosecondsMax)) {
      bound.value.end(bound.value.failure ?? reason)
    }
  }

  /// Takes bytes of the peer.
  func receive(_ bytes: ByteBuffer) {
    guard let session, phase != .ended else { return }
    if phase == .connecting, !session.hasSettings {
      failure = failure ?? Self.foreignProtocol(bytes)
    }
    if session.receive(bytes) {
      if session.hasSettings, phase == .connecting {
        phase = .open
        failure = nil
        deadline?.cancel()
        deadline = nil
      }
    } else {
      failure = failure ?? session.complaint.map(Self.broken)
      // The peer is told why, if it still reads.
      write()
      end(failure ?? "the server broke HTTP/2")
    }
  }

  /// Reports what ended, writes what that led to, and ends if nothing is left to do.
  func settle() {
    isSettleScheduled = false
    report()
    write()
    report()
    guard let session, phase != .ended else { return }
    if session.goAway != nil || session.isExhausted { phase = .draining }
    if session.isFinished {
      let reason = session.complaint.map(Self.broken) ?? session.goAway?.description
      end(failure ?? reason ?? "the HTTP/2 session is over")
    } else if phase == .draining, session.openStreams == 0 {
      end(session.goAway?.description ?? "every stream number of the connection is used")
    }
  }

  /// Ends the connection: answers what is open, tells the owner, closes the channel.
  func end(_ reason: String?) {
    guard phase != .ended else { return }
    if isInOwnersCall || isWriting {
      let bound = NIOLoopBound(self, eventLoop: eventLoop)
      eventLoop.execute { bound.value.end(reason) }
      return
    }
    phase = .ended
    endReason = reason ?? "the connection was closed"
    deadline?.cancel()
    deadline = nil
    session?.invalidate(explanation: reason ?? "the connection was closed by this side")
    failure = reason
    report()
    channelContext?.close(promise: nil)
  }

  // MARK: - Reports

  /// Tells the owner everything there is to tell; what its answers add is told as well.
  private func report() {
    guard !isReporting else { return }
    isReporting = true
    if let session {
      // The owner may send, give up and close in here, so that the list changes.
      var place = 0
      while place < session.finished.count {
        let call = session.finished[place]
        place += 1
        guard !call.isAbandoned else { continue }
        message = call.message
        owner?.answered(call.ticket, call.answer)
      }
      session.finished.removeAll(keepingCapacity: true)
      message = ByteBuffer()
    }
    isReporting = false
    if phase == .ended, let told = owner {
      owner = nil
      session = nil
      told.ended(self, reason: failure)
      return
    }
    if vacancies == 0 {
      hasToldOfRoom = false
    } else if !hasToldOfRoom {
      hasToldOfRoom = true
      owner?.becameVacant(self)
    }
  }

  private func refuse(_ ticket: Int, _ reason: String) {
    guard let session else { return }
    session.finished.append(
      FinishedCall(
        ticket: ticket, answer: Answer(.connection, explanation: ByteBuffer(string: reason)),
        message: ByteBuffer()))
    scheduleSettle()
  }

  private func needsSettling(_ session: HTTP2ClientSession) -> Bool {
    !session.finished.isEmpty || session.isFinished || (!hasToldOfRoom && vacancies > 0)
  }

  private func scheduleSettle() {
    guard !isSettleScheduled else { return }
    isSettleScheduled = true
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    eventLoop.execute { bound.value.settle() }
  }

  // MARK: - Writing

  /// Writes while the peer reads: what it does not read stays in the session, bounded by the
  /// number of streams.
  func write() {
    guard let context = channelContext, !isWriting else { return }
    isWriting = true
    while let session, context.channel.isWritable {
      guard session.write() else {
        isWriting = false
        return end(session.complaint.map(Self.broken) ?? "the HTTP/2 session failed")
      }
      guard session.gatheredBytes > 0 else { break }
      for piece in session.pieces { context.write(wrapOutboundOut(piece), promise: nil) }
      if session.output.readableBytes > 0 {
        context.write(wrapOutboundOut(session.output), promise: nil)
      }
      session.clearGathered()
      context.flush()
    }
    isWriting = false
  }

  private static func broken(_ complaint: String) -> String {
    "the server broke HTTP/2 (\(complaint)): does this port speak gRPC?"
  }

  /// What else than HTTP/2 the peer's first bytes are, if they are known.
  private static func foreignProtocol(_ bytes: ByteBuffer) -> String? {
    guard bytes.readableBytesView.starts(with: "HTTP/".utf8) else { return nil }
    return "the server speaks HTTP/1, not gRPC: is this its HTTP port? Then write http://"
  }
}

extension GRPCRequestBytes {
  /// The framed message with every stamp set to `number`; shared if there are none.
  fileprivate func message(number: UInt64) -> ByteBuffer {
    guard !stamps.isEmpty else { return message }
    var stamped = message
    for stamp in stamps {
      for place in 0..<Stamp.width {
        let nibble = UInt8(truncatingIfNeeded: number >> UInt64(60 - 4 * place)) & 15
        let digit = nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
        stamped.setInteger(digit, at: stamped.readerIndex + stamp.offset + place)
      }
    }
    return stamped
  }
}
