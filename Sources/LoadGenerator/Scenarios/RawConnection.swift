internal import NIOCore

/// A socket whose bytes the caller writes itself; confined to one event loop.
final class RawConnection {
  /// What the owner is told, on the event loop.
  struct Events {
    var opened: (RawConnection) -> Void = { _ in }
    var isWritable: (RawConnection) -> Void = { _ in }
    var received: (RawConnection, ByteBuffer) -> Void = { _, _ in }
    /// Once; also if it never opened.
    var closed: (RawConnection) -> Void = { _ in }
  }

  private var events: Events
  private var channel: (any Channel)?
  private var hasEnded = false

  /// Begins to connect; to be called on `eventLoop`.
  init(through connector: EndpointConnector, on eventLoop: any EventLoop, events: Events) {
    self.events = events
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    connector.connect(on: eventLoop, readBytesMax: 4_096).hop(to: eventLoop).whenComplete {
      result in
      switch result {
      case .success(let channel): bound.value.opened(channel)
      case .failure: bound.value.end()
      }
    }
  }

  /// Whether what is written now leaves soon.
  var isWritable: Bool { channel?.isWritable ?? false }

  func write(_ bytes: ByteBuffer) { channel?.writeAndFlush(bytes, promise: nil) }

  /// Ends the connection; nothing is reported after it.
  func close() {
    events = Events()
    channel?.close(promise: nil)
    channel = nil
    hasEnded = true
  }

  private func opened(_ channel: any Channel) {
    do {
      guard !hasEnded else { throw ChannelError.alreadyClosed }
      try channel.pipeline.syncOperations.addHandler(Handler(self))
      self.channel = channel
    } catch {
      channel.close(promise: nil)
      return end()
    }
    events.opened(self)
  }

  private func end() {
    guard !hasEnded else { return }
    hasEnded = true
    channel = nil
    let closed = events.closed
    events = Events()
    closed(self)
  }

  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let owner: RawConnection

    init(_ owner: RawConnection) { self.owner = owner }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      owner.events.received(owner, unwrapInboundIn(data))
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
      if context.channel.isWritable { owner.events.isWritable(owner) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
      context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { owner.end() }
  }
}
