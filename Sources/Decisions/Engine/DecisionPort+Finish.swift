internal import Features
internal import NIOCore
internal import Synchronization
internal import Timing

// From the verdict to the answer.
extension DecisionPort {
  /// Says the decision, appends its event, records it and answers.
  func finish(_ call: DecisionCall) {
    var decision = DecisionText.decision(call, id: ids.next(at: call.request.wallTime))
    if MonotonicInstant.now().nanoseconds > call.run.deadline { decision.markLate() }
    call.decision = decision
    call.recordDeadline = call.request.waitsForRecord ? .max : call.run.deadline
    // The event first: a decision that is repeated because its record is missing finds it there.
    guard appendEvent(call, id: decision.id), record(decision, call) else { return }
    settle(call)
    if call.receiver != nil { wait(call) }
  }

  /// Appends the event; false if that failed, and with it the decision.
  func appendEvent(_ call: DecisionCall, id: String) -> Bool {
    let waits = call.request.pipeline.waitsForEvent
    do throws(StoreFailure) {
      call.isEventPending = waits
      let completion = waits ? whenAppended(call) : nil
      let isAppended = try call.scratch.appendEvent(call, id: id, completion: completion)
      if !isAppended { call.isEventPending = false }
    } catch {
      call.isEventPending = false
      guard waits else { return true }
      deliver(call, .failure(DecisionFailure(.durability, error.description)))
      return false
    }
    return true
  }

  /// Goes on with a decision on its thread once its event is on disk.
  private func whenAppended(
    _ call: DecisionCall
  ) -> @Sendable (Result<Void, StoreFailure>) -> Void {
    let bound = NIOLoopBound(FinishWait(call: call, port: self), eventLoop: eventLoop)
    let eventLoop = eventLoop
    return { result in
      eventLoop.execute {
        let (call, port) = (bound.value.call, bound.value.port)
        port.measure(call) { port.appended(call, result) }
      }
    }
  }

  /// Hands the decision to the recorder; false if it was refused, and with it the decision.
  private func record(_ decision: Decision, _ call: DecisionCall) -> Bool {
    guard let recorder = engine.recorder else { return true }
    let bound = NIOLoopBound(FinishWait(call: call, port: self), eventLoop: eventLoop)
    let eventLoop = eventLoop
    call.isRecordPending = true
    do throws(RecorderFailure) {
      try recorder.record(
        call.scratch.record(decision, call),
        durability: call.request.pipeline.definition.durability
      ) { result in
        // What is answered once it is queued is queued on this thread.
        if eventLoop.inEventLoop { return bound.value.port.recorded(bound.value.call, result) }
        eventLoop.execute {
          let (call, port) = (bound.value.call, bound.value.port)
          port.measure(call) { port.recorded(call, result) }
        }
      }
    } catch {
      deliver(call, .failure(DecisionFailure(.durability, error.message)))
      return false
    }
    return true
  }

  /// The event is on disk, or will never be.
  fileprivate func appended(_ call: DecisionCall, _ result: Result<Void, StoreFailure>) {
    call.isEventPending = false
    if case .failure(let failure) = result {
      return deliver(call, .failure(DecisionFailure(.durability, failure.description)))
    }
    settle(call)
  }

  /// The record is on disk, or will never be.
  fileprivate func recorded(
    _ call: DecisionCall, _ result: Result<RecorderOutcome, RecorderFailure>
  ) {
    call.isRecordPending = false
    switch result {
    case .success(.recorded): break
    case .success(.duplicate(let record)):
      guard let earlier = Decision(json: record.decisionJSON()) else {
        let text = "the recorded decision of this request id cannot be read"
        return deliver(call, .failure(DecisionFailure(.durability, text)))
      }
      call.earlier = earlier
    case .failure(let failure):
      return deliver(call, .failure(DecisionFailure(.durability, failure.message)))
    }
    settle(call)
  }

  /// Answers once nothing is waited for.
  func settle(_ call: DecisionCall) {
    guard call.receiver != nil, !call.isRecordPending, !call.isEventPending else { return }
    if let earlier = call.earlier { return deliver(call, .success(earlier)) }
    answer(call)
  }

  /// The deadline came before the record was on disk.
  func recordIsLate(_ call: DecisionCall) {
    let id = call.decision?.id ?? call.earlier?.id
    if call.isRepetition {
      let text = "this request is still being decided; ask again, with its id"
      return deliver(call, .failure(DecisionFailure(.durability, text)))
    }
    let text =
      id.map { "decision \($0) was not on disk by its deadline; whether it will be is not known" }
      ?? "the record of this request could not be read by its deadline; ask again"
    deliver(call, .failure(DecisionFailure(.durability, text)))
  }

  private func answer(_ call: DecisionCall) {
    guard var decision = call.decision else { return }
    // The only one from here on, so that its stages are not copied.
    call.decision = nil
    let now = MonotonicInstant.now()
    // What was in time when it was recorded may be late when it is said; but nobody waits for what
    // waits for its record however long that takes.
    if now.nanoseconds > call.run.deadline, !call.request.waitsForRecord { decision.markLate() }
    let total = now.since(call.request.receivedAt)
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
    stopWaiting(call)
    call.recordDeadline = .max
    let pipeline = call.request.pipeline
    if call.isAdmitted { pipeline.state.withLock { $0.underWay -= 1 } }
    if let id = call.requestID, !call.isRepetition {
      let instant = call.request.wallTime
      let waiters = pipeline.requests.withLock { $0.finish(id, with: outcome, at: instant) }
      for waiter in waiters { waiter(outcome) }
    }
    receiver.receive(outcome)
    closeAccount(call)
  }
}

/// What an answer from another thread is about.
struct FinishWait {
  let call: DecisionCall
  let port: DecisionPort
}

extension Decision {
  /// Says that it came after its deadline; once.
  fileprivate mutating func markLate() {
    guard !isLate else { return }
    isLate = true
    isDegraded = true
    degradedReasons.append("late")
  }
}
