private import Admission
package import Timing

/// Requests that run together.
package struct Batch: Sendable {
  /// Names the batch to ``BatchQueue/finish(batch:rows:nanoseconds:)``.
  package let number: UInt64
  /// In the order in which their rows are joined; at least one, all of one shape class.
  package let entries: [QueueEntry]
  /// Rows of all entries.
  package let rows: Int
  /// Since when an idle instance had been waiting for company, if it had.
  package let gateOpenedAt: MonotonicInstant?
}

/// What an instance does next.
package enum NextStep: Sendable {
  /// Run this batch, then report it with ``BatchQueue/finish(batch:rows:nanoseconds:)``.
  case run(Batch)
  /// Wait for company, but ask again at this instant or when a request arrives.
  case wait(until: MonotonicInstant)
  /// Nothing waits, or every instance runs: ask again when that changes.
  case rest
}

extension BatchQueue {
  /// Removes and returns the requests that can no longer be answered in time, and demotes those
  /// whose class only delays. The caller answers them; they never run.
  package mutating func expire(now: MonotonicInstant) -> [Entry] {
    var expired: [Entry] = []
    var demoted: [Entry] = []
    let last = policy.classes.count
    for index in classes.indices where classes[index].bounded > 0 {
      let due = classes[index].dueCount(now)
      guard due > 0 else { continue }
      classes[index].take(
        first: due,
        where: { $0.deadline <= now || ($0.demotedAt <= now && index < policy.classes.count) }
      ) { entry in
        if entry.deadline <= now { expired.append(entry) } else { demoted.append(entry) }
      }
    }
    for entry in expired { forget(entry) }
    for var entry in demoted {
      entry.demotedAt = .distantFuture
      classes[last].insert(entry)
    }
    return expired
  }

  /// The earliest instant at which a waiting request may expire; `nil` if none ever does.
  package var earliestDeadline: MonotonicInstant? {
    var earliest = MonotonicInstant.distantFuture
    for queue in classes { earliest = min(earliest, queue.earliestExpiry) }
    return earliest == .distantFuture ? nil : earliest
  }

  /// Whether a request waits that may expire while every instance is busy.
  package var needsWatch: Bool {
    running.count == instances && classes.contains { $0.bounded > 0 }
  }

  /// What an idle instance does now. Call ``expire(now:)`` first.
  package mutating func next(now: MonotonicInstant) -> NextStep {
    guard rows > 0, running.count < instances else { return .rest }
    if let until = gate(now: now) {
      if gateOpenedAt == nil { gateOpenedAt = now }
      return .wait(until: until)
    }
    return .run(form(now: now))
  }

  /// Reports the end of a batch: frees its instance and teaches the curve.
  ///
  /// - Parameter nanoseconds: how long the run took, from dispatch to result; `nil` if it failed,
  ///   which says nothing of how long a run takes.
  package mutating func finish(batch number: UInt64, rows: Int, nanoseconds: Int64?) {
    guard let index = running.firstIndex(where: { $0.number == number }) else {
      preconditionFailure("batch \(number) does not run; running: \(running.map(\.number))")
    }
    running.remove(at: index)
    if let nanoseconds { curve.observe(rows: rows, nanoseconds: nanoseconds) }
  }

  /// Until when an idle instance should wait for company; `nil` to run now.
  private func gate(now: MonotonicInstant) -> MonotonicInstant? {
    guard policy.delayNanoseconds > 0, running.isEmpty, !isDraining else { return nil }
    let enough = policy.preferredRows.last ?? policy.batchRowsMax
    if rows >= enough || policy.preferredRows.contains(rows) { return nil }
    var oldest = MonotonicInstant.distantFuture
    var tightest = MonotonicInstant.distantFuture
    for queue in classes {
      for position in 0..<queue.count {
        oldest = min(oldest, queue[position].enqueuedAt)
        tightest = min(tightest, queue[position].deadline)
      }
    }
    var until = oldest.advanced(byNanoseconds: policy.delayNanoseconds)
    if tightest != .distantFuture {
      let service = curve.service
      let run = service.batch(rows: enough) + service.deviationNanoseconds * 4
      until = min(until, tightest.advanced(byNanoseconds: -Int64(run)))
    }
    guard until > now, arrivals.expectsArrival(within: until.since(now)) else { return nil }
    return until
  }

  /// Takes the next batch out of the queue. At least one request must wait.
  private mutating func form(now: MonotonicInstant) -> Batch {
    let order = classOrder(now: now)
    guard let first = order.first(where: { !classes[$0].isEmpty }), let head = classes[first].first
    else {
      preconditionFailure("form called on an empty queue of \(rows) rows")
    }
    let limit = rowLimit(forHead: head)
    let service = curve.service
    // What was promised at the door is kept by cutting early rather than by luck.
    let margin = service.deviationNanoseconds * FinishForecast.marginDeviations
    var entries: [Entry] = []
    var batchRows = 0
    var tightest = MonotonicInstant.distantFuture
    func slack(_ deadline: MonotonicInstant) -> Double {
      deadline == .distantFuture ? .infinity : Double(deadline.since(now))
    }
    func fits(_ entry: Entry) -> Bool {
      if entries.isEmpty { return true }
      guard batchRows < limit, entry.shapeClass == head.shapeClass else { return false }
      let total = batchRows + entry.rows
      if total > limit { return false }
      let time = service.batch(rows: total) + margin
      if time > slack(tightest) { return false }
      // Who is late in any company may come along; who is not, waits for a batch that is in time.
      let own = slack(entry.deadline)
      return time <= own || service.batch(rows: entry.rows) > own
    }
    for index in order where batchRows < limit || entries.isEmpty {
      classes[index].take(first: max(64, limit * 2), where: fits) { entry in
        entries.append(entry)
        batchRows += entry.rows
        // Only who can be in time is protected from being made late.
        if service.batch(rows: batchRows) <= slack(entry.deadline) {
          tightest = min(tightest, entry.deadline)
        }
      }
    }
    let batch = Batch(
      number: nextBatch, entries: entries, rows: batchRows, gateOpenedAt: gateOpenedAt)
    nextBatch += 1
    gateOpenedAt = nil
    for entry in entries { forget(entry) }
    running.append(
      RunningBatch(
        number: batch.number,
        predictedEnd: now.advanced(byNanoseconds: Int64(service.batch(rows: batchRows)))))
    return batch
  }

  /// Rows of the batch at most: the largest preferred size that can be filled, else the maximum.
  private func rowLimit(forHead head: Entry) -> Int {
    let preferred = policy.preferredRows.last { $0 <= rows && $0 <= policy.batchRowsMax }
    return max(head.rows, preferred ?? policy.batchRowsMax)
  }

  /// The classes in the order in which their heads run: each wait of one ageing period lifts a
  /// class by one; demoted requests come last.
  private func classOrder(now: MonotonicInstant) -> [Int] {
    if classes.count == 2 { return classes[1].isEmpty ? [0] : [0, 1] }
    return classes.indices.filter { !classes[$0].isEmpty }.sorted { a, b in
      let (rankA, rankB) = (effectiveRank(a, now: now), effectiveRank(b, now: now))
      return rankA == rankB ? a < b : rankA < rankB
    }
  }

  private func effectiveRank(_ index: Int, now: MonotonicInstant) -> Int64 {
    guard index < policy.classes.count, let head = classes[index].first else { return .max }
    let waited = max(0, now.since(head.enqueuedAt))
    return Int64(index) - waited / max(1, policy.ageingNanoseconds)
  }
}
