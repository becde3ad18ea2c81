internal import Inference
internal import NIOCore
internal import Timing

/// One gRPC call: reads its head and its messages, and has it answered.
///
/// Confined to the connection's event loop.
package final class GRPCStream: HTTP2Stream {
  let connection: GRPCConnection
  /// When the call's first byte was read; deadlines count from here.
  let openedAt: MonotonicInstant
  private(set) var head = CallHead()
  private(set) var assembler: MessageAssembler
  /// Whether the call was answered with a status; what the client still sends is thrown away.
  private(set) var isFinished = false
  private(set) var hasEnded = false
  private var isEndDelivered = false
  /// Bytes of the stream's window that are held because ``call`` takes no message now.
  private(set) var heldWindow = 0
  /// What the connection counts for this stream.
  private var countedBytes = 0
  /// Bytes of messages that were handed on and not answered.
  private(set) var messageBytes = 0
  /// When the client last sent something, or the call was answered before the client had finished.
  private(set) var lastReceivedAt: MonotonicInstant
  /// The bytes of the answer that waited at the last look, and since when they are as many.
  var waitingAnswer = (bytes: 0, since: MonotonicInstant.distantPast)
  /// The message of a call that the stream itself answers.
  private var unaryMessage: ByteBuffer?
  /// What answers the call, unless the stream itself does.
  private var call: (any GRPCCall)?
  /// The `ModelInfer` request that is on its way.
  var inference: InferenceRequest?
  /// Where the outputs of ``inference`` go.
  var selection: OutputSelection?
  /// The pipeline of a `Decide` request that is on its way.
  var deciding = ""

  init(id: Int32, connection: GRPCConnection) {
    self.connection = connection
    openedAt = connection.readAt
    lastReceivedAt = openedAt
    assembler = MessageAssembler(messageBytesMax: connection.loop.limits.messageBytesMax)
    super.init(id: id)
    loop.counters.streamOpened()
  }

  var loop: GRPCLoop { connection.loop }

  package override func receive(header name: Span<UInt8>, value: Span<UInt8>) -> Bool {
    head.apply(name, value, openedAt: openedAt)
    return true
  }

  package override func receiveHead() {
    guard head.isPost else { return refuse(status: "405") }
    guard head.hasGRPCContent else { return refuse(status: "415") }
    if let refusal = head.refusal { return finish(refusal) }
    guard let method = head.method else { return }
    assembler.messageBytesMax = messageBytesMax(of: method)
    if !method.isAnsweredByStream { call = makeCall(method) }
  }

  package override func receive(data: RawSpan) {
    guard !isFinished else { return consume(data.byteCount) }
    lastReceivedAt = connection.readAt
    assembler.append(data)
    deliver()
    guard !isFinished else { return consume(data.byteCount) }
    if assembler.bufferedBytes > 0, call?.acceptsMessage == false {
      heldWindow += data.byteCount
      consumeConnectionOnly(data.byteCount)
    } else {
      consume(data.byteCount)
    }
  }

  package override func receiveEnd() {
    hasEnded = true
    guard !isFinished else { return }
    if call != nil { return deliver() }
    guard let message = unaryMessage, assembler.bufferedBytes == 0 else {
      return finish(incompleteStatus)
    }
    unaryMessage = nil
    if head.method == .decide { decide(message) } else { infer(message) }
  }

  package override func close(errorCode: UInt32) {
    if !isFinished { loop.counters.streamAbandoned() }
    _ = connection.buffer(-countedBytes)
    countedBytes = 0
    isFinished = true
    cancelWork()
  }

  package override func outboundDrained() { call?.drained() }

  /// Goes on reading the stream, which its call had stopped.
  func resumeReading() {
    guard !isFinished, !isClosed else { return }
    deliver()
    guard heldWindow > 0, call?.acceptsMessage == true || isFinished else { return }
    consumeStreamOnly(heldWindow)
    heldWindow = 0
    connection.scheduleWrite()
  }

  /// Sends one message, its prefix of five bytes included.
  func send(framed message: ByteBuffer) {
    guard !isFinished else { return }
    if !hasResponded { respond(headFields) }
    super.send(compressed(message))
    connection.scheduleWrite()
  }

  /// Ends the call; the client gets `status` and then nothing.
  func finish(_ status: GRPCStatus, timing: [HTTP2Field] = []) {
    guard !isFinished else { return }
    isFinished = true
    if !hasEnded { lastReceivedAt = .now() }
    loop.counters.streamAnswered(status: status.code.rawValue)
    if hasResponded {
      super.finish(status.trailers + timing)
    } else {
      // No reset follows, though the client may still send: a reset would overtake the trailers.
      respondWithoutBody(status.trailersOnly + timing)
    }
    cancelWork()
    connection.scheduleWrite()
  }

  /// Sends the only message and ends the call well.
  func answer(framed message: ByteBuffer, timing: [HTTP2Field] = []) {
    guard !isFinished else { return }
    isFinished = true
    loop.counters.streamAnswered(status: 0)
    respond(headFields)
    super.send(compressed(message))
    super.finish(timing.isEmpty ? GRPCStatus.okTrailers : GRPCStatus.okTrailers + timing)
    call = nil
    connection.scheduleWrite()
  }

  /// Answers a request that is not gRPC with a status of HTTP.
  private func refuse(status: StaticString) {
    isFinished = true
    loop.counters.streamAbandoned()
    respondWithoutBody([HTTP2Field(":status", status)])
    connection.scheduleWrite()
  }

  /// Hands complete messages on while they are wanted.
  private func deliver() {
    defer { count() }
    while !isFinished, call?.acceptsMessage ?? true {
      switch assembler.next() {
      case .incomplete:
        if hasEnded { endOfMessages() }
        return
      case .invalid(let status): return finish(status)
      case .message(let message):
        do throws(GRPCStatus) {
          let bytes = try decompress(message)
          if head.method?.isClientStreaming == false { messageBytes += bytes.readableBytes }
          if let call {
            call.receive(message: bytes)
          } else if unaryMessage == nil {
            unaryMessage = bytes
          } else {
            throw GRPCStatus(.unimplemented, "a unary call has more than one message; send one")
          }
        } catch { return finish(error) }
      }
    }
  }

  /// The client sent everything, and everything complete was handed on.
  private func endOfMessages() {
    guard assembler.bufferedBytes == 0 else { return finish(incompleteStatus) }
    guard !isEndDelivered else { return }
    isEndDelivered = true
    call?.receiveEnd()
  }

  /// Changes the bytes of messages that were handed on and are not answered.
  func countMessages(_ delta: Int) {
    messageBytes += delta
    if delta < 0 { count() }
  }

  private func count() {
    guard !isClosed else { return }
    let delta = assembler.bufferedBytes + messageBytes - countedBytes
    countedBytes += delta
    let fits = connection.buffer(delta)
    guard delta > 0, !fits, !isFinished else { return }
    finish(
      GRPCStatus(
        .resourceExhausted,
        "this connection's unanswered messages exceed \(loop.limits.connectionBufferBytesMax) "
          + "bytes; send fewer at once"))
  }

  /// The server is about to stop: a call that could go on for ever ends now.
  func serverStops() { call?.serverStops() }

  private var incompleteStatus: GRPCStatus {
    GRPCStatus(
      .invalidArgument,
      "the call ended with an incomplete message: \(assembler.bufferedBytes) bytes received")
  }

  private func cancelWork() {
    if let inference {
      self.inference = nil
      inference.receiver = nil
      loop.port.cancel(inference)
    }
    let ended = call
    call = nil
    ended?.cancel()
  }

  private func decompress(_ message: MessageAssembler.Message) throws(GRPCStatus) -> ByteBuffer {
    guard message.isCompressed else { return message.bytes }
    return try MessageCompression.inflate(
      message.bytes, encoding: head.encoding, bytesMax: assembler.messageBytesMax)
  }

  private var compresses: Bool { loop.limits.compressesAnswers && head.acceptsGzip }

  private var headFields: [HTTP2Field] { compresses ? Self.gzipHead : Self.plainHead }

  private func compressed(_ message: ByteBuffer) -> ByteBuffer {
    guard compresses else { return message }
    return MessageCompression.gzip(framed: message)
  }

  private static let plainHead = [
    HTTP2Field(":status", "200"), HTTP2Field("content-type", "application/grpc"),
    HTTP2Field("grpc-accept-encoding", "identity, deflate, gzip"),
  ]
  private static let gzipHead = plainHead + [HTTP2Field("grpc-encoding", "gzip")]
}
