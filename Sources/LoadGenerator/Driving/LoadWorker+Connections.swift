internal import DequeModule
internal import NIOCore

// MARK: - Connections

extension LoadWorker: LoadConnectionOwner {
  package func becameVacant(_ connection: any LoadConnection) {
    guard phase != .finished, let place = connections.place(of: connection) else { return }
    if connections.becameVacant(place) {
      recorder.noteOpened()
      withoutConnectionSince = nil
      requestTick()
    } else if !waiting.isEmpty || concurrency != nil {
      requestTick()
    }
  }

  package func answered(_ ticket: Int, _ answer: Answer) {
    guard let request = inFlight.remove(ticket) else { return }
    let now = now
    let byPeer = answer.outcome != .connection
    connections.answered(request.connection, byPeer: byPeer)
    if byPeer { dialPolicy.succeeded() }
    recorder.noteRecent(answer.outcome, latency: now - request.intended)
    if request.isMeasured {
      recorder.end(request, answer, at: now, stageNames)
      if byPeer { lastAnswerAt = now }
    }
    if concurrency != nil || phase == .draining { requestTick() }
  }

  package func ended(_ connection: any LoadConnection, reason: String?) {
    guard let (place, record) = connections.remove(connection) else {
      if isDialing { endedInDial = (ObjectIdentifier(connection), reason) }
      return
    }
    guard phase != .finished else { return }
    let now = now
    if let reason { lastDialReason = reason }
    if record.state == .open {
      if reason != nil { recorder.noteLost() }
    }
    if !record.hasAnswered, reason != nil || record.state == .connecting {
      dialPolicy.failed(at: now)
    }
    // By its contract the connection has answered them; a run must not hang if it has not.
    for ticket in inFlight.tickets(onConnection: place, count: record.underWay) {
      let text = ByteBuffer(string: reason ?? "the connection was closed")
      answered(ticket, Answer(.connection, explanation: text))
    }
    if connections.open == 0 {
      if withoutConnectionSince == nil { withoutConnectionSince = now }
      if record.state == .connecting { failWaiting(reason: lastDialReason) }
    }
    requestTick()
  }

  /// How many connections are missing: to keep up the number of the start, and while requests wait
  /// for one.
  var wantsConnections: Int {
    // A target in trouble gets a few connections at a time, however many requests wait.
    let most = dialPolicy.isTroubled ? min(Self.dialsMax, connectionsMax) : connectionsMax
    guard connections.connecting < Self.dialsMax, connections.alive < most else { return 0 }
    var wanted = phase == .draining ? 0 : connectionsMin - connections.alive
    let backlog = phase == .running && now >= startsAt
      ? concurrency.map { $0 - inFlight.count } ?? waiting.count : waiting.count
    if !isOutOfSends { wanted = max(wanted, backlog - connections.connecting) }
    return max(
      0, min(wanted, most - connections.alive, Self.dialsMax - connections.connecting))
  }

  /// Dials what is missing, unless the last failure is too recent.
  func dial(at now: Int64) {
    var left = wantsConnections
    while left > 0, now >= dialPolicy.notBefore {
      left -= 1
      isDialing = true
      endedInDial = nil
      let connection = dialer.dial(on: eventLoop, owner: self, stageNames: stageNames)
      isDialing = false
      _ = connections.add(connection)
      if let (identity, reason) = endedInDial, identity == ObjectIdentifier(connection) {
        ended(connection, reason: reason)
      } else if connection.vacancies > 0 {
        becameVacant(connection)
      }
    }
  }

  /// Ends what waits when there is no connection and none can be made: that is what a user's
  /// request would meet.
  func failWaiting(reason: String) {
    guard phase == .running || phase == .draining, !waiting.isEmpty else { return }
    let answer = Answer(.connection, explanation: ByteBuffer(string: reason))
    while let first = waiting.popFirst() {
      guard first.isMeasured else { continue }
      waitingMeasured -= 1
      recorder.endUnconnected(entry: first.entry, intended: first.intended, answer)
    }
  }
}

extension InFlightTable {
  /// The requests on one connection; looks for none if `count` is 0.
  fileprivate func tickets(onConnection connection: Int, count: Int) -> [Int] {
    count > 0 ? tickets(onConnection: connection) : []
  }
}
