internal import Decisions
internal import NIOCore
internal import Timing

/// What the calls of one event loop need to decide: the port, and what is reused from request to
/// request. Confined to its event loop.
final class GRPCDecisions {
  private let ports: EventLoopPorts
  let eventLoop: any EventLoop
  private var knownDoor: DecisionDoor?
  private var fields = DecideFields()
  private var name = RecentText()

  init(ports: EventLoopPorts, eventLoop: any EventLoop) {
    self.ports = ports
    self.eventLoop = eventLoop
  }

  /// `nil` while no pipelines are served.
  var door: DecisionDoor? {
    if let knownDoor { return knownDoor }
    knownDoor = ports.door(on: eventLoop)
    return knownDoor
  }

  /// The request that a `DecideRequest` asks for.
  ///
  /// - Parameter deadline: the call's.
  /// - Throws: a malformed message, an unknown pipeline, or an input that does not fit.
  func request(
    _ message: ByteBuffer, receivedAt: MonotonicInstant, deadline: MonotonicInstant
  ) throws(CallFailure) -> DecisionRequest {
    let bytes = message.readableBytesUInt8Span
    do throws(ProtobufError) { try fields.read(bytes) } catch {
      throw CallFailure(error, in: "DecideRequest")
    }
    let pipeline = try pipeline(name.text(of: fields.pipeline, bytes))
    var request = try request(
      pipeline, fields.input, bytes, receivedAt: receivedAt, deadline: deadline)
    request.wantsFeatures = fields.wantsFeatures
    let timeout = fields.timeoutMicroseconds
    guard timeout >= 0 else {
      throw CallFailure(
        .invalidArgument, "INVALID_ARGUMENT", "timeout_us is \(timeout); send 0 or more")
    }
    if timeout > 0, timeout < Int64.max / 1_000 {
      request.deadline = min(deadline, receivedAt.advanced(byNanoseconds: timeout * 1_000))
    }
    return request
  }

  /// A request for a pipeline, with the values of a message.
  func request(
    _ pipeline: Pipeline, _ values: ValueEntries, _ bytes: Span<UInt8>,
    receivedAt: MonotonicInstant, deadline: MonotonicInstant
  ) throws(CallFailure) -> DecisionRequest {
    do throws(InputProblems) {
      let input = try values.input(pipeline.definition.inputs, bytes)
      var request = DecisionRequest(
        pipeline: pipeline, input: input, receivedAt: receivedAt, wallTime: WallClock.now())
      request.deadline = deadline
      return request
    } catch {
      door?.meter.countInvalid(pipeline: pipeline.definition.name)
      throw CallFailure(error)
    }
  }

  /// The pipeline of a name.
  func pipeline(_ name: String) throws(CallFailure) -> Pipeline {
    guard let engine = door?.host.engine else {
      throw CallFailure(unknown: "pipeline", name, known: [])
    }
    guard let pipeline = engine.pipeline(named: name) else {
      throw CallFailure(unknown: "pipeline", name, known: engine.names)
    }
    return pipeline
  }

  /// Counts what the port answered.
  func count(_ outcome: Result<Decision, DecisionFailure>, pipeline: String) {
    door?.meter.count(outcome, pipeline: pipeline)
  }
}
