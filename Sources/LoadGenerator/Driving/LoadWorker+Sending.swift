internal import DequeModule

// MARK: - Requests

extension LoadWorker {
  /// Sends what waits, in the order in which it was due, then what is due now.
  func sendDue() {
    var sends = 0
    isOutOfSends = false
    while let first = waiting.first {
      guard sends < Self.sendsPerTickMax else { return isOutOfSends = true }
      guard let (place, connection) = connections.popVacant() else { break }
      waiting.removeFirst()
      if first.isMeasured { waitingMeasured -= 1 }
      sends += 1
      send(first, at: now, on: place, connection)
    }
    if let concurrency { return fill(to: concurrency, after: sends) }
    while let intended = nextIntended {
      let now = now
      guard intended <= now else { break }
      guard sends < Self.sendsPerTickMax else { return isOutOfSends = true }
      sends += 1
      arrive(intended: intended, at: now)
      if nextIntended != nil { advanceSchedule() }
    }
  }

  /// A request is due: sends it, or lets it wait.
  private func arrive(intended: Int64, at now: Int64) {
    let isMeasured = intended >= measuresFrom
    let (entry, request) = mix.next()
    if isMeasured {
      recorder.offer(entry: entry, intended: intended, underWay: underWay)
      if concurrency == nil { recorder.notice(lag: now - intended) }
      requestsLeft -= 1
    }
    let due = WaitingRequest(
      intended: intended, noticed: now, entry: entry, request: request, isMeasured: isMeasured)
    if waiting.isEmpty, let (place, connection) = connections.popVacant() {
      send(due, at: now, on: place, connection)
    } else if waiting.count < waitingMax {
      waiting.append(due)
      if isMeasured { waitingMeasured += 1 }
    } else if isMeasured {
      recorder.end(entry: entry, intended: intended, as: .unsent)
    }
    if requestsLeft == 0 { endRequests(after: intended) }
  }

  /// Closed loop: as soon as one of its clients is free, its next request is due, and waits like
  /// any other where connections are fewer than clients or must be dialled anew.
  private func fill(to concurrency: Int, after sends: Int) {
    var sends = sends
    while phase == .running, underWay < concurrency, waiting.count < waitingMax {
      let now = now
      guard now >= startsAt, now < dueEnd else { return }
      // Clients of a target that takes no connection hold back until the next dial, not spin.
      if connections.open == 0, dialPolicy.isTroubled { return }
      guard sends < Self.sendsPerTickMax else { return isOutOfSends = true }
      sends += 1
      arrive(intended: now, at: now)
    }
  }

  private func send(
    _ due: WaitingRequest, at now: Int64, on place: Int, _ connection: any LoadConnection
  ) {
    if due.isMeasured {
      recorder.send(
        wait: concurrency == nil ? now - due.noticed : nil,
        bytes: mix.byteCount(due.entry, due.request))
    }
    let ticket = inFlight.insert(
      InFlightRequest(
        intended: due.intended, sent: now, deadline: now + timeout, entry: due.entry,
        connection: place, isMeasured: due.isMeasured))
    connection.send(mix.request(due.entry, due.request), ticket: ticket, number: nextNumber)
    nextNumber &+= 1
    connections.sent(place, leavingRoom: connection.vacancies > 0)
  }

  /// Ends what nobody waits for any more: in the order of sending and of waiting, which is that of
  /// the deadlines.
  func expire(at now: Int64) {
    while let first = inFlight.first, first.deadline <= now { endUnanswered(first.ticket) }
    while let first = waiting.first, first.intended + timeout <= now {
      waiting.removeFirst()
      guard first.isMeasured else { continue }
      waitingMeasured -= 1
      recorder.end(entry: first.entry, intended: first.intended, as: .unsent)
    }
  }

  /// Gives up one request on the wire.
  func endUnanswered(_ ticket: Int) {
    guard let request = inFlight.remove(ticket) else { return }
    connections.answered(request.connection, byPeer: false)
    if request.isMeasured {
      recorder.end(entry: request.entry, intended: request.intended, as: .unanswered)
    }
    connections.records[request.connection].connection?.abandon(ticket: ticket)
  }

  /// Ends everything that waits, unsent.
  func endWaiting() {
    while let first = waiting.popFirst() {
      guard first.isMeasured else { continue }
      waitingMeasured -= 1
      recorder.end(entry: first.entry, intended: first.intended, as: .unsent)
    }
  }
}
