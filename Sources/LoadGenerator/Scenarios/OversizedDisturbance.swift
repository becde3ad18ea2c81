internal import NIOCore

/// HTTP requests whose body is larger than the server takes.
final class OversizedDisturbance: LoopDisturbance {
  /// Requests under way at most; steps beyond are left out.
  private static let underWayMax = 4
  private static let chunk = ByteBuffer(repeating: 0x20, count: 1 << 16)

  private(set) var figures = InterferenceFigures(name: "oversized")
  private let connector: EndpointConnector
  private let head: ByteBuffer
  private let byteCount: Int64
  private let eventLoop: any EventLoop
  private var underWay: [ObjectIdentifier: (connection: RawConnection, left: Int64)] = [:]

  /// - Parameter path: what the body is posted to.
  init(
    through connector: EndpointConnector, path: String, byteCount: Int64, eventLoop: any EventLoop
  ) {
    self.connector = connector
    self.byteCount = byteCount
    self.eventLoop = eventLoop
    head = ByteBuffer(
      string: "POST \(path) HTTP/1.1\r\nHost: \(connector.endpoint.authority)\r\n"
        + "Content-Type: application/json\r\nContent-Length: \(byteCount)\r\n\r\n")
  }

  func step() {
    guard underWay.count < Self.underWayMax else { return }
    figures.attempts += 1
    var events = RawConnection.Events()
    events.opened = { [weak self] connection in
      guard let self else { return }
      connection.write(head)
      send(connection)
    }
    events.isWritable = { [weak self] connection in self?.send(connection) }
    events.received = { [weak self] connection, bytes in
      self?.finish(connection, Self.status(bytes).map { "answered \($0)" } ?? "answered oddly")
    }
    events.closed = { [weak self] connection in self?.finish(connection, "closed by the server") }
    let connection = RawConnection(through: connector, on: eventLoop, events: events)
    underWay[ObjectIdentifier(connection)] = (connection, byteCount)
  }

  func stop() {
    for (connection, _) in underWay.values { connection.close() }
    underWay.removeAll()
  }

  /// Writes while the socket takes it, so that memory holds a few chunks of a body at most.
  private func send(_ connection: RawConnection) {
    let key = ObjectIdentifier(connection)
    while connection.isWritable, let left = underWay[key]?.left, left > 0 {
      let size = min(left, Int64(Self.chunk.readableBytes))
      underWay[key]?.left = left - size
      connection.write(Self.chunk.getSlice(at: 0, length: Int(size)) ?? ByteBuffer())
    }
  }

  private func finish(_ connection: RawConnection, _ text: String) {
    guard underWay.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
    figures.end(text)
    connection.close()
  }

  /// The status of an answer's first line.
  static func status(_ bytes: ByteBuffer) -> Int? {
    let line = String(buffer: bytes).prefix(16).split(separator: " ")
    guard line.count >= 2, line[0].hasPrefix("HTTP/1.") else { return nil }
    return Int(line[1].prefix(3))
  }
}
