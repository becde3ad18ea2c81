internal import NIOCore
internal import Timing

/// One connection of a gRPC client: moves bytes between its channel and its HTTP/2 session.
///
/// Reads everything a tick brings, then writes once. Confined to its event loop.
final class GRPCConnection: ChannelInboundHandler, HTTP2SessionOwner {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// Bytes with which every client begins.
  private static let prefaceBytes = 24

  let loop: GRPCLoop
  private var channelContext: ChannelHandlerContext?
  private var session: HTTP2Session?
  private let opened = MonotonicInstant.now()
  /// When the bytes that are being read arrived.
  private(set) var readAt = MonotonicInstant.now()
  private var lastRequestAt = MonotonicInstant.now()
  private var unwritableSince: MonotonicInstant?
  private var receivedBytes = 0
  /// Bytes of the messages of all streams that are incomplete or not answered.
  private var bufferedBytes = 0
  private var isReading = false
  private var isWriting = false
  private var isWriteScheduled = false
  private var mustClose = false
  private var isClosing = false

  init(loop: GRPCLoop) { self.loop = loop }

  func handlerAdded(context: ChannelHandlerContext) {
    channelContext = context
    if context.channel.isActive { start(context) }
  }

  func channelActive(context: ChannelHandlerContext) {
    start(context)
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    end()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    end()
    channelContext = nil
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard let session, !mustClose else { return }
    let bytes = unwrapInboundIn(data)
    receivedBytes = min(receivedBytes + bytes.readableBytes, Self.prefaceBytes)
    readAt = .now()
    isReading = true
    if !session.receive(bytes) { mustClose = true }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    isReading = false
    write()
    context.fireChannelReadComplete()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable {
      unwritableSince = nil
      if !isReading { write() }
    } else {
      unwritableSince = .now()
    }
    context.fireChannelWritabilityChanged()
  }

  func makeStream(id: Int32) -> HTTP2Stream? {
    lastRequestAt = readAt
    return GRPCStream(id: id, connection: self)
  }

  /// Has the session's bytes written: after the bytes being read, or when the tick ends.
  func scheduleWrite() {
    guard !isReading, !isWriting, !isWriteScheduled else { return }
    isWriteScheduled = true
    loop.scheduleWrite(self)
  }

  /// The tick ends.
  func writeScheduled() {
    isWriteScheduled = false
    write()
  }

  /// Changes what incomplete and unanswered messages take; `false` if that is over the
  /// connection's bound.
  func buffer(_ delta: Int) -> Bool {
    bufferedBytes += delta
    let limits = loop.limits
    let isWithinBudget = loop.context.requestBytes.add(delta)
    return isWithinBudget
      && bufferedBytes <= max(limits.connectionBufferBytesMax, limits.messageBytesMax + 5)
  }

  func announceShutdown() {
    session?.announceShutdown()
    scheduleWrite()
  }

  func refuseNewStreams() {
    session?.refuseNewStreams()
    for case let stream as GRPCStream in openStreams { stream.serverStops() }
    scheduleWrite()
  }

  /// Closes the connection without waiting for anything.
  func abort() { channelContext?.close(promise: nil) }

  /// Closes the connection if the client is too slow to begin, to read, or has nothing to ask.
  func checkTimeouts(now: MonotonicInstant) {
    let limits = loop.limits
    let isSilent =
      receivedBytes < Self.prefaceBytes && now.since(opened) > limits.prefaceNanosecondsMax
    let isStalled = unwritableSince.map { now.since($0) > limits.stallNanosecondsMax } ?? false
    if isSilent || isStalled { return abort() }
    for case let stream as GRPCStream in openStreams { stream.checkTimeouts(now: now) }
    if session?.openStreams ?? 0 > 0 { lastRequestAt = now }
    let hasBegun = receivedBytes >= Self.prefaceBytes
    let isIdle = hasBegun && limits.idleNanosecondsMax > 0 && session?.openStreams == 0
    if isIdle && now.since(lastRequestAt) > limits.idleNanosecondsMax {
      session?.terminate(.noError)
      scheduleWrite()
    }
  }

  /// The open streams of this moment; they may close while the list is walked.
  private var openStreams: [HTTP2Stream] { session.map { Array($0.streams.values) } ?? [] }

  private func start(_ context: ChannelHandlerContext) {
    guard session == nil else { return }
    do throws(HTTP2SessionError) {
      session = try HTTP2Session(settings: loop.limits.http2, output: loop.output, owner: self)
      loop.add(self)
      write()
    } catch {
      context.close(promise: nil)
    }
  }

  private func end() {
    guard let session else { return }
    self.session = nil
    mustClose = true
    session.invalidate()
    loop.remove(self)
  }

  /// Writes while the client reads: what it does not read stays in the session, bounded there.
  private func write() {
    guard let context = channelContext, !isWriting, !isReading else { return }
    isWriting = true
    var failed = false
    // Each pass asks for the session anew: a write that fails ends it.
    while let session, context.channel.isWritable {
      if !session.write() {
        failed = true
        break
      }
      guard loop.output.buffer.readableBytes > 0 else { break }
      context.writeAndFlush(wrapOutboundOut(loop.output.buffer), promise: nil)
      // Unless the channel still holds the bytes, this keeps the storage for the next write.
      loop.output.buffer.clear(minimumCapacity: 4096)
    }
    isWriting = false
    if failed || mustClose || session?.isFinished == true { close(context) }
  }

  /// Closes once what is written has left; a client that does not read it ends by the sweep.
  private func close(_ context: ChannelHandlerContext) {
    mustClose = true
    guard !isClosing else { return }
    isClosing = true
    guard context.channel.isWritable else { return abort() }
    let bytes = ByteBuffer()
    let bound = NIOLoopBound(self, eventLoop: loop.eventLoop)
    context.writeAndFlush(wrapOutboundOut(bytes)).whenComplete { _ in bound.value.abort() }
  }
}
