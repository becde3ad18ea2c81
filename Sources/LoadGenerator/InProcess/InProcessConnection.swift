internal import Gateway
internal import Inference
internal import ModelRuntimes
internal import NIOCore
internal import Tensors
internal import Timing

/// Requests to an engine in this process. Confined to its event loop; open from the beginning.
final class InProcessConnection: LoadConnection {
  private let port: InferencePort
  private let isolated: NIOIsolatedEventLoop
  private var owner: (any LoadConnectionOwner)?
  private let places: StagePlaces
  private var calls: [Int: InProcessCall] = [:]
  /// Requests that the engine would not even take; reported after ``send(_:ticket:number:)``.
  private var rejected: [(ticket: Int, error: InferenceError)] = []

  init(
    port: InferencePort, on eventLoop: any EventLoop, owner: any LoadConnectionOwner,
    stageNames: StageNames
  ) {
    self.port = port
    isolated = eventLoop.assumeIsolated()
    self.owner = owner
    places = StagePlaces(stageNames)
  }

  var vacancies: Int {
    owner == nil ? 0 : max(0, InProcessDialer.slots - calls.count - rejected.count)
  }

  func send(_ request: PreparedRequest, ticket: Int, number: UInt64) {
    do throws(InferenceError) {
      guard case .inProcess(let request) = request.payload else {
        throw InferenceError(.unsupported, "the request is encoded for a network")
      }
      let call = InProcessCall(ticket: ticket, connection: self)
      let inference = try makeInference(request, receiver: call)
      call.inference = inference
      calls[ticket] = call
      port.submit(inference)
    } catch {
      if rejected.isEmpty { isolated.execute { [self] in reportRejected() } }
      rejected.append((ticket, error))
    }
  }

  /// Nothing is left in memory: the engine has it.
  func flush() {}

  func abandon(ticket: Int) {
    rejected.removeAll { $0.ticket == ticket }
    guard let call = calls.removeValue(forKey: ticket) else { return }
    call.connection = nil
    if let inference = call.inference { port.cancel(inference) }
  }

  func close() {
    guard let owner else { return }
    self.owner = nil
    let open = calls
    calls = [:]
    for call in open.values {
      call.connection = nil
      if let inference = call.inference { port.cancel(inference) }
    }
    let tickets = open.keys.sorted() + rejected.map(\.ticket)
    rejected = []
    isolated.execute { [self] in
      for ticket in tickets { owner.answered(ticket, Answer(.connection)) }
      owner.ended(self, reason: nil)
    }
  }

  /// The engine's answer to one call.
  fileprivate func receive(
    _ outcome: Result<InferenceOutputs, InferenceError>, _ inference: InferenceRequest,
    ticket: Int
  ) {
    guard calls.removeValue(forKey: ticket) != nil, let owner else { return }
    switch outcome {
    case .success(let outputs):
      let bytes = outputs.tensors.reduce(0) { $0 + $1.bytes.readableBytes }
      inference.recordEncoded(at: .now())
      owner.answered(
        ticket,
        Answer(.ok, status: 200, stages: places.stages(of: inference.stages), byteCount: bytes))
    case .failure(let error):
      owner.answered(ticket, answer(error))
    }
    owner.becameVacant(self)
  }

  private func reportRejected() {
    let rejected = self.rejected
    self.rejected = []
    for (ticket, error) in rejected { owner?.answered(ticket, answer(error)) }
    if !rejected.isEmpty { owner?.becameVacant(self) }
  }

  /// The outcome that a client of the HTTP gateway would see.
  private func answer(_ error: InferenceError) -> Answer {
    let status = WireStatus(error.code).http
    let outcome: Outcome =
      switch status {
      case 503, 429: .refused
      case 504, 408: .expired
      default: .failed
      }
    return Answer(outcome, status: status, explanation: ByteBuffer(string: error.message))
  }

  private func makeInference(
    _ request: InProcessRequest, receiver: any InferenceReceiver
  ) throws(InferenceError) -> InferenceRequest {
    let now = MonotonicInstant.now()
    let version = try port.resolve(model: request.model, version: request.version)
    var draft = RequestDraft(version: version, receivedAt: now)
    draft.priority = request.priority
    draft.timeoutMicroseconds = request.timeoutMicroseconds
    for (name, tensor) in request.inputs {
      guard let index = version.inputs.firstIndex(where: { $0.name == name }) else {
        throw InferenceError(
          .invalidArgument, "unexpected inference input '\(name)' for model '\(version.name)'")
      }
      try draft.add(input: index, tensor)
    }
    return try draft.makeRequest(receiver: receiver)
  }
}

/// Knows the ticket of one request while the engine has it.
private final class InProcessCall: InferenceReceiver {
  let ticket: Int
  /// `nil` once nobody waits for the answer.
  var connection: InProcessConnection?
  var inference: InferenceRequest?

  init(ticket: Int, connection: InProcessConnection) {
    self.ticket = ticket
    self.connection = connection
  }

  func receive(_ outcome: Result<InferenceOutputs, InferenceError>, of request: InferenceRequest) {
    let connection = self.connection
    self.connection = nil
    inference = nil
    connection?.receive(outcome, request, ticket: ticket)
  }
}

/// The places of the engine's stages, by the names that the gateway's `Server-Timing` has.
private struct StagePlaces {
  private let decode: Int?
  private let queue: Int?
  private let batch: Int?
  private let run: Int?

  init(_ names: StageNames) {
    func place(_ name: String) -> Int? {
      let bytes = Array(name.utf8)
      return names.index(of: bytes.span)
    }
    decode = place("decode")
    queue = place("queue")
    batch = place("batch")
    run = place("run")
  }

  func stages(of clock: StageClock) -> ServerStages {
    var stages = ServerStages()
    if let decode { stages.set(decode, nanoseconds: clock.decodeNanoseconds) }
    if let queue { stages.set(queue, nanoseconds: clock.queueNanoseconds) }
    if let batch { stages.set(batch, nanoseconds: clock.batchWaitNanoseconds) }
    if let run { stages.set(run, nanoseconds: clock.runNanoseconds) }
    return stages
  }
}
