/// Where a server listens, and what it speaks there.
package struct TargetEndpoint: Sendable, Equatable {
  /// The protocol of requests.
  package enum Wire: String, Sendable, Codable {
    case http
    case grpc
  }

  /// The socket.
  package enum Place: Sendable, Equatable {
    case tcp(host: String, port: Int)
    case unix(path: String)
  }

  /// What to trust and to show; the defaults trust the system's roots.
  package struct TLS: Sendable, Equatable {
    /// PEM of further roots; `nil` takes the system's.
    package var rootsFile: String?
    /// Whether any certificate will do.
    package var acceptsAnyCertificate = false
    /// PEM of our own chain and key, for servers that ask.
    package var certificateFile: String?
    package var keyFile: String?

    package init() {}
  }

  package var wire: Wire
  package var place: Place
  /// `nil` for plain text.
  package var tls: TLS?

  package init(wire: Wire, place: Place, tls: TLS? = nil) {
    self.wire = wire
    self.place = place
    self.tls = tls
  }

  /// What goes into `Host` and `:authority`.
  package var authority: String {
    switch place {
    case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    case .unix: "localhost"
    }
  }
}
