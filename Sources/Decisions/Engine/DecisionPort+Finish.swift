internal import NIOCore
internal import Synchronization
internal import Timing

// From the verdict to the answer.
extension DecisionPort {
  /// Says the decision, appends its event, records it and answers.
  func finish(_ call: DecisionCall) {
    var decision = DecisionText.decision(call, id: ids.next(at: call.request.wallTime))
    call.scratch.appendEvent(call, id: decision.id)
    decision.isLate = MonotonicInstant.now().nanoseconds > call.run.deadline
    if decision.isLate {
      decision.isDegraded = true
      decision.degradedReasons.append("late")
    }
    call.decision = decision
    let pipeline = call.request.pipeline
    guard let recorder = engine.recorder else { return answer(call) }
    let entry = DecisionText.entry(decision, call)
    let durability = pipeline.definition.durability
    call.recordDeadline = call.request.waitsForRecord ? .max : call.run.deadline
    let bound = NIOLoopBound(RecordWait(call: call, port: self), eventLoop: eventLoop)
    let eventLoop = eventLoop
    do throws(RecorderFailure) {
      try recorder.record(entry, durability: durability) { result in
        // What is answered once it is queued is queued on this thread.
        if eventLoop.inEventLoop { return bound.value.port.recorded(bound.value.call, result) }
        eventLoop.execute { bound.value.port.recorded(bound.value.call, result) }
      }
    } catch {
      return deliver(call, .failure(DecisionFailure(.durability, error.message)))
    }
    if call.receiver != nil { wait(call) }
  }

  /// The record is on disk, or will never be.
  fileprivate func recorded(
    _ call: DecisionCall, _ result: Result<RecordedEntry, RecorderFailure>
  ) {
    stopWaiting(call)
    switch result {
    case .success(.recorded): answer(call)
    case .success(.duplicate(let body)):
      guard let earlier = Decision(json: body) else {
        let text = "the recorded decision of this request id cannot be read"
        return deliver(call, .failure(DecisionFailure(.durability, text)))
      }
      deliver(call, .success(earlier))
    case .failure(let failure):
      deliver(call, .failure(DecisionFailure(.durability, failure.message)))
    }
  }

  /// The deadline came before the record was on disk.
  func recordIsLate(_ call: DecisionCall) {
    let id = call.decision?.id ?? ""
    let text = "decision \(id) was not on disk by its deadline; whether it will be is not known"
    deliver(call, .failure(DecisionFailure(.durability, text)))
  }

  private func answer(_ call: DecisionCall) {
    guard var decision = call.decision else { return }
    let total = MonotonicInstant.now().since(call.request.receivedAt)
    let known = decision.stages.reduce(0) { $0 + $1.nanoseconds }
    if engine.recorder != nil {
      decision.stages.append(.init(name: "record", nanoseconds: max(0, total - known)))
    }
    decision.stages.append(.init(name: "total", nanoseconds: total))
    deliver(call, .success(decision))
  }

  /// Hands out the outcome, to those too that wait for the same request.
  func deliver(_ call: DecisionCall, _ outcome: Result<Decision, DecisionFailure>) {
    guard let receiver = call.receiver else { return }
    call.receiver = nil
    call.recordDeadline = .max
    let pipeline = call.request.pipeline
    if call.run.isDone { pipeline.state.withLock { $0.underWay -= 1 } }
    if let id = call.requestID {
      let waiters = pipeline.requests.withLock { $0.finish(id, with: outcome) }
      for waiter in waiters { waiter(outcome) }
    }
    receiver.receive(outcome)
  }
}

/// What the recorder's answer is about.
private struct RecordWait {
  let call: DecisionCall
  let port: DecisionPort
}
