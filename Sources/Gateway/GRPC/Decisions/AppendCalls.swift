internal import Features
internal import NIOCore

/// An `Append` or `PutAttributes` call: one message, answered once its events are durable.
final class AppendCall: GRPCCall, EventIntakeOwner {
  private let method: GRPCMethod
  private var stream: GRPCStream?
  private var message: ByteBuffer?
  private var intake: EventIntake?

  init(_ method: GRPCMethod, stream: GRPCStream) {
    self.method = method
    self.stream = stream
  }

  var acceptsMessage: Bool { true }

  func receive(message: ByteBuffer) {
    guard let stream else { return }
    guard self.message == nil else { return stream.finish(ControlMessage.oneTooMany) }
    self.message = message
  }

  func receiveEnd() {
    guard let stream else { return }
    guard let message else { return stream.finish(ControlMessage.missing) }
    self.message = nil
    do throws(CallFailure) {
      let intake = try stream.loop.decisions.intake(
        0, message, method, scratch: EventScratch(), owner: self)
      self.intake = intake
      intake.start()
    } catch {
      stream.finish(error.grpc, timing: error.trailers)
    }
  }

  func cancel() { stream = nil }

  func serverStops() {}

  func drained() {}

  func taken(_ intake: EventIntake) {}

  func ended(_ intake: EventIntake, _ result: Result<IntakeCounts, CallFailure>) {
    let stream = stream
    self.stream = nil
    self.intake = nil
    switch result {
    case .success(let counts): stream?.answer(framed: AppendMessage.framed(counts))
    case .failure(let failure): stream?.finish(failure.grpc, timing: failure.trailers)
    }
  }
}

/// An `AppendStream` call: any number of messages, each answered once its events are durable, in
/// the order they came. A message that cannot be taken in ends the call.
final class AppendStreamCall: GRPCCall, EventIntakeOwner {
  /// `nil` once the call is over.
  private var stream: GRPCStream?
  private let scratch = EventScratch()
  private var answers = OrderedAnswers()
  private var turns: StreamTurns
  /// The intake that is not taken yet, and those that are not durable, by ticket.
  private var current: EventIntake?
  private var waiting: [Int: EventIntake] = [:]
  private var isReceiving = false
  private var hasEnded = false
  private var isStopping = false

  init(stream: GRPCStream) {
    self.stream = stream
    turns = StreamTurns(stream.loop.eventLoop)
  }

  var acceptsMessage: Bool {
    guard let stream, !isStopping, current == nil else { return false }
    let limits = stream.loop.limits
    return turns.hasRoom && answers.count < limits.streamRequestsMax
      && stream.messageBytes < limits.streamRequestBytesMax
      && stream.outboundBytes < limits.streamAnswerBytesMax
  }

  func receive(message: ByteBuffer) {
    guard let stream else { return }
    isReceiving = true
    defer { isReceiving = false }
    do throws(CallFailure) {
      let ticket = answers.open()
      let intake = try stream.loop.decisions.intake(
        ticket, message, .appendEventStream, scratch: scratch, owner: self)
      if turns.spend(min(intake.count, BodyTurns.slice), at: stream.connection.readAt) {
        turns.schedule { self.goOn() }
      }
      current = intake
      waiting[ticket] = intake
      stream.countMessages(intake.bytes)
      intake.start()
    } catch {
      stream.finish(error.grpc, timing: error.trailers)
    }
  }

  func receiveEnd() {
    hasEnded = true
    sendAnswers()
  }

  func cancel() {
    stream = nil
    current = nil
    waiting = [:]
    answers.removeAll()
  }

  func serverStops() {
    isStopping = true
    sendAnswers()
  }

  func drained() { stream?.resumeReading() }

  func taken(_ intake: EventIntake) {
    current = nil
    if !isReceiving { stream?.resumeReading() }
  }

  func ended(_ intake: EventIntake, _ result: Result<IntakeCounts, CallFailure>) {
    waiting[intake.ticket] = nil
    stream?.countMessages(-intake.bytes)
    switch result {
    case .success(let counts): answers.fill(intake.ticket, AppendMessage.framed(counts))
    case .failure(let failure):
      sendAnswers()
      stream?.finish(failure.grpc, timing: failure.trailers)
      return
    }
    sendAnswers()
    if !isReceiving { stream?.resumeReading() }
  }

  /// The event loop has looked at its other connections.
  private func goOn() {
    turns.begin()
    stream?.resumeReading()
  }

  /// Sends what is complete at the front of the line.
  private func sendAnswers() {
    while let stream, let answer = answers.next() { stream.send(framed: answer) }
    guard answers.isEmpty else { return }
    if hasEnded {
      stream?.finish(GRPCStatus(.ok))
    } else if isStopping {
      stream?.finish(GRPCStatus(.unavailable, "the server is shutting down"))
    }
  }
}
