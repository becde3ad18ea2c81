internal import NIOCore
private import Foundation
private import NIOPosix
private import NIOSSL

/// Words for the errors of sockets and TLS, fit for the operator.
struct ConnectionFailure: Sendable {
  let endpoint: TargetEndpoint

  /// Host and port, or the socket's path.
  var place: String {
    switch endpoint.place {
    case .tcp: endpoint.authority
    case .unix(let path): path
    }
  }

  var timedOut: String { "\(place) took no connection within 5 s: is it reachable?" }

  var closedInHandshake: String {
    "\(place) closed the connection during the TLS handshake: does this port speak TLS?"
  }

  /// Whether TLS ended without the peer saying so.
  func isUncleanShutdown(_ error: any Error) -> Bool {
    if case .uncleanShutdown = error as? NIOSSLError { true } else { false }
  }

  func text(_ error: any Error) -> String {
    switch error {
    case let error as NIOConnectionError: text(error)
    case let error as IOError: text(error)
    case ChannelError.connectTimeout: timedOut
    case is SocketAddressError:
      "\(place) is no address of a socket: check host and port, or the path's length"
    case let error as NIOSSLError: text(error)
    case let error as BoringSSLError:
      "TLS with \(place) failed: \(Self.complaint(String(describing: error)))"
    default: "the connection to \(place) failed: \(error)"
    }
  }

  private func text(_ error: NIOConnectionError) -> String {
    if let last = error.connectionErrors.last { return text(last.error) }
    return "the name '\(error.host)' was not found: check the host"
  }

  private func text(_ error: IOError) -> String {
    switch error.errnoCode {
    case ECONNREFUSED: "connection refused by \(place): is the server running?"
    case ENOENT: "there is no socket \(place): is the server running?"
    case EACCES: "no permission to connect to \(place)"
    case ECONNRESET, EPIPE: "the server at \(place) broke the connection off"
    case ETIMEDOUT: timedOut
    case EHOSTUNREACH, ENETUNREACH: "there is no route to \(place)"
    case EMFILE, ENFILE:
      "no file descriptor is left for a connection to \(place): raise the limit (ulimit -n)"
    case EADDRNOTAVAIL:
      "no local port is left for a connection to \(place): use fewer or longer connections"
    case EAGAIN: "\(place) has too many connections waiting to be accepted"
    default: "the connection to \(place) failed: \(error)"
    }
  }

  private func text(_ error: NIOSSLError) -> String {
    let words = String(describing: error)
    if words.contains("CERTIFICATE_VERIFY_FAILED") {
      return "the certificate of \(place) is not trusted: name the file with its root, "
        + "or accept any certificate"
    }
    if words.contains("unableToValidateCertificate") {
      return "the certificate of \(place) is not made out to that host"
    }
    if words.contains("WRONG_VERSION_NUMBER") || words.contains("EOF during handshake") {
      return "the TLS handshake with \(place) failed: does this port speak TLS? If not, write "
        + "http:// or grpc://"
    }
    return "TLS with \(place) failed: \(Self.complaint(words))"
  }

  /// What the TLS library complains of, without its source files and the cases of an enumeration:
  /// `SSLV3_ALERT_HANDSHAKE_FAILURE`.
  private static func complaint(_ words: String) -> String {
    let marker = "OPENSSL_internal:"
    guard let start = words.range(of: marker) else { return words }
    return String(words[start.upperBound...].prefix { $0.isLetter || $0.isNumber || $0 == "_" })
  }
}
