internal import Features
internal import NIOCore
internal import Synchronization
internal import Timing

// Whether a request is decided, answered from the past, or refused.
extension DecisionPort {
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
    let call = DecisionCall(
      request, requestID: requestID, scratch: scratch(of: pipeline), receiver: receiver)
    if let failure = admit(call) { return deliver(call, .failure(failure)) }
    measure(call) {
      if !lookUp(call) { advance(call, .begin) }
    }
  }

  /// Takes a decision in, or says why it is not begun.
  private func admit(_ call: DecisionCall) -> DecisionFailure? {
    let pipeline = call.request.pipeline
    let now = MonotonicInstant.now().nanoseconds
    guard let account = load.admit(now: now, deadline: call.run.deadline) else {
      let left = max(0, call.run.deadline - now)
      let text =
        "\(load.count) decisions come first here: this one would take \(Self.text(load.wait)), and "
        + "\(Self.text(left)) are left of its budget"
      return DecisionFailure(.overloaded, text, retryAfter: load.wait - left)
    }
    call.account = account
    let isAdmitted = pipeline.state.withLock { state in
      guard state.underWay < pipeline.definition.concurrency else { return false }
      state.underWay += 1
      return true
    }
    call.isAdmitted = isAdmitted
    if isAdmitted { return nil }
    let bound = pipeline.definition.concurrency
    let text = "\(bound) decisions of '\(pipeline.definition.name)' are under way, its bound"
    return DecisionFailure(.overloaded, text, retryAfter: max(1_000_000, load.wait))
  }

  /// Milliseconds with three digits.
  private static func text(_ nanoseconds: Int64) -> String {
    "\(Double(nanoseconds / 1_000) / 1_000) ms"
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
    call.recordDeadline = call.request.waitsForRecord ? .max : call.run.deadline
    wait(call)
    return true
  }

  private func found(_ call: DecisionCall, _ result: Result<[UInt8]?, RecorderFailure>) {
    guard call.receiver != nil else { return }
    call.isLookingUp = false
    stopWaiting(call)
    guard case .success(let body?) = result, let earlier = Decision(json: body) else {
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
