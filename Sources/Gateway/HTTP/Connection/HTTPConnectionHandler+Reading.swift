internal import NIOCore
internal import Timing

extension HTTPConnectionHandler {
  /// Smaller bodies are not counted against the server's budget.
  private static let countedBytesMin = 65_536
  /// Bytes of body reserved ahead of their arrival; the client's word is taken for no more.
  private static let reservedBytesMax = 1 << 20
  /// Bytes of the body of a control request that uploads no model.
  private static let controlBytesMax = 1 << 20
  /// Bytes of an inference's body, whatever the limits say: a number of two bytes may become an
  /// element of eight, and a buffer holds 4 GiB.
  private static let inferenceBytesMax = 1 << 29

  /// One step of reading; `false` once more bytes, or an answer, must come first.
  func advance() throws(HTTPRejection) -> Bool {
    switch phase {
    case .head: return try readHead()
    case .body: return try readBody()
    case .answering, .lingering, .closed: return false
    }
  }

  private func readHead() throws(HTTPRejection) -> Bool {
    guard input.readableBytes > 0 else { return false }
    // The next answer waits until the client has read the last.
    guard channelContext?.channel.isWritable ?? false else { return false }
    if firstByteAt == .distantPast {
      firstByteAt = lastReadAt
      expiresAt = firstByteAt.advanced(byNanoseconds: server.limits.headNanosecondsMax).nanoseconds
    }
    guard try parseHead(input) else { return false }
    input.moveReaderIndex(forwardBy: head.byteCount)
    requestNumber += 1
    isRequestOpen = true
    counters.streamOpened()
    try prepareBody()
    phase = .body
    return true
  }

  /// Reads the head at the start of `source`; `false` if its end has not arrived.
  private func parseHead(_ source: ByteBuffer) throws(HTTPRejection) -> Bool {
    let bytes = source.readableBytesUInt8Span
    guard let head = try parser.parse(bytes) else { return false }
    self.head = head
    route = routes.route(of: bytes.extracting(head.path))
    traceparent = ""
    if !head.traceparent.isEmpty {
      traceparent = JSONText(range: head.traceparent).string(in: bytes)
    }
    if !head.query.isEmpty || !query.isEmpty {
      query = JSONText(range: head.query).string(in: bytes)
    }
    return true
  }

  private func prepareBody() throws(HTTPRejection) {
    bodyBytesMax = bytesMax(of: route)
    let length = head.contentLength ?? 0
    guard length <= bodyBytesMax else {
      throw HTTPRejection(
        413, "the request's body of \(length) bytes is larger than \(bodyBytesMax) bytes")
    }
    body = ByteBuffer()
    chunks =
      head.isChunked
      ? ChunkedBodyReader(bytesMax: bodyBytesMax, trailerBytesMax: server.limits.headBytesMax)
      : nil
    if head.expectsContinue, head.hasBody, input.readableBytes == 0 {
      channelContext?.writeAndFlush(
        wrapOutboundOut(ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n")), promise: nil)
    }
  }

  private func bytesMax(of route: HTTPRoute?) -> Int {
    switch route {
    case .infer: min(Self.inferenceBytesMax, server.limits.bodyBytesMax)
    case .decisions(let route) where route.isData:
      min(Self.inferenceBytesMax, server.limits.bodyBytesMax)
    case .repositoryLoad: server.limits.uploadBytesMax
    default: min(Self.controlBytesMax, server.limits.bodyBytesMax)
    }
  }

  private func readBody() throws(HTTPRejection) -> Bool {
    expiresAt = lastReadAt.advanced(byNanoseconds: server.limits.bodyNanosecondsMax).nanoseconds
    let isComplete =
      chunks != nil ? try chunks?.read(from: &input, into: &body) ?? true : readSizedBody()
    guard countBody() else {
      throw HTTPRejection(
        503, "the server holds \(server.requestBytes.limit) bytes of requests; retry later")
    }
    guard isComplete else { return false }
    if input.readableBytes == 0 { input = ByteBuffer() }
    phase = .answering
    expiresAt = .max
    answerRequest()
    return true
  }

  /// Brings the server's count of held bytes up to date; `false` if they are too many. Small
  /// bodies are not counted: the bound of connections bounds them.
  func countBody() -> Bool {
    let bytes = body.readableBytes >= Self.countedBytesMin ? body.readableBytes : 0
    if bytes == countedBytes { return true }
    defer { countedBytes = bytes }
    return server.requestBytes.add(bytes - countedBytes)
  }

  /// Reads a body of known length; `false` if some of it is missing.
  private func readSizedBody() -> Bool {
    let missing = (head.contentLength ?? 0) - body.readableBytes
    if missing == 0 { return true }
    if body.readableBytes == 0 {
      if let whole = input.readSlice(length: missing) {
        body = whole
        return true
      }
      let allocator = channelContext?.channel.allocator ?? ByteBufferAllocator()
      body = allocator.buffer(capacity: min(missing, Self.reservedBytesMax))
    }
    if var part = input.readSlice(length: min(missing, input.readableBytes)) {
      body.writeBuffer(&part)
    }
    if input.readableBytes == 0 { input = ByteBuffer() }
    return body.readableBytes == head.contentLength
  }
}
