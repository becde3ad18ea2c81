import NIOCore
import NIOEmbedded

@testable import LoadGenerator

/// A server that lives on a loop's simulated clock and does as its test says.
final class ScriptedServer {
  /// What becomes of one request.
  enum Reply {
    case answer(Outcome, after: Int64, status: Int = 200, text: String = "")
    case silence
    /// The connection breaks with this and all its other requests.
    case hangUp(after: Int64)
  }

  let loop: EmbeddedEventLoop
  /// Requests that one connection takes at once.
  var slots = 1
  /// Answers after which a connection ends.
  var answersMax = Int.max
  /// What becomes of the `number`-th request, at this instant.
  var reply: (_ number: Int, _ now: Int64) -> Reply = { _, _ in .answer(.ok, after: 1_000_000) }
  /// Nanoseconds until a dial succeeds, or the reason why it fails.
  var dial: (_ number: Int, _ now: Int64) -> (after: Int64, failure: String?) = { _, _ in (0, nil) }
  var stages: (StageNames) -> ServerStages = { _ in ServerStages() }

  private(set) var dials = 0
  private(set) var received = 0
  private(set) var flushes = 0
  private(set) var abandoned = 0
  private(set) var numbers: Set<UInt64> = []
  private(set) var entries: [Int] = []
  fileprivate(set) var connections: [ScriptedConnection] = []

  init(on loop: EmbeddedEventLoop) { self.loop = loop }

  var now: Int64 { Int64(loop.now.uptimeNanoseconds) }

  func after(_ nanoseconds: Int64, _ body: @escaping () -> Void) {
    loop.assumeIsolated().scheduleTask(in: .nanoseconds(nanoseconds), body)
  }

  fileprivate func noteDial() -> Int {
    dials += 1
    return dials - 1
  }

  fileprivate func noteRequest(_ request: PreparedRequest, number: UInt64) -> Int {
    received += 1
    entries.append(request.entry)
    numbers.insert(number)
    return received - 1
  }

  fileprivate func noteFlush() { flushes += 1 }
  fileprivate func noteAbandoned() { abandoned += 1 }
}

/// Dials a ``ScriptedServer``.
struct ScriptedDialer: LoadDialer {
  private let server: NIOLoopBound<ScriptedServer>

  init(_ server: ScriptedServer) {
    self.server = NIOLoopBound(server, eventLoop: server.loop)
  }

  func dial(
    on eventLoop: any EventLoop, owner: any LoadConnectionOwner, stageNames: StageNames
  ) -> any LoadConnection {
    let connection = ScriptedConnection(server.value, owner: owner, stageNames: stageNames)
    connection.open()
    return connection
  }
}

/// One connection to a ``ScriptedServer``.
final class ScriptedConnection: LoadConnection {
  private let server: ScriptedServer
  private var owner: (any LoadConnectionOwner)?
  private let stageNames: StageNames
  private var isOpen = false
  private(set) var tickets: Set<Int> = []
  private var unflushed: [() -> Void] = []
  private var answers = 0

  init(_ server: ScriptedServer, owner: any LoadConnectionOwner, stageNames: StageNames) {
    self.server = server
    self.owner = owner
    self.stageNames = stageNames
    server.connections.append(self)
  }

  func open() {
    let (delay, failure) = server.dial(server.noteDial(), server.now)
    if delay == 0, failure == nil {
      isOpen = true
      return
    }
    server.after(delay) { [self] in
      guard let owner else { return }
      if let failure { return end(failure) }
      isOpen = true
      owner.becameVacant(self)
    }
  }

  var vacancies: Int { isOpen ? server.slots - tickets.count : 0 }

  func send(_ request: PreparedRequest, ticket: Int, number: UInt64) {
    precondition(vacancies > 0, "sent on a connection without room")
    precondition(tickets.insert(ticket).inserted, "a ticket is used twice")
    let index = server.noteRequest(request, number: number)
    let reply = server.reply(index, server.now)
    unflushed.append { [self] in
      switch reply {
      case .silence: break
      case .hangUp(let delay): server.after(delay) { [self] in end("connection reset") }
      case .answer(let outcome, let delay, let status, let text):
        server.after(delay) { [self] in
          answer(ticket, outcome, status: status, text: text)
        }
      }
    }
  }

  func flush() {
    server.noteFlush()
    let unflushed = self.unflushed
    self.unflushed = []
    for body in unflushed { body() }
  }

  func abandon(ticket: Int) {
    guard tickets.remove(ticket) != nil else { return }
    server.noteAbandoned()
    // As HTTP/1.1 does: the connection ends with its request.
    if server.slots == 1 { end(nil) }
  }

  func close() { end(nil) }

  /// Ends the connection as a peer does, with `reason`; or as we do, without.
  func end(_ reason: String?) {
    guard let owner else { return }
    self.owner = nil
    isOpen = false
    for ticket in tickets.sorted() {
      owner.answered(
        ticket, Answer(.connection, explanation: ByteBuffer(string: reason ?? "closed")))
    }
    tickets = []
    owner.ended(self, reason: reason)
  }

  private func answer(_ ticket: Int, _ outcome: Outcome, status: Int, text: String) {
    guard tickets.remove(ticket) != nil else { return }
    owner?.answered(
      ticket,
      Answer(
        outcome, status: status, stages: server.stages(stageNames), byteCount: 100,
        explanation: ByteBuffer(string: text)))
    answers += 1
    if answers >= server.answersMax { return end("the server ends the connection") }
    owner?.becameVacant(self)
  }
}
