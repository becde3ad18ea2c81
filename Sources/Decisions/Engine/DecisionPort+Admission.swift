internal import Features
internal import NIOCore
internal import Records
internal import Synchronization
package import Timing

// Whether a request is decided, answered from the past, or refused.
extension DecisionPort {
  /// Decides a request. Its receiver gets exactly one outcome: a decision before the deadline, or
  /// why there is none. Repeating a request id gives the decision that was made.
  package func submit(_ request: DecisionRequest, receiver: any DecisionReceiver) {
    let pipeline = request.pipeline
    let requestID = request.requestID
    let call = DecisionCall(
      request, requestID: requestID, scratch: scratch(of: pipeline), receiver: receiver)
    if let requestID {
      let waitersMax = pipeline.definition.concurrency
      let finding = pipeline.requests.withLock {
        $0.admit(requestID, waitersMax: waitersMax) { waiter(call) }
      }
      switch finding {
      case .isNew(let since):
        // Its event may be counted already, so it keeps the time that it had then.
        if let since, !request.hasOwnTime { call.request.wallTime = since }
      case .waits: return awaitOther(call)
      case .isFull:
        let text = "\(waitersMax) repetitions of this request wait for its decision already"
        return receiver.receive(.failure(DecisionFailure(.overloaded, text)))
      case .decided(let decision): return receiver.receive(.success(decision))
      }
    }
    if let failure = admit(call) { return deliver(call, .failure(failure)) }
    measure(call) {
      if !lookUp(call) { advance(call, .begin) }
    }
  }

  /// Why a request would be refused for want of time; `nil` if it would not. Asked before its input
  /// is read, so that a refusal costs little when there are many.
  package func refusal(
    pipeline: Pipeline, receivedAt: MonotonicInstant, deadline: MonotonicInstant
  ) -> DecisionFailure? {
    guard load.count > 0 else { return nil }
    let now = MonotonicInstant.now().nanoseconds
    let scratch = scratch(of: pipeline)
    let end = DecisionRun.deadline(
      pipeline.definition, started: receivedAt.nanoseconds, deadline: deadline.nanoseconds)
    let limits = limits(now: now, scratch, tiersEnd: end - pipeline.definition.budget.reserve)
    if load.admits(now: now, deadline: limits.end, turnEnd: limits.turnEnd) { return nil }
    load.noteRefusal()
    return scratch.refusal(now: now) {
      isTooMuch(left: max(0, limits.end - now), turnLeft: max(0, limits.turnEnd - now))
    }
  }

  /// When a decision that comes now must be made, and when its turn must have come.
  private func limits(
    now: Int64, _ scratch: PipelineScratch, tiersEnd: Int64
  ) -> (end: Int64, turnEnd: Int64) {
    let turn = scratch.turnRunsHere ? scratch.turn : nil
    return (load.deadline(now: now, end: tiersEnd), turn?.end(now: now) ?? .max)
  }

  /// Takes a decision in, or says why it is not begun.
  private func admit(_ call: DecisionCall) -> DecisionFailure? {
    let pipeline = call.request.pipeline
    let now = MonotonicInstant.now().nanoseconds
    let turn = call.scratch.turnRunsHere ? call.scratch.turn : nil
    let (end, turnEnd) = limits(now: now, call.scratch, tiersEnd: call.run.tiersEnd)
    guard let account = load.admit(now: now, deadline: end, turnEnd: turnEnd) else {
      return isTooMuch(left: max(0, end - now), turnLeft: max(0, turnEnd - now))
    }
    call.account = account
    var isFull = false
    let isAdmitted = pipeline.state.withLock { state in
      isFull = turn.map { !$0.hasRoom(state) } ?? false
      guard !isFull, state.underWay < pipeline.definition.concurrency else { return false }
      state.underWay += 1
      return true
    }
    call.isAdmitted = isAdmitted
    if isAdmitted { return nil }
    var text = "\(pipeline.definition.concurrency) decisions of '\(pipeline.definition.name)'"
    if isFull, let turn {
      text = "\(turn.concurrency) calls of tier '\(pipeline.definition.tiers[turn.tier].name)'"
    }
    return DecisionFailure(
      .overloaded, text + " are under way, its bound", retryAfter: max(1_000_000, load.wait))
  }

  /// Says that a decision cannot be made, or have its turn, within these nanoseconds.
  private func isTooMuch(left: Int64, turnLeft: Int64) -> DecisionFailure {
    let first = "\(load.count) decisions come first here: "
    if load.turnWait > turnLeft {
      let text =
        "this one would meet its model in \(Self.text(load.turnWait)), and has "
        + "\(Self.text(turnLeft)) for that"
      return DecisionFailure(
        .overloaded, first + text, retryAfter: max(load.turnWait - turnLeft, load.wait - left))
    }
    let text =
      "this one would take \(Self.text(load.wait)), and has \(Self.text(left)) of its budget "
      + "for that"
    return DecisionFailure(.overloaded, first + text, retryAfter: load.wait - left)
  }

  /// Milliseconds with three digits.
  private static func text(_ nanoseconds: Int64) -> String {
    "\(Double(nanoseconds / 1_000) / 1_000) ms"
  }
}

// Requests that another call decides.
extension DecisionPort {
  /// Hands the outcome of the same request, told on any thread, to a call on this one.
  private func waiter(_ call: DecisionCall) -> RecentRequests.Waiter {
    let bound = NIOLoopBound(FinishWait(call: call, port: self), eventLoop: eventLoop)
    let eventLoop = eventLoop
    return { outcome in
      eventLoop.execute { bound.value.port.deliver(bound.value.call, outcome) }
    }
  }

  /// Waits for that outcome, until the deadline of this call.
  private func awaitOther(_ call: DecisionCall) {
    call.isRepetition = true
    call.isLookingUp = true
    call.recordDeadline = call.request.waitsForRecord ? .max : call.run.deadline
    wait(call)
  }
}

// Requests that were decided before memory begins.
extension DecisionPort {
  /// Looks for the record of a request that is known to have one; false if it is to be decided.
  private func lookUp(_ call: DecisionCall) -> Bool {
    guard let id = call.requestID, let recorder = engine.recorder else { return false }
    let pipeline = call.request.pipeline.definition.name
    guard recorder.isRecorded(pipeline: pipeline, requestID: id) else { return false }
    let bound = NIOLoopBound(FinishWait(call: call, port: self), eventLoop: eventLoop)
    let eventLoop = eventLoop
    call.isLookingUp = recorder.find(pipeline: pipeline, requestID: id) { result in
      eventLoop.execute {
        let (call, port) = (bound.value.call, bound.value.port)
        port.measure(call) { port.found(call, result) }
      }
    }
    guard call.isLookingUp else { return false }
    call.account.skipTurn()
    call.recordDeadline = call.request.waitsForRecord ? .max : call.run.deadline
    wait(call)
    return true
  }

  private func found(_ call: DecisionCall, _ result: Result<DecisionRecord?, RecorderFailure>) {
    guard call.receiver != nil else { return }
    call.isLookingUp = false
    stopWaiting(call)
    guard case .success(let record?) = result, let earlier = Decision(json: record.decisionJSON())
    else {
      // The writer of records knows better than memory did.
      return advance(call, .begin)
    }
    call.earlier = earlier
    // A crash may have come between its record and its event: the log drops one that it has. Where
    // the input has no time the event has that of the decision, not of the repetition.
    call.request.wallTime = earlier.decidedAt
    guard appendEvent(call, id: earlier.id) else { return }
    settle(call)
    if call.receiver != nil { wait(call) }
  }
}
