internal import Timing

/// What the writer does next.
enum WriterStep: Sendable {
  /// Sleep until then, or until it is woken; `.distantFuture` is without end.
  case sleep(until: MonotonicInstant)
  /// Write these in one transaction, then report what happened.
  case write([QueuedRecord])
  /// Do a part of this job.
  case prune(PruneJob)
  /// Nothing will come any more.
  case end
}

/// What the writer must tell senders, and no longer has to do.
struct Abandoned: Sendable {
  var records: [QueuedRecord] = []
  var prunes: [PruneJob] = []
}

extension RecordQueue {
  /// What to do at `now`. On the writer's thread.
  mutating func next(now: MonotonicInstant) -> WriterStep {
    asleepUntil = nil
    if case .stopped = phase { return .end }
    let mayWrite = now >= (blockedUntil ?? now) || phase == .closing
    let hasGroup = mayWrite && (done < taken.count || isWaitingDue(now))
    if !prunes.isEmpty, !(hasGroup && recordsGoFirst) {
      recordsGoFirst = true
      return .prune(prunes[0])
    }
    if hasGroup {
      recordsGoFirst = false
      return .write(takeGroup())
    }
    if phase == .closing, waiting.isEmpty { return .end }
    let until = blockedUntil.map { max($0, due) } ?? due
    asleepUntil = until
    return .sleep(until: until)
  }

  /// The records of the last `write` are on the disk, or each was told why not. Returns what may be
  /// let go of outside of the lock.
  mutating func finishGroup() -> [Entry] {
    for entry in taken[done..<current] { forget(entry.queued) }
    done = current
    blockedUntil = nil
    statistics.pause = nil
    guard done == taken.count else { return [] }
    let finished = taken
    taken = []
    done = 0
    current = 0
    return finished
  }

  /// Nothing can be written for a while, for this reason: awaited records fail now, others wait.
  /// Returns those to be told.
  mutating func pause(_ failure: RecordFailure, now: MonotonicInstant) -> [QueuedRecord] {
    let entries = taken[done...] + waiting
    let kept = entries.filter { !$0.queued.isAwaited && phase != .closing }
    let dropped = entries.filter { $0.queued.isAwaited || phase == .closing }.map(\.queued)
    for queued in dropped { forget(queued) }
    taken = []
    done = 0
    current = 0
    waiting = Array(kept)
    waitingBytes = kept.reduce(0) { $0 + $1.queued.byteCount }
    let until = now.advanced(byNanoseconds: options.pauseNanoseconds)
    blockedUntil = until
    due = kept.isEmpty ? .distantFuture : until
    statistics.pause = failure
    return dropped
  }

  /// Nothing is written any more, for this reason. Returns everything that waits.
  mutating func stop(_ phase: Phase) -> Abandoned {
    let abandoned = Abandoned(
      records: (taken[done...] + waiting).map(\.queued), prunes: prunes)
    for queued in abandoned.records { forget(queued) }
    self.phase = phase
    if case .stopped(let failure) = phase { statistics.failure = failure }
    taken = []
    done = 0
    current = 0
    waiting = []
    waitingBytes = 0
    due = .distantFuture
    prunes = []
    return abandoned
  }

  /// The first job is done. On the writer's thread.
  mutating func finishPrune() { if !prunes.isEmpty { prunes.removeFirst() } }

  private func isWaitingDue(_ now: MonotonicInstant) -> Bool {
    !waiting.isEmpty && (now >= due || phase == .closing)
  }

  /// The next records, up to the bounds of a group; at least one.
  private mutating func takeGroup() -> [QueuedRecord] {
    if done == taken.count {
      taken = waiting
      done = 0
      waiting = []
      waitingBytes = 0
      due = .distantFuture
    }
    var bytes = 0
    current = done
    while current < taken.count, current - done < options.groupRowsMaximum,
      bytes < options.groupBytesMaximum
    {
      bytes += taken[current].queued.byteCount
      current += 1
    }
    return taken[done..<current].map(\.queued)
  }

  private mutating func forget(_ queued: QueuedRecord) {
    statistics.queuedRows -= 1
    statistics.queuedBytes -= queued.byteCount
  }
}
