internal import NIOCore

/// Connections that send one byte a step and never a whole request.
final class SlowClientsDisturbance: LoopDisturbance {
  private(set) var figures = InterferenceFigures(name: "slow-clients")
  private let connector: EndpointConnector
  private let eventLoop: any EventLoop
  private let opening: [UInt8]
  private let rest: [UInt8]
  private var clients: [Client]

  private struct Client {
    var connection: RawConnection?
    var isOpen = false
    var sent = 0
  }

  /// - Parameter connections: kept open; one that the server ends is opened again a step later.
  /// - Parameter connector: without TLS also where the endpoint has it: the bytes are those of a
  ///   handshake then.
  init(
    through connector: EndpointConnector, endpoint: TargetEndpoint, connections: Int,
    eventLoop: any EventLoop
  ) {
    self.connector = connector
    self.eventLoop = eventLoop
    (opening, rest) = Self.bytes(for: endpoint)
    clients = [Client](repeating: Client(), count: connections)
  }

  func step() {
    for index in clients.indices {
      if clients[index].connection == nil {
        connect(index)
      } else if clients[index].isOpen {
        let place = clients[index].sent
        let byte =
          place < opening.count ? opening[place] : rest[(place - opening.count) % rest.count]
        clients[index].sent += 1
        clients[index].connection?.write(ByteBuffer(bytes: [byte]))
      }
    }
  }

  func stop() {
    for index in clients.indices {
      clients[index].connection?.close()
      clients[index] = Client()
    }
  }

  private func connect(_ index: Int) {
    figures.attempts += 1
    var events = RawConnection.Events()
    events.opened = { [weak self] _ in self?.clients[index].isOpen = true }
    events.closed = { [weak self] _ in
      guard let self else { return }
      figures.end(clients[index].isOpen ? "closed by the server" : "not connected")
      clients[index] = Client()
    }
    clients[index].connection = RawConnection(
      through: connector, on: eventLoop, events: events)
  }

  /// The beginning of what the server expects, and what may follow it again and again.
  static func bytes(for endpoint: TargetEndpoint) -> (opening: [UInt8], rest: [UInt8]) {
    if endpoint.tls != nil {
      // A TLS record that announces 16 KiB of a client's hello.
      return ([0x16, 0x03, 0x01, 0x40, 0x00, 0x01, 0x00, 0x3F, 0xFC, 0x03, 0x03], [0])
    }
    switch endpoint.wire {
    case .http:
      return (
        Array("POST /v2/models/slow/infer HTTP/1.1\r\nHost: localhost\r\nSlow: ".utf8), [0x61]
      )
    case .grpc:
      // The preface and empty settings; then pings.
      return (
        Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0],
        [0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]
      )
    }
  }
}
