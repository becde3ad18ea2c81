internal import Inference
internal import Monitoring
internal import NIOCore
internal import Timing

extension HTTPConnectionHandler {
  /// Nanoseconds a client has to read the last answer before the connection is cut.
  private static let lingerNanosecondsMax: Int64 = 2_000_000_000
  /// Smaller bodies cost more to compress than to send.
  private static let compressedBytesMin = 1_024
  /// Larger bodies would keep the other connections of this loop waiting.
  private static let compressedBytesMax = 64 << 20

  /// Writes the outputs of an inference.
  func answer(_ outputs: InferenceOutputs, of request: InferenceRequest) throws(InferenceError) {
    var encoder = InferenceAnswerEncoder(
      version: request.version, sharedMemory: server.sharedMemory,
      allocator: channelContext?.channel.allocator ?? ByteBufferAllocator())
    try encoder.encode(
      outputs, id: wanted.id, requested: wanted.outputs, isBinaryDefault: wanted.isBinaryDefault)
    let encodedAt = MonotonicInstant.now()
    request.recordEncoded(at: encodedAt)
    if wanted.isTraced { record(request, at: encodedAt) }
    log(nil, of: request, at: encodedAt)
    var answerHead = HTTPAnswerHead()
    answerHead.jsonLength = encoder.jsonLength
    if encoder.jsonLength != nil { answerHead.contentType = .binary }
    if server.options.sendsServerTiming {
      answerHead.timing = ServerTiming(request, encodedAt: encodedAt)
    }
    write(answerHead, encoder.answer, rest: encoder.rest, mayCompress: true)
  }

  /// Writes an inference error.
  func answer(_ error: InferenceError) {
    let status = WireStatus(error.code)
    var result = ControlAnswer(status: status.http) { ErrorAnswer.write(error, to: &$0) }
    if status.invitesRetry { result.head.retryAfterSeconds = Int(error.retryAfterSeconds) }
    answer(result)
  }

  /// Writes any other answer.
  func answer(_ result: ControlAnswer) {
    var answer = HTTPAnswerBuffer(
      allocator: channelContext?.channel.allocator ?? ByteBufferAllocator(),
      capacity: result.body.readableBytes)
    answer.buffer.writeImmutableBuffer(result.body)
    write(result.head, answer, rest: [])
  }

  /// Writes a rejection and closes: the bytes that follow have no meaning.
  func reject(_ rejection: HTTPRejection) {
    guard phase == .head || phase == .body else { return }
    if !isRequestOpen {
      isRequestOpen = true
      counters.streamOpened()
    }
    if phase == .head { head = HTTPRequestHead() }
    head.isPersistent = false
    head.acceptedCompression = nil
    phase = .body
    answer(ControlAnswer(status: rejection.status, error: rejection.message))
  }

  /// Records the trace of an inference that failed.
  func trace(_ request: InferenceRequest) {
    if wanted.isTraced { record(request, at: .now()) }
  }

  /// Writes the log line of an inference, if such lines are wanted now.
  ///
  /// - Parameter request: `nil` if it was refused before it was one.
  func log(_ error: InferenceError?, of request: InferenceRequest?, at encodedAt: MonotonicInstant)
  {
    guard server.requestLog.wants(error?.code), case .infer(let model, let version) = route else {
      return
    }
    server.requestLog.record(
      RequestLog.Entry(
        door: "http", model: model, version: request?.version.versionText ?? version,
        id: request?.id ?? "", traceparent: traceparent, error: error,
        received: request?.stages.received ?? lastReadAt, encodedAt: encodedAt))
  }

  private func record(_ request: InferenceRequest, at encodedAt: MonotonicInstant) {
    wanted.isTraced = false
    server.traces.record(
      RequestTrace(
        model: request.version.name, version: request.version.versionText, id: request.id,
        traceparent: traceparent, stages: request.stages, encodedAt: encodedAt))
  }

