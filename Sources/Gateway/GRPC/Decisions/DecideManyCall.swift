internal import Decisions
internal import NIOCore
internal import Timing

/// A `DecideMany` call: requests of one pipeline, decided in slices, answered together in their
/// order.
final class DecideManyCall: GRPCCall, DecisionCollector {
  /// The most that are under way at one time.
  private static let window = 256

  private var stream: GRPCStream?
  private let decisions: GRPCDecisions
  private let deadline: MonotonicInstant
  private var message: ByteBuffer?
  private var fields = ManyFields()
  private var pipeline: Pipeline?
  private var values = ValueEntries()
  private var turns: BodyTurns
  /// By request: its `DecisionResult`.
  private var answers: [ByteBuffer?] = []
  /// The first request that has not begun.
  private var next = 0
  private var underWay = 0
  private var isStepping = false

  init(stream: GRPCStream) {
    self.stream = stream
    decisions = stream.loop.decisions
    deadline = stream.head.deadline
    turns = BodyTurns(stream.loop.eventLoop)
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
    do throws(CallFailure) {
      let bytes = message.readableBytesUInt8Span
      do throws(ProtobufError) {
        fields = try ManyFields(bytes, "inputs", partsMax: DecisionBatch.requestsMax)
      } catch {
        throw CallFailure(error, in: "DecideManyRequest")
      }
      pipeline = try decisions.pipeline(bytes.text(fields.name))
      answers = [ByteBuffer?](repeating: nil, count: fields.parts.count)
      step()
    } catch {
      stream.finish(error.grpc, timing: error.trailers)
    }
  }

  func cancel() { stream = nil }

  func serverStops() {}

  func drained() {}

  func decided(_ ticket: Int, _ outcome: Result<Decision, DecisionFailure>) {
    underWay -= 1
    guard stream != nil else { return }
    answers[ticket] = DecisionMessage.result(outcome, framed: false)
    if !isStepping { proceed() }
  }

  private func step() {
    turns.begin()
    guard stream != nil, let message, let pipeline else { return }
    isStepping = true
    var budget = TurnBudget()
    while next < fields.parts.count, budget.hasRoom, underWay < Self.window {
      budget.spend(bytes: fields.parts[next].count)
      begin(next, pipeline, message)
      next += 1
    }
    isStepping = false
    proceed()
  }

  /// Sends one request on its way.
  private func begin(_ place: Int, _ pipeline: Pipeline, _ message: ByteBuffer) {
    let now = MonotonicInstant.now()
    let span = fields.parts[place]
    do throws(CallFailure) {
      guard deadline > now else {
        throw CallFailure(
          .deadlineExceeded, "EXPIRED", "the call's time was over before this was begun")
      }
      guard span.count <= DecisionBatch.requestBytesMax else {
        throw CallFailure(
          .resourceExhausted, "INVALID_ARGUMENT",
          "has \(span.count) bytes; the most is \(DecisionBatch.requestBytesMax)")
      }
      let bytes = message.readableBytesUInt8Span
      do throws(ProtobufError) { try values.read(messageWithMap: span, bytes) } catch {
        throw CallFailure(error, in: "Input")
      }
      var request = try decisions.request(
        pipeline, values, bytes, receivedAt: now, deadline: deadline)
      request.wantsFeatures = fields.wantsFeatures
      underWay += 1
      decisions.door?.port.submit(
        request,
        receiver: DecisionSlot(
          place, pipeline: pipeline.definition.name, of: decisions, collector: self))
    } catch {
      answers[place] = error.result(framed: false)
    }
  }

  /// Goes on, or ends.
  private func proceed() {
    if next < fields.parts.count {
      if underWay < Self.window { turns.schedule { self.step() } }
    } else if underWay == 0 {
      answer()
    }
  }

  private func answer() {
    guard let stream else { return }
    var size = 0
    for answer in answers { size += ProtobufSize.span(answer?.readableBytes ?? 0) }
    var buffer = ModelInferResponseWriter.framed(size)
    for answer in answers {
      buffer.writeProtobufHead(field: 1, count: answer?.readableBytes ?? 0)
      if let answer { buffer.writeImmutableBuffer(answer) }
    }
    self.stream = nil
    message = nil
    stream.answer(framed: buffer)
  }
}
