package import NIOCore

extension GRPCLoadConnection: ChannelInboundHandler {
  package typealias InboundIn = ByteBuffer
  package typealias OutboundOut = ByteBuffer

  package func handlerAdded(context: ChannelHandlerContext) {
    channelContext = context
    if context.channel.isActive { start() }
  }

  package func handlerRemoved(context: ChannelHandlerContext) {
    channelContext = nil
    end(failure ?? "the server closed the connection")
  }

  package func channelActive(context: ChannelHandlerContext) {
    start()
    context.fireChannelActive()
  }

  package func channelInactive(context: ChannelHandlerContext) {
    end(failure ?? farewell ?? "the server closed the connection")
    context.fireChannelInactive()
  }

  package func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // What follows is the end of the channel, which needs no further words.
    if !words.isUncleanShutdown(error) { failure = failure ?? words.text(error) }
    context.close(promise: nil)
  }

  package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    receive(unwrapInboundIn(data))
  }

  package func channelReadComplete(context: ChannelHandlerContext) {
    settle()
    context.fireChannelReadComplete()
  }

  package func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable { settle() }
    context.fireChannelWritabilityChanged()
  }
}
