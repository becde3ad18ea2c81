internal import Decisions
internal import NIOCore
internal import Timing

/// A `DecideStream` call: any number of requests, answered in the order they came; one that is
/// wrong is answered with its failure, and the call goes on.
///
/// At most ``GRPCLimits/streamRequestsMax`` wait at once; then the client's window stays closed.
final class DecideStreamCall: GRPCCall, DecisionCollector {
  /// `nil` once the call is over.
  private var stream: GRPCStream?
  private let decisions: GRPCDecisions
  private var answers = OrderedAnswers()
  private var turns: StreamTurns
  private var isReceiving = false
  private var hasEnded = false
  private var isStopping = false

  init(stream: GRPCStream) {
    self.stream = stream
    decisions = stream.loop.decisions
    turns = StreamTurns(stream.loop.eventLoop)
  }

  var acceptsMessage: Bool {
    guard let stream, !isStopping else { return false }
    let limits = stream.loop.limits
    return turns.hasRoom && answers.count < limits.streamRequestsMax
      && stream.outboundBytes < limits.streamAnswerBytesMax
  }

  func receive(message: ByteBuffer) {
    guard let stream else { return }
    if turns.spend(1, at: stream.connection.readAt) { turns.schedule { self.goOn() } }
    isReceiving = true
    begin(message, stream)
    isReceiving = false
    sendAnswers()
  }

  func receiveEnd() {
    hasEnded = true
    sendAnswers()
  }

  func cancel() {
    stream = nil
    answers.removeAll()
  }

  func serverStops() {
    isStopping = true
    sendAnswers()
  }

  func drained() { stream?.resumeReading() }

  func decided(_ ticket: Int, _ outcome: Result<Decision, DecisionFailure>) {
    guard stream != nil else { return }
    answers.fill(ticket, DecisionMessage.result(outcome, framed: true))
    guard !isReceiving else { return }
    sendAnswers()
    stream?.resumeReading()
  }

  private func begin(_ message: ByteBuffer, _ stream: GRPCStream) {
    let ticket = answers.open()
    do throws(CallFailure) {
      let request = try decisions.request(
        message, receivedAt: .now(), deadline: stream.head.deadline)
      decisions.door?.port.submit(
        request,
        receiver: DecisionSlot(
          ticket, pipeline: request.pipeline.definition.name, of: decisions, collector: self))
    } catch {
      answers.fill(ticket, error.result(framed: true))
    }
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

/// What a call without an end may do in one turn of its event loop, so that the other connections
/// get theirs.
struct StreamTurns {
  private var turns: BodyTurns
  private var left = BodyTurns.slice
  private var readAt = MonotonicInstant.distantPast

  init(_ eventLoop: any EventLoop) { turns = BodyTurns(eventLoop) }

  /// Whether there is something left of this turn.
  var hasRoom: Bool { left > 0 }

  /// Spends some of the turn.
  ///
  /// - Parameter readAt: when the connection was last read: each read is a turn.
  /// - Returns: whether nothing is left, and the next turn must be scheduled.
  mutating func spend(_ count: Int, at readAt: MonotonicInstant) -> Bool {
    if self.readAt != readAt, left > 0 {
      self.readAt = readAt
      left = BodyTurns.slice
    }
    left -= count
    return left <= 0
  }

  /// Runs `step` in the next turn; it must call ``begin()``.
  mutating func schedule(_ step: @escaping () -> Void) { turns.schedule(step) }

  /// A turn has begun.
  mutating func begin() {
    turns.begin()
    left = BodyTurns.slice
  }
}
