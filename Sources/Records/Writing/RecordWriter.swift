private import CThreads
private import Dispatch
private import Foundation
internal import Synchronization
internal import Timing

/// The one thread that writes. Its queue is entered from any thread and never held over I/O.
final class RecordWriter: Sendable {
  private let queue: Mutex<RecordQueue>
  private let options: RecordOptions
  private let wake = MonotonicSemaphore()
  private let ended = DispatchSemaphore(value: 0)

  init(_ queue: RecordQueue) {
    options = queue.options
    self.queue = Mutex(queue)
  }

  /// Starts the thread, which owns `target` until it ends.
  func start(_ target: any RecordTarget, copier: LogCopier?) {
    let thread = Thread { [self] in
      unsafe needletail_describe_writer("records")
      var run = WriterRun(target: target, copier: copier, options: options)
      while step(&run) {}
      run.close()
      ended.signal()
    }
    thread.start()
  }

  /// Hands a record over. Any thread; about a microsecond.
  func offer(
    _ queued: QueuedRecord, key: UInt64?, now: MonotonicInstant
  ) -> RecordQueue.Offer {
    let offer = queue.withLock { $0.offer(queued, key: key, now: now) }
    if case .accepted(wakesWriter: true) = offer { wake.signal() }
    return offer
  }

  /// Hands a job over. Any thread.
  func offer(_ job: PruneJob) throws(RecordFailure) {
    let wakes: Result<Bool, RecordFailure> = queue.withLock { queue in
      do throws(RecordFailure) {
        return .success(try queue.offer(job))
      } catch {
        return .failure(error)
      }
    }
    if try wakes.get() { wake.signal() }
  }

  /// What memory knows of a request. Any thread.
  func recall(_ key: UInt64, pipeline: String, requestID: String) -> (RequestRecall, isSure: Bool) {
    queue.withLock { $0.recall(key, pipeline: pipeline, requestID: requestID) }
  }

  /// A copy of the counters. Any thread.
  var statistics: RecordStatistics { queue.withLock { $0.statistics } }

  /// Lets the thread write what waits, then end.
  func end() {
    if queue.withLock({ $0.close() }) { wake.signal() }
  }

  /// Waits until the thread has ended. Any thread but the writer's; once.
  func join() { ended.wait() }

  /// Does the next thing; `false` at the end.
  private func step(_ run: inout WriterRun) -> Bool {
    switch queue.withLock({ $0.next(now: .now()) }) {
    case .sleep(let until): sleep(until)
    case .write(let group): write(group, &run)
    case .prune(let job): prune(job, &run)
    case .end:
      let left = queue.withLock { queue in
        if case .stopped = queue.phase { return queue.stop(queue.phase) }
        return queue.stop(.closed)
      }
      abandon(left, .closed)
      return false
    }
    return true
  }

  private func sleep(_ until: MonotonicInstant) {
    guard until < .distantFuture else {
      wake.wait()
      return
    }
    _ = wake.wait(until: until)
  }

  private func write(_ group: [QueuedRecord], _ run: inout WriterRun) {
    let start = MonotonicInstant.now()
    do throws(RecordFailure) {
      let results = try run.target.commit(group.map(\.record))
      let end = MonotonicInstant.now()
      let sequence = run.target.chain.sequence
      let finished = queue.withLock { queue in
        queue.statistics.groups += 1
        queue.statistics.commitTime.record(end.since(start))
        queue.statistics.lastSequence = sequence
        for (queued, result) in zip(group, results) { queue.count(queued, result) }
        return queue.finishGroup()
      }
      for (queued, result) in zip(group, results) where queued.isAwaited {
        queued.completion(result)
      }
      _ = consume finished
      copyLog(after: group, &run)
    } catch {
      fail(error, &run)
    }
  }

  /// A group could not be written, and nothing of it was.
  private func fail(_ failure: RecordFailure, _ run: inout WriterRun) {
    switch failure {
    case .diskFull, .busy:
      let told = queue.withLock { queue in
        let told = queue.pause(failure, now: .now())
        for queued in told { queue.count(queued, .failure(failure)) }
        return told
      }
      for queued in told where queued.isAwaited { queued.completion(.failure(failure)) }
    default: stop(failure, &run)
    }
  }

  /// The disk cannot be trusted any more: after a failed fsync a second one may succeed without the
  /// data being on the disk.
  private func stop(_ failure: RecordFailure, _ run: inout WriterRun) {
    run.isSound = false
    abandon(queue.withLock { $0.stop(.stopped(failure)) }, failure)
  }

  private func abandon(_ left: Abandoned, _ failure: RecordFailure) {
    queue.withLock { queue in
      for queued in left.records { queue.count(queued, .failure(failure)) }
    }
    for queued in left.records where queued.isAwaited { queued.completion(.failure(failure)) }
    for job in left.prunes { job.finish(failure) }
  }

  private func prune(_ job: PruneJob, _ run: inout WriterRun) {
    do throws(RecordFailure) {
      let step = try run.target.prune(before: job.before)
      job.add(step)
      if !step.hasMore {
        queue.withLock { $0.finishPrune() }
        job.finish()
      }
      copyLog(afterBytes: Int(step.removedRows) * RecordFile.pageSize, &run)
    } catch {
      queue.withLock { $0.finishPrune() }
      job.finish(error)
      if case .durability = error { stop(error, &run) }
    }
  }

  private func copyLog(after group: [QueuedRecord], _ run: inout WriterRun) {
    // A few pages a group, and for each record its bytes and a share of pages of the indexes.
    let bytes = group.reduce(8 * RecordFile.pageSize) { $0 + $1.byteCount + 1_024 }
    copyLog(afterBytes: bytes, &run)
  }

  private func copyLog(afterBytes bytes: Int, _ run: inout WriterRun) {
    do throws(RecordFailure) {
      guard let held = try run.copyLog(afterBytes: bytes) else { return }
      queue.withLock { $0.statistics.checkpointTime.record(held) }
    } catch {
      stop(error, &run)
    }
  }
}

extension RecordQueue {
  /// Counts what became of a record.
  fileprivate mutating func count(
    _ queued: QueuedRecord, _ result: Result<AppendOutcome, RecordFailure>
  ) {
    switch result {
    case .success(.duplicate): statistics.duplicates += 1
    case .success: statistics.recorded += 1
    case .failure:
      if queued.isAwaited { statistics.failed += 1 } else { statistics.lost += 1 }
    }
  }
}
