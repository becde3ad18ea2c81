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
  var load = PortLoad()
  /// The decision that the thread's time is booked on, and since when.
  private var measured: (call: DecisionCall, since: Int64)?
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

  func scratch(of pipeline: Pipeline) -> PipelineScratch {
    if let known = scratches[ObjectIdentifier(pipeline)] { return known }
    // Those of pipelines that are served no more go; a pipeline is kept by its scratch.
    scratches = scratches.filter {
      engine.pipeline(named: $0.value.pipeline.definition.name) === $0.value.pipeline
    }
    let made = PipelineScratch(pipeline)
    scratches[ObjectIdentifier(pipeline)] = made
    return made
  }

  /// Does what the decision asks for until it waits or is done.
  ///
  /// - Parameter evidence: what the event says about the model that was asked.
  func advance(
    _ call: DecisionCall, _ first: DecisionRun.Event, evidence: CallEvidence = .whole
  ) {
    let pipeline = call.request.pipeline
    var event = first
    var said = evidence
    while true {
      let now = MonotonicInstant.now().nanoseconds
      let action = pipeline.state.withLock {
        call.run.handle(event, now: now, pipeline.definition, &$0, evidence: said)
      }
      said = .whole
      cancelUnawaited(call)
      switch action {
      case .readFeatures(let until):
        event = .featuresRead(call.scratch.readFeatures(call, until: until))
      case .runGate: event = .gated(match(call, pipeline.definition.gate))
      case .checkCondition(let tier):
        let condition = pipeline.definition.tiers[tier].condition
        event = .conditioned(call.scratch.withRow(call) { condition?.holds($0) } ?? true)
      case .evaluate(let tier): event = evaluate(tier, call)
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

  /// Asks a tier that has no model.
  private func evaluate(_ tier: Int, _ call: DecisionCall) -> DecisionRun.Event {
    let pipeline = call.request.pipeline
    switch pipeline.definition.tiers[tier].kind {
    case .rules(let rules): return .ruled(match(call, rules))
    case .expression(let expression):
      let raw: Double? = call.scratch.withRow(call) { row in
        if case .double(let value) = expression.evaluate(row) { return value }
        return nil
      }
      return .computed(
        raw.flatMap { pipeline.definition.tiers[tier].calibration.probability($0) })
    case .model: return .computed(nil)
    }
  }

  /// Sends a tier's request; says why if it cannot.
  private func ask(_ tier: Int, _ call: DecisionCall, until: Int64) -> TierFailure? {
    let pipeline = call.request.pipeline
    do throws(InferenceError) {
      let version = try inference.resolve(
        model: pipeline.definition.tiers[tier].model,
        version: pipeline.definition.tiers[tier].version)
      call.versions[tier] = version.versionText
      // The engine's forecast for this thread assumes full batches; what was let in here was found
      // to be in time, and the run's own clock ends the wait.
      let deadline = version.runsInline ? max(until, call.run.tiersEnd) : until
      let request = try TierModel.request(
        pipeline.definition.tiers[tier], call, version: version, deadline: deadline,
        receiver: TierCall(tier: tier, call: call, port: self))
      call.inference = (tier, request)
      inference.submit(request)
      call.scratch.note(tier, runsHere: request.runsOnPort)
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
    if request.runsOnPort { takeTurn(call, tier, started: request.stages.dispatched) }
    switch outcome {
    case .success(let outputs):
      request.recordEncoded(at: .now())
      let pipeline = call.request.pipeline
      let raw = TierModel.score(pipeline.definition.tiers[tier], outputs, request.version)
      let score = raw.flatMap { pipeline.definition.tiers[tier].calibration.probability($0) }
      advance(call, .scored(tier: tier, score), evidence: Self.evidence(of: request))
    case .failure(let error):
      let failure = TierFailure(error.code)
      // What ran out of time in the queue of this thread never met its model.
      let isOurs = failure == .timeout && request.runsOnPort
      advance(
        call, .failed(tier: tier, failure),
        evidence: isOurs ? .nothing : Self.evidence(of: request))
    }
  }

  /// What a request that has come back says about its model: its run alone where that was on this
  /// thread, else all the time until the run had ended, but not that until this thread noticed.
  private static func evidence(of request: InferenceRequest) -> CallEvidence {
    if request.runsOnPort { return .model(nanoseconds: request.portNanoseconds) }
    let ended = request.stages.completed
    guard ended > request.stages.received else { return .whole }
    return .model(nanoseconds: ended.since(request.stages.received))
  }

  /// Takes back what nobody waits for any more.
  private func cancelUnawaited(_ call: DecisionCall) {
    guard let (tier, request) = call.inference, call.run.awaited != tier else { return }
    call.inference = nil
    inference.cancel(request)
  }
}

// What decisions cost.
extension DecisionPort {
  /// Runs `body` and books the time on `call`, less what is booked on others meanwhile.
  func measure(_ call: DecisionCall, _ body: () -> Void) {
    let outer = measured?.call
    book(until: MonotonicInstant.now().nanoseconds, next: call)
    body()
    book(until: MonotonicInstant.now().nanoseconds, next: outer)
  }

  /// Books what was spent up to now, and closes the account of a decision that is over.
  func closeAccount(_ call: DecisionCall) {
    book(until: MonotonicInstant.now().nanoseconds, next: measured?.call)
    load.close(&call.account, counts: call.run.isDone)
  }

  /// Books time that was measured elsewhere.
  func spend(_ nanoseconds: Int64, on call: DecisionCall) {
    load.spend(nanoseconds, on: &call.account)
  }

  /// Books the time up to now, and goes on with `next`.
  private func book(until now: Int64, next: DecisionCall?) {
    if let measured { load.spend(now - measured.since, on: &measured.call.account) }
    measured = next.map { ($0, now) }
  }
}

// When the turn of a decision comes on this thread.
extension DecisionPort {
  /// Notes that the model of a tier ran here for a decision, or was given up.
  private func takeTurn(_ call: DecisionCall, _ tier: Int, started: MonotonicInstant) {
    guard tier == call.scratch.turn?.tier else { return }
    let now = MonotonicInstant.now()
    let turn = started == .distantPast ? now : started
    load.takeTurn(&call.account, started: turn.nanoseconds, now: now.nanoseconds)
  }

  /// The model that a decision waits for is late.
  private func lookAfter(_ call: DecisionCall) {
    if call.isRecordAwaited { return recordIsLate(call) }
    guard let (tier, request) = call.inference, request.runsOnPort else {
      return advance(call, .clock)
    }
    takeTurn(call, tier, started: .distantPast)
    // It waits in the queue of this thread, so its model cannot have had its time.
    advance(call, .clock, evidence: .nothing)
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
    look = loop.scheduleTask(deadline: deadline) { [self] in
      // After what has come from other threads meanwhile: an answer that is here is not missing.
      loop.execute { self.lookAround() }
    }
  }

  /// Tells those whose time has come, and sees when the next one's will.
  private func lookAround() {
    look = nil
    nextLook = .max
    let now = MonotonicInstant.now().nanoseconds
    let due = waiting.values.filter { $0.timer <= now }
    for call in due {
      waiting[ObjectIdentifier(call)] = nil
      measure(call) { lookAfter(call) }
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
