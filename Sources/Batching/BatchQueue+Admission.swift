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
  func checkDeadline(_ entry: Entry, classIndex: Int, now: MonotonicInstant) throws(Refusal) {
    if entry.deadline <= now { throw .deadlinePassed }
    var ahead = 0
    for index in 0..<classIndex { ahead += rowsWaiting(inClass: index) }
    let place = classes[classIndex].position(of: entry)
    if place == classes[classIndex].count && classIndex == policy.classes.count - 1
      && classes[policy.classes.count].isEmpty
    {
      // Behind everyone: overtakes nobody, and everything that waits is ahead.
      try forecast(entry, rowsAhead: rows, now: now)
      return
    }
    for position in 0..<place { ahead += classes[classIndex][position].rows }
    try forecast(entry, rowsAhead: ahead, now: now)
    try checkOvertaken(
      by: entry, classIndex: classIndex, place: place, rowsAhead: ahead + entry.rows, now: now)
  }

  /// Whether the requests behind `place` keep their deadlines with `rowsAhead` rows before them.
  private func checkOvertaken(
    by entry: Entry, classIndex: Int, place: Int, rowsAhead: Int, now: MonotonicInstant
  ) throws(Refusal) {
    var ahead = rowsAhead
    for index in classIndex..<policy.classes.count {
      let start = index == classIndex ? place : 0
      for position in start..<classes[index].count {
        let other = classes[index][position]
        // One that is late with or without the newcomer is no reason to refuse it.
        if refusal(other, rowsAhead: ahead, now: now) != nil,
          refusal(other, rowsAhead: ahead - entry.rows, now: now) == nil
        {
          throw .unreachable(
            predictedWaitNanoseconds: Int64(
              FinishForecast.wait(backlog(rowsAhead: rows, now: now), curve.service)))
        }
        ahead += other.rows
      }
    }
  }

  private func forecast(_ entry: Entry, rowsAhead: Int, now: MonotonicInstant) throws(Refusal) {
    if let wait = refusal(entry, rowsAhead: rowsAhead, now: now) {
      throw .unreachable(predictedWaitNanoseconds: wait)
    }
  }

  private func refusal(_ entry: Entry, rowsAhead: Int, now: MonotonicInstant) -> Int64? {
    if entry.deadline == .distantFuture { return nil }
    return FinishForecast.refusal(
      rows: entry.rows, deadline: entry.deadline, now: now,
      backlog: backlog(rowsAhead: rowsAhead, now: now), service: curve.service)
  }

  private func backlog(rowsAhead: Int, now: MonotonicInstant) -> Backlog {
    var remaining = 0.0
    for batch in running { remaining += Double(max(0, batch.predictedEnd.since(now))) }
    return Backlog(
      runningNanoseconds: remaining, rowsAhead: rowsAhead, instances: instances,
      batchRowsMax: policy.batchRowsMax)
  }

  private func rowsWaiting(inClass index: Int) -> Int {
    var sum = 0
    for position in 0..<classes[index].count { sum += classes[index][position].rows }
    return sum
  }
}
