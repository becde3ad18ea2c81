internal import Features
internal import Inference
internal import NIOCore
internal import Rules
internal import Synchronization
internal import Timing

/// The door to the decision engine for one event loop: everything happens on its thread.
///
/// Features, rules and small models run right here; a decision waits only for models that run
/// elsewhere and for its record.
package final class DecisionPort {
  let engine: DecisionEngine
  let inference: InferencePort
  let loop: NIOIsolatedEventLoop
  let eventLoop: any EventLoop
  var ids: DecisionIDs
  private var scratches: [ObjectIdentifier: PipelineScratch] = [:]
  /// Decisions that wait for something, with a time to look after them.
  private var waiting: [ObjectIdentifier: DecisionCall] = [:]
  private var nextLook = Int64.max
  private var look: Scheduled<Void>?

  init(engine: DecisionEngine, on eventLoop: any EventLoop, inference: InferencePort) {
    self.engine = engine
    self.inference = inference
    self.eventLoop = eventLoop
    loop = eventLoop.assumeIsolated()
    ids = DecisionIDs(
      seed: UInt128(UInt64.random(in: .min ... .max)) << 64
        | UInt128(UInt64.random(in: .min ... .max)))
  }

  /// Decides a request. Its receiver gets exactly one outcome: a decision before the deadline, or
  /// why there is none. Repeating a request id gives the decision that was made.
  package func submit(_ request: DecisionRequest, receiver: any DecisionReceiver) {
    let pipeline = request.pipeline
    let requestID = request.requestID
    if let requestID {
      let finding = pipeline.requests.withLock { $0.admit(requestID) { waiter(receiver) } }
      switch finding {
      case .isNew: break
      case .waits: return
      case .decided(let decision): return receiver.receive(.success(decision))
      }
    }
    let isAdmitted = pipeline.state.withLock { state in
      guard state.underWay < pipeline.definition.concurrency else { return false }
      state.underWay += 1
      return true
    }
    let call = DecisionCall(
      request, requestID: requestID, scratch: scratch(of: pipeline), receiver: receiver)
    guard isAdmitted else {
      let bound = pipeline.definition.concurrency
      let text = "\(bound) decisions of '\(pipeline.definition.name)' are under way, its bound"
      return deliver(call, .failure(DecisionFailure(.overloaded, text)))
    }
    advance(call, .begin)
  }

  private func scratch(of pipeline: Pipeline) -> PipelineScratch {
    if let known = scratches[ObjectIdentifier(pipeline)] { return known }
    // Those of pipelines that are served no more go; a pipeline is kept by its scratch.
    scratches = scratches.filter {
      engine.pipeline(named: $0.value.pipeline.definition.name) === $0.value.pipeline
    }
    let made = PipelineScratch(pipeline)
    scratches[ObjectIdentifier(pipeline)] = made
    return made
  }

  /// Hands an outcome, told on any thread, to a receiver on this one.
  private func waiter(_ receiver: any DecisionReceiver) -> RecentRequests.Waiter {
    let bound = NIOLoopBound(receiver, eventLoop: eventLoop)
    let eventLoop = eventLoop
    return { outcome in eventLoop.execute { bound.value.receive(outcome) } }
  }

  /// Does what the decision asks for until it waits or is done.
  func advance(_ call: DecisionCall, _ first: DecisionRun.Event) {
    let pipeline = call.request.pipeline
    var event = first
    while true {
      let now = MonotonicInstant.now().nanoseconds
      let action = pipeline.state.withLock {
        call.run.handle(event, now: now, pipeline.definition, &$0)
      }
      cancelUnawaited(call)
      switch action {
      case .readFeatures(let until):
        event = .featuresRead(call.scratch.readFeatures(call, until: until))
      case .runGate: event = .gated(match(call, pipeline.definition.gate))
      case .checkCondition(let tier):
        let condition = pipeline.definition.tiers[tier].condition
        event = .conditioned(call.scratch.withRow(call) { condition?.holds($0) } ?? true)
      case .runRung(let index):
        guard case .rules(let rules) = pipeline.definition.ladder[index] else { return }
        event = .rungMatched(match(call, rules))
      case .runOverrides: event = .overridden(match(call, pipeline.definition.overrides))
      case .call(let tier, let until):
        guard let failure = ask(tier, call, until: until) else { return wait(call) }
        event = .failed(tier: tier, failure)
      case .wait: return wait(call)
      case .finish:
        waiting[ObjectIdentifier(call)] = nil
        return finish(call)
      }
    }
  }

  private func match(_ call: DecisionCall, _ rules: OutcomeRules?) -> Int? {
    guard let rules else { return nil }
    return call.scratch.withRow(call) { rules.rules.firstMatch($0).rule }
  }

  /// Sends a tier's request; says why if it cannot.
  private func ask(_ tier: Int, _ call: DecisionCall, until: Int64) -> TierFailure? {
    let definition = call.request.pipeline.definition.tiers[tier]
    do throws(InferenceError) {
      let version = try inference.resolve(model: definition.model, version: definition.version)
      call.versions[tier] = version.versionText
      let request = try TierModel.request(
        definition, call, version: version, deadline: until,
        receiver: TierCall(tier: tier, call: call, port: self))
      call.inference = (tier, request)
      inference.submit(request)
      return nil
    } catch {
      return TierFailure(error.code)
    }
  }

  /// A tier's model answered, in time or not.
  func answered(
    _ call: DecisionCall, tier: Int, _ outcome: Result<InferenceOutputs, InferenceError>,
    of request: InferenceRequest
  ) {
    if call.inference?.request === request { call.inference = nil }
    switch outcome {
    case .success(let outputs):
      request.recordEncoded(at: .now())
      let definition = call.request.pipeline.definition.tiers[tier]
      let raw = TierModel.score(definition, outputs, request.version)
      advance(call, .scored(tier: tier, raw.flatMap { definition.calibration.probability($0) }))
    case .failure(let error):
      advance(call, .failed(tier: tier, TierFailure(error.code)))
    }
  }

  /// Takes back what nobody waits for any more.
  private func cancelUnawaited(_ call: DecisionCall) {
    guard let (tier, request) = call.inference, call.run.awaited != tier else { return }
    call.inference = nil
    inference.cancel(request)
  }
}

