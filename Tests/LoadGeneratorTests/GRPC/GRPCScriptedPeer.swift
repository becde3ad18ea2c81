import LoadGenerator
import NIOCore
import NIOEmbedded

/// A connection on an embedded channel, whose server is played by the test; and its owner.
final class GRPCScriptedPeer: LoadConnectionOwner {
  struct Reported {
    var ticket: Int
    var answer: Answer

    var explanation: String { String(buffer: answer.explanation) }
  }

  let channel = EmbeddedChannel()
  let stageNames = StageNames()
  private(set) var connection: GRPCLoadConnection?
  private(set) var answers: [Reported] = []
  private(set) var vacantCount = 0
  private(set) var endReasons: [String?] = []
  /// Whether an answer or the end came inside a call of the owner.
  private(set) var wasCalledInside = false
  private var isInside = false
  /// Called with each answer, after it was noted.
  var onAnswer: ((Int) -> Void)?
  private var unread: [UInt8] = []
  private var hasPreface = false

  static let endpoint = TargetEndpoint(wire: .grpc, place: .tcp(host: "host", port: 1))

  /// - Parameter settings: what the server sends first; `nil` sends nothing.
  init(
    streams: Int = 4, limits: HTTP2ClientLimits = HTTP2ClientLimits(),
    settings: [UInt8]? = GRPCFrames.settings()
  ) throws {
    var limits = limits
    limits.streamsMax = streams
    let made = GRPCLoadConnection(
      to: Self.endpoint, on: channel.eventLoop, owner: self, stageNames: stageNames,
      limits: limits)
    connection = made
    try channel.pipeline.syncOperations.addHandler(made)
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    if let settings { receive(settings) }
  }

  var vacancies: Int { connection?.vacancies ?? 0 }

  static func request(
    _ message: [UInt8] = [9], stamps: [Stamp] = [], timeoutMicroseconds: Int64 = 0,
    metadata: [(name: String, value: String)] = []
  ) -> PreparedRequest {
    PreparedRequest(
      entry: 0,
      payload: .grpc(
        GRPCRequestBytes(
          path: "/a.B/C", message: ByteBuffer(bytes: GRPCFrames.message(message)),
          stamps: stamps, timeoutMicroseconds: timeoutMicroseconds, metadata: metadata)))
  }

  func send(
    _ ticket: Int, _ request: PreparedRequest = request(), number: UInt64 = 0
  ) {
    inside { $0.send(request, ticket: ticket, number: number) }
  }

  func flush() { inside { $0.flush() } }

  func abandon(_ ticket: Int) {
    inside { $0.abandon(ticket: ticket) }
    channel.embeddedEventLoop.run()
  }

  func close() {
    inside { $0.close() }
    channel.embeddedEventLoop.run()
  }

  /// Bytes from the server; a channel that is closed takes none.
  func receive(_ bytes: [UInt8]) {
    guard channel.isActive else { return }
    _ = try? channel.writeInbound(ByteBuffer(bytes: bytes))
    channel.embeddedEventLoop.run()
  }

  /// The server closes.
  func disconnect() {
    _ = try? channel.finish(acceptAlreadyClosed: true)
    channel.embeddedEventLoop.run()
  }

  /// The frames that were written since the last look.
  func written() -> [GRPCFrames.Frame] {
    while let buffer = try? channel.readOutbound(as: ByteBuffer.self) {
      unread += [UInt8](buffer: buffer)
    }
    if !hasPreface, unread.count >= GRPCFrames.prefaceCount {
      unread.removeFirst(GRPCFrames.prefaceCount)
      hasPreface = true
    }
    let frames = GRPCFrames.frames(unread)
    unread.removeFirst(frames.reduce(0) { $0 + 9 + $1.payload.count })
    return frames
  }

  func answer(_ ticket: Int) -> Reported? { answers.first { $0.ticket == ticket } }

  func becameVacant(_ connection: any LoadConnection) { vacantCount += 1 }

  func answered(_ ticket: Int, _ answer: Answer) {
    if isInside { wasCalledInside = true }
    answers.append(Reported(ticket: ticket, answer: answer))
    onAnswer?(ticket)
  }

  func ended(_ connection: any LoadConnection, reason: String?) {
    if isInside { wasCalledInside = true }
    endReasons.append(reason)
    self.connection = nil
  }

  private func inside(_ body: (GRPCLoadConnection) -> Void) {
    guard let connection else { return }
    let outer = isInside
    isInside = true
    body(connection)
    isInside = outer
  }
}