  /// Writes an answer. Only an inference's is compressed: some clients ask for compression with
  /// every request and undo it in those alone.
  func write(
    _ head: HTTPAnswerHead, _ answer: HTTPAnswerBuffer, rest: [ByteBuffer],
    mayCompress: Bool = false
  ) {
    guard let context = channelContext else { return }
    var answerHead = head
    var answer = answer
    var rest = rest
    var length = answer.buffer.readableBytes
    for part in rest { length += part.readableBytes }
    if mayCompress, let format = self.head.acceptedCompression,
      (Self.compressedBytesMin...Self.compressedBytesMax).contains(length),
      let compressed = Self.compress(answer, rest, format, context.channel.allocator)
    {
      answer = compressed
      rest = []
      length = answer.buffer.readableBytes
      answerHead.compression = format
    }
    let staysOpen = self.staysOpen
    answerHead.isPersistent = staysOpen
    answerHead.isVersion10 = self.head.isVersion10
    answer.seal(answerHead, bodyLength: length)
    if self.head.method == .head {
      answer.buffer.moveWriterIndex(to: answer.buffer.writerIndex - length)
      rest = []
    }
    isRequestOpen = false
    counters.streamAnswered(status: answerHead.status)
    // The client's time to read this and to ask again begins now, however long the answer took.
    lastReadAt = .now()
    // First the state: the write may complete before it returns.
    finishRequest(staysOpen: staysOpen)
    send(answer.buffer, rest, context, closes: !staysOpen)
    if !context.channel.isWritable, phase == .head {
      expiresAt = lastReadAt.advanced(byNanoseconds: server.limits.bodyNanosecondsMax).nanoseconds
    }
  }

  private func send(
    _ first: ByteBuffer, _ rest: [ByteBuffer], _ context: ChannelHandlerContext, closes: Bool
  ) {
    if closes {
      context.write(wrapOutboundOut(first), promise: nil)
      for part in rest { context.write(wrapOutboundOut(part), promise: nil) }
      notifyWhenWritten(context)
      return
    }
    guard !rest.isEmpty else {
      context.writeAndFlush(wrapOutboundOut(first), promise: nil)
      return
    }
    context.write(wrapOutboundOut(first), promise: nil)
    for part in rest { context.write(wrapOutboundOut(part), promise: nil) }
    context.flush()
  }

  private func finishRequest(staysOpen: Bool) {
    guard phase != .closed else { return }
    wanted = WantedAnswer()
    firstByteAt = .distantPast
    body = ByteBuffer()
    _ = countBody()
    if staysOpen {
      phase = .head
      expiresAt = idleEnd
    } else {
      linger()
    }
  }

  /// Reads nothing more; the client has a while to take what is written.
  func linger() {
    phase = .lingering
    input = ByteBuffer()
    body = ByteBuffer()
    _ = countBody()
    expiresAt =
      MonotonicInstant.now().advanced(byNanoseconds: server.limits.bodyNanosecondsMax).nanoseconds
  }

  /// Flushes, and calls ``lastAnswerSent()`` once all has been written.
  func notifyWhenWritten(_ context: ChannelHandlerContext) {
    let promise = context.eventLoop.makePromise(of: Void.self)
    context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: promise)
    let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
    promise.futureResult.whenComplete { _ in handler.value.lastAnswerSent() }
  }

  /// Ends the sending side; the connection closes once the client has, so that it can read the
  /// answer even if it is still sending.
  private func lastAnswerSent() {
    guard phase == .lingering, let context = channelContext else { return }
    isLastAnswerSent = true
    if isInputClosed || closesWhenWritten {
      context.close(promise: nil)
      return
    }
    expiresAt =
      MonotonicInstant.now().advanced(byNanoseconds: Self.lingerNanosecondsMax).nanoseconds
    context.close(mode: .output, promise: nil)
  }

  private static func compress(
    _ answer: HTTPAnswerBuffer, _ rest: [ByteBuffer], _ format: CompressionFormat,
    _ allocator: ByteBufferAllocator
  ) -> HTTPAnswerBuffer? {
    var whole = answer.buffer
    for part in rest { whole.writeImmutableBuffer(part) }
    var result = HTTPAnswerBuffer(allocator: allocator, capacity: whole.readableBytes / 2)
    do throws(CompressionError) {
      try Deflater.deflate(whole, format, appendingTo: &result.buffer)
    } catch {
      return nil
    }
    return result
  }
}

extension ServerTiming {
  /// The stages of an answered request.
  init(_ request: InferenceRequest, encodedAt: MonotonicInstant) {
    let stages = request.stages
    self.init(
      decode: stages.decodeNanoseconds / 1_000, queue: stages.queueNanoseconds / 1_000,
      batch: stages.batchWaitNanoseconds / 1_000, run: stages.runNanoseconds / 1_000,
      encode: max(0, encodedAt.since(stages.completed)) / 1_000)
  }
}