// Looking after decisions that wait.
extension DecisionPort {
  func wait(_ call: DecisionCall) {
    let timer = call.timer
    guard timer < .max else { return }
    waiting[ObjectIdentifier(call)] = call
    if timer < nextLook { lookAgain(at: timer) }
  }

  func stopWaiting(_ call: DecisionCall) { waiting[ObjectIdentifier(call)] = nil }

  private func lookAgain(at instant: Int64) {
    look?.cancel()
    nextLook = instant
    let deadline = NIODeadline.uptimeNanoseconds(UInt64(max(0, instant)))
    look = loop.scheduleTask(deadline: deadline) { [self] in lookAround() }
  }

  /// Tells those whose time has come, and sees when the next one's will.
  private func lookAround() {
    look = nil
    nextLook = .max
    let now = MonotonicInstant.now().nanoseconds
    let due = waiting.values.filter { $0.timer <= now }
    for call in due {
      waiting[ObjectIdentifier(call)] = nil
      if call.run.isDone { recordIsLate(call) } else { advance(call, .clock) }
    }
    if let next = waiting.values.map(\.timer).min(), next < nextLook { lookAgain(at: next) }
  }
}

extension TierFailure {
  /// The failure of a tier whose model answered with an error.
  init(_ code: InferenceError.Code) {
    switch code {
    case .unknownModel, .notReady: self = .absent
    case .queueFull, .deadlineUnreachable, .unavailable: self = .refused
    case .expired, .cancelled: self = .timeout
    case .invalidArgument, .unsupported, .runFailed: self = .failed
    }
  }
}
