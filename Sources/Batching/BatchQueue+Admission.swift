private import Admission
internal import Timing

extension BatchQueue {
  /// Checks the bounds of the queue and of the class. A request larger than a bound is let into an
  /// empty queue: it would otherwise never run.
  func checkBounds(_ entry: Entry, classIndex: Int) throws(Refusal) {
    if rows > 0 {
      if rows + entry.rows > policy.queueRowsMax { throw .rowsFull(limit: policy.queueRowsMax) }
      if bytes + entry.bytes > policy.queueBytesMax {
        throw .bytesFull(limit: policy.queueBytesMax)
      }
    }
    let classMax = policy.classes[classIndex].requestsMax
    if classMax > 0 && classes[classIndex].count >= classMax {
      throw .classFull(limit: classMax)
    }
  }

  /// Checks that the request can finish in time, and that those it would overtake still can.
  mutating func checkDeadline(_ entry: Entry, classIndex: Int, now: MonotonicInstant)
    throws(Refusal)
  {
    if entry.deadline <= now { throw .deadlinePassed }
    if entry.deadline == .distantFuture && classes.allSatisfy({ $0.bounded == 0 }) { return }
    var backlog = backlog(now: now)
    for index in 0..<classIndex { backlog.rowsAhead += classes[index].rows }
    let place = classes[classIndex].position(of: entry)
    if place == classes[classIndex].count && classIndex == policy.classes.count - 1
      && classes[policy.classes.count].isEmpty
    {
      // Behind everyone: overtakes nobody, and everything that waits is ahead.
      backlog.rowsAhead = rows
      try forecast(entry, backlog, now: now)
      return
    }
    for position in 0..<place { backlog.rowsAhead += classes[classIndex][position].rows }
    try forecast(entry, backlog, now: now)
    backlog.rowsAhead += entry.rows
    try checkOvertaken(by: entry, classIndex: classIndex, place: place, backlog, now: now)
  }

  /// Whether the requests behind `place` keep their deadlines with `backlog` before them.
  private func checkOvertaken(
    by entry: Entry, classIndex: Int, place: Int, _ backlog: Backlog, now: MonotonicInstant
  ) throws(Refusal) {
    var with = backlog
    for index in classIndex..<policy.classes.count {
      let start = index == classIndex ? place : 0
      if classes[index].bounded == 0 {
        // Nobody here can be late; what stands before `place` was counted already.
        var passed = 0
        for position in 0..<start { passed += classes[index][position].rows }
        with.rowsAhead += classes[index].rows - passed
        continue
      }
      for position in start..<classes[index].count {
        let other = classes[index][position]
        var without = with
        without.rowsAhead -= entry.rows
        // One that is late with or without the newcomer is no reason to refuse it.
        if refusal(other, with, now: now) != nil, refusal(other, without, now: now) == nil {
          var all = backlog
          all.rowsAhead = rows
          throw .unreachable(
            predictedWaitNanoseconds: Int64(FinishForecast.wait(all, curve.service)))
        }
        with.rowsAhead += other.rows
      }
    }
  }

  private mutating func forecast(_ entry: Entry, _ backlog: Backlog, now: MonotonicInstant)
    throws(Refusal)
  {
    guard let wait = refusal(entry, backlog, now: now) else { return }
    if isEmpty && running.isEmpty {
      // Only a run can correct a curve that is wrong, and refusals alone would end all runs.
      idleRefusals += 1
      if idleRefusals >= Self.idleRefusalsMax {
        idleRefusals = 0
        return
      }
    }
    throw .unreachable(predictedWaitNanoseconds: wait)
  }

  private func refusal(_ entry: Entry, _ backlog: Backlog, now: MonotonicInstant) -> Int64? {
    if entry.deadline == .distantFuture { return nil }
    return FinishForecast.refusal(
      rows: entry.rows, deadline: entry.deadline, now: now, backlog: backlog,
      service: curve.service)
  }

  /// What runs now, with no rows ahead yet.
  private func backlog(now: MonotonicInstant) -> Backlog {
    var remaining = 0.0
    for batch in running { remaining += Double(max(0, batch.predictedEnd.since(now))) }
    // Requests larger than a batch run alone: then a batch is as large as they are.
    let requests = count
    let rowsEach = requests == 0 ? 1 : (rows + requests - 1) / requests
    return Backlog(
      runningNanoseconds: remaining, rowsAhead: 0, instances: instances,
      batchRowsMax: max(policy.batchRowsMax, rowsEach))
  }
}
