internal import NIOCore

// MARK: - The run from beginning to end

extension LoadWorker {
  /// Opens the first connections; tells `whenOpened` once all are open, or after `limit`
  /// nanoseconds how many are.
  package func open(
    within limit: Int64, _ whenOpened: @escaping (_ opened: Int, _ reason: String) -> Void
  ) {
    self.whenOpened = whenOpened
    withoutConnectionSince = now
    isolated.scheduleTask(in: .nanoseconds(limit)) { [self] in finishOpening() }
    requestTick()
  }

  /// Reports how many connections are open, as soon as that is known.
  func reportOpened(at now: Int64) {
    if connections.open >= connectionsMin { finishOpening() }
  }

  private func finishOpening() {
    guard phase == .opening, let whenOpened else { return }
    self.whenOpened = nil
    whenOpened(connections.open, lastDialReason)
  }

  /// Begins to send at an instant, in nanoseconds of the loop's clock; ``finish(at:)`` tells
  /// `whenFinished` what came of it.
  package func start(at instant: Int64, _ whenFinished: @escaping (WorkerReport) -> Void) {
    self.whenFinished = whenFinished
    whenOpened = nil
    guard phase == .opening else { return report() }
    startsAt = instant
    measuresFrom = instant + warmUp
    dueEnd = measuresFrom + duration
    recorder.measuresFrom = measuresFrom
    meter.start(at: measuresFrom)
    if let since = withoutConnectionSince { withoutConnectionSince = max(since, instant) }
    phase = .running
    if requestsLeft > 0 { advanceSchedule() } else { stopDue(at: instant) }
    requestTick()
  }

  /// Ends the run early: nothing becomes due any more, and what is on the wire has one more second.
  package func stop(_ reason: String) {
    guard phase != .finished else { return }
    recorder.noteInterruption(reason)
    let now = now
    if phase == .opening { return shutDown() }
    cutAt = min(cutAt ?? .max, now + Self.stopNanosecondsMax)
    stopDue(at: min(dueEnd, now))
    endWaiting()
    requestTick()
  }

  /// Ends the run at once: without connections, or the connections with the run.
  package func shutDown() {
    guard phase != .finished else { return }
    finishOpening()
    finish(at: now)
  }

  /// How it goes; resets what is kept of the last second.
  func takeProgress() -> WorkerProgress {
    WorkerProgress(
      counts: recorder.recording.counts, recent: recorder.takeRecent(), underWay: underWay)
  }

  /// No request becomes due after `instant`.
  func stopDue(at instant: Int64) {
    dueEnd = instant
    nextIntended = nil
    if phase == .running { phase = .draining }
  }

  /// The last of the requests asked for was due at `intended`: the run drains. What counts as the
  /// time of the requests goes on to where the next would have been due: `n` requests of a steady
  /// rate take `n` gaps.
  func endRequests(after intended: Int64) {
    if schedule != nil {
      advanceSchedule()
      dueTimeEnd = nextIntended ?? dueEnd
    }
    stopDue(at: intended)
  }

  /// Takes the next instant from the schedule; without one, the run drains.
  func advanceSchedule() {
    guard schedule != nil else { return }
    let last = nextIntended
    guard let offset = schedule?.next() else {
      // What was recorded is over: so is the measured time, with its last request.
      stopDue(at: min(dueEnd, max(measuresFrom, last ?? measuresFrom)))
      return
    }
    let (intended, overflow) = startsAt.addingReportingOverflow(offset)
    if overflow || intended >= dueEnd {
      nextIntended = nil
      phase = .draining
    } else {
      nextIntended = intended
    }
  }

  /// Ends the run if nothing more can come.
  func finishIfDone(at now: Int64) {
    if phase == .running, concurrency != nil, now >= dueEnd { phase = .draining }
    guard phase == .draining else { return }
    if let cutAt, now >= cutAt { return finish(at: now) }
    guard now >= dueEnd, inFlight.measuredCount == 0, waitingMeasured == 0 else { return }
    finish(at: now)
  }

  /// Ends the run early when no connection could be made for too long.
  func endOutage(at now: Int64) {
    guard let since = withoutConnectionSince, now - since >= Self.outageNanosecondsMax else {
      return
    }
    recorder.noteInterruption(
      "the target could not be reached for \(Self.outageNanosecondsMax / 1_000_000_000) s: "
        + lastDialReason)
    stopDue(at: min(dueEnd, now))
    failWaiting(reason: lastDialReason)
  }

  /// Ends everything that is left, closes the connections and reports.
  private func finish(at now: Int64) {
    while let first = inFlight.first { endUnanswered(first.ticket) }
    endWaiting()
    phase = .finished
    meter.stop(at: now)
    let end = max(lastAnswerAt, min(dueEnd, now))
    // In a closed loop the answers decide when requests are due, to the last one.
    let due = concurrency != nil && requestsLeft == 0 ? end : dueTimeEnd ?? min(dueEnd, now)
    if measuresFrom < .max {
      recorder.noteEnd(elapsed: max(0, end - measuresFrom), due: max(0, due - measuresFrom))
    }
    for record in connections.records { record.connection?.close() }
    report()
  }

  private func report() {
    guard let whenFinished else { return }
    self.whenFinished = nil
    whenFinished(
      WorkerReport(
        recording: recorder.recording, wordings: recorder.wordings, usage: meter.usage))
  }
}

/// What one thread has to say at the end.
package struct WorkerReport: Sendable {
  /// What it measured; its error samples are in ``wordings``.
  package var recording: LoadRecording
  var wordings: ErrorWordings
  /// What it needed for that.
  package var usage: ThreadUsage
}
