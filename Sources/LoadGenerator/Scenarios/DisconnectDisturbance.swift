internal import NIOCore

/// Clients that send a request and leave before the answer.
final class DisconnectDisturbance: LoopDisturbance {
  /// Connections under way at most; steps beyond are left out.
  private static let underWayMax = 64

  private(set) var figures = InterferenceFigures(name: "disconnects")
  private let dialer: any LoadDialer
  private let requests: [PreparedRequest]
  private let eventLoop: any EventLoop
  private let stageNames = StageNames()
  private var underWay: [ObjectIdentifier: Leaver] = [:]
  private var number: UInt64 = 0

  /// - Parameter requests: sent in turn; never empty.
  init(dialer: any LoadDialer, requests: [PreparedRequest], eventLoop: any EventLoop) {
    self.dialer = dialer
    self.requests = requests
    self.eventLoop = eventLoop
  }

  func step() {
    guard underWay.count < Self.underWayMax, !requests.isEmpty else { return }
    figures.attempts += 1
    number &+= 1
    let request = requests[Int(number % UInt64(requests.count))]
    let leaver = Leaver(request: request, number: number) { [weak self] leaver, text in
      self?.figures.end(text)
      self?.underWay[ObjectIdentifier(leaver)] = nil
    }
    underWay[ObjectIdentifier(leaver)] = leaver
    leaver.connection = dialer.dial(on: eventLoop, owner: leaver, stageNames: stageNames)
  }

  func stop() {
    let leavers = Array(underWay.values)
    underWay.removeAll()
    for leaver in leavers { leaver.connection?.close() }
  }

  /// One client.
  private final class Leaver: LoadConnectionOwner {
    private let request: PreparedRequest
    private let number: UInt64
    private let end: (Leaver, String) -> Void
    var connection: (any LoadConnection)?
    private var hasSent = false
    private var hasEnded = false

    init(
      request: PreparedRequest, number: UInt64, end: @escaping (Leaver, String) -> Void
    ) {
      self.request = request
      self.number = number
      self.end = end
    }

    func becameVacant(_ connection: any LoadConnection) {
      guard !hasSent, connection.vacancies > 0 else { return }
      hasSent = true
      connection.send(request, ticket: 0, number: number)
      connection.flush()
      connection.close()
    }

    func answered(_ ticket: Int, _ answer: Answer) {}

    func ended(_ connection: any LoadConnection, reason: String?) {
      guard !hasEnded else { return }
      hasEnded = true
      self.connection = nil
      end(self, hasSent ? "left" : "not connected")
    }
  }
}
