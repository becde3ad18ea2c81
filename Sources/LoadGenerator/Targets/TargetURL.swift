/// Reads the address of what is put under load.
///
/// `http://host[:8000]`, `https://host[:443]`, `grpc://host[:8001]`, `grpcs://host[:443]`,
/// `http+unix:///path`, `grpc+unix:///path`, `in-process:MODEL_REPOSITORY`; an address without a
/// scheme is HTTP. IPv6 addresses stand in brackets.
package enum TargetURL {
  /// Bytes of a unix socket's path, which the kernel bounds.
  private static let unixPathBytesMax = 107

  private static let forms =
    "use http://HOST:PORT, https://, grpc://, grpcs://, http+unix:///PATH, grpc+unix:///PATH or "
    + "in-process:MODEL_REPOSITORY"

  /// One scheme.
  private struct Scheme {
    let name: String
    let wire: TargetEndpoint.Wire
    /// The port where the URL names none; 0 for a unix socket.
    let port: Int
    var isSecure = false
  }

  private static let schemes = [
    Scheme(name: "http", wire: .http, port: 8000),
    Scheme(name: "grpc", wire: .grpc, port: 8001),
    Scheme(name: "https", wire: .http, port: 443, isSecure: true),
    Scheme(name: "grpcs", wire: .grpc, port: 443, isSecure: true),
    Scheme(name: "http+unix", wire: .http, port: 0),
    Scheme(name: "grpc+unix", wire: .grpc, port: 0),
  ]

  /// The target that `text` names.
  ///
  /// - Parameter tls: what to trust and show on `https` and `grpcs`; `nil` takes the defaults.
  ///   Given for a plain address it is an error, unless it says nothing.
  /// - Throws: ``BenchInputError`` with the address and how to write it.
  package static func parse(
    _ text: String, tls: TargetEndpoint.TLS? = nil
  ) throws(BenchInputError) -> Target {
    let inProcess = "in-process:"
    if text.lowercased().hasPrefix(inProcess) {
      let path = String(text.dropFirst(inProcess.count))
      guard !path.isEmpty else {
        throw wrong(text, "it names no model repository; write in-process:DIRECTORY")
      }
      guard tls == nil || tls == TargetEndpoint.TLS() else {
        throw wrong(text, "there is no TLS inside a process; leave the TLS options out")
      }
      return .inProcess(repository: path)
    }
    let (scheme, rest) = try split(text)
    let place: TargetEndpoint.Place
    if scheme.port == 0 {
      place = .unix(path: try unixPath(rest, of: text))
    } else {
      place = try authority(rest, scheme, of: text)
    }
    guard scheme.isSecure else {
      guard tls == nil || tls == TargetEndpoint.TLS() else {
        throw wrong(
          text, "TLS options need \(scheme.wire.rawValue)s://; write that or leave them out")
      }
      return .network(TargetEndpoint(wire: scheme.wire, place: place))
    }
    return .network(
      TargetEndpoint(wire: scheme.wire, place: place, tls: tls ?? TargetEndpoint.TLS()))
  }

  private static func split(_ text: String) throws(BenchInputError) -> (Scheme, Substring) {
    guard !text.isEmpty else { throw BenchInputError("the URL is empty; \(forms)") }
    guard text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
      throw wrong(text, "it holds a space or a control character; \(forms)")
    }
    guard let mark = text.firstRange(of: "://") else {
      if text.hasPrefix("/") || text.hasPrefix(".") {
        throw wrong(
          text,
          "it looks like a path; a socket is http+unix://\(text), a repository is "
            + "in-process:\(text)")
      }
      for scheme in schemes where text.lowercased().hasPrefix(scheme.name + ":/") {
        throw wrong(text, "two slashes follow the scheme; \(forms)")
      }
      return (schemes[0], text[...])
    }
    let name = text[..<mark.lowerBound].lowercased()
    guard let scheme = schemes.first(where: { $0.name == name }) else {
      throw wrong(text, "the scheme '\(name)' is unknown; \(forms)")
    }
    return (scheme, text[mark.upperBound...])
  }

  private static func unixPath(
    _ rest: Substring, of text: String
  ) throws(BenchInputError) -> String {
    var path = String(rest)
    // Some clients write the path where a host would be, its slashes escaped.
    if path.lowercased().hasPrefix("%2f") {
      guard let decoded = PercentEncoding.decode(path) else {
        throw wrong(text, "a % is not followed by two hexadecimal digits")
      }
      path = decoded
    }
    guard path.hasPrefix("/") else {
      throw wrong(text, "the socket's path must be absolute: three slashes follow the colon")
    }
    guard path.utf8.count <= unixPathBytesMax else {
      throw wrong(
        text,
        "the socket's path has \(path.utf8.count) bytes, the system takes "
          + "\(unixPathBytesMax)")
    }
    return path
  }

  private static func authority(
    _ rest: Substring, _ scheme: Scheme, of text: String
  ) throws(BenchInputError) -> TargetEndpoint.Place {
    var rest = rest
    if rest.hasSuffix("/"), rest.count(where: { $0 == "/" }) == 1 { rest.removeLast() }
    guard !rest.contains("/"), !rest.contains("?"), !rest.contains("#") else {
      throw wrong(
        text, "it names a path; give the server's address only, the model goes into its own option")
    }
    guard !rest.contains("@") else {
      throw wrong(text, "it holds a user name; send credentials as a header instead")
    }
    var host = rest
    var port = Substring()
    var hasPort = false
    if rest.hasPrefix("[") {
      guard let close = rest.firstIndex(of: "]") else {
        throw wrong(text, "the bracket before the IPv6 address has no end")
      }
      host = rest[rest.index(after: rest.startIndex)..<close]
      let tail = rest[rest.index(after: close)...]
      guard tail.isEmpty || tail.hasPrefix(":") else {
        throw wrong(text, "after the bracket comes ':PORT' or nothing")
      }
      hasPort = !tail.isEmpty
      port = tail.dropFirst()
      guard isIPv6(host) else { throw wrong(text, "'\(host)' is no IPv6 address") }
    } else {
      let colons = rest.count { $0 == ":" }
      guard colons <= 1 else {
        throw wrong(text, "write an IPv6 address in brackets: [\(rest)]:\(scheme.port)")
      }
      if let colon = rest.firstIndex(of: ":") {
        hasPort = true
        host = rest[..<colon]
        port = rest[rest.index(after: colon)...]
      }
      guard isHostName(host) else {
        throw wrong(
          text, host.isEmpty ? "it names no host; \(forms)" : "'\(host)' is no host name; \(forms)")
      }
    }
    let number = hasPort ? portNumber(port) : scheme.port
    guard let number else {
      throw wrong(text, "the port '\(port)' is not a number from 1 to 65535")
    }
    return .tcp(host: String(host), port: number)
  }

  private static func portNumber(_ text: Substring) -> Int? {
    guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ $0 &- 0x30 < 10 }),
      let number = Int(text), (1...65_535).contains(number)
    else { return nil }
    return number
  }

  private static func isHostName(_ host: Substring) -> Bool {
    !host.isEmpty && host.utf8.count <= 253
      && host.utf8.allSatisfy {
        $0 | 0x20 &- 0x61 < 26 || $0 &- 0x30 < 10 || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F
      }
  }

  private static func isIPv6(_ host: Substring) -> Bool {
    // A zone, as in fe80::1%eth0, names an interface; the resolver knows which there are.
    let address = host.prefix { $0 != "%" }
    let zone = host.dropFirst(address.count).dropFirst()
    guard host.contains("%") == !zone.isEmpty else { return false }
    return address.contains(":") && address.utf8.count <= 45
      && address.utf8.allSatisfy {
        $0 &- 0x30 < 10 || $0 | 0x20 &- 0x61 < 6 || $0 == 0x3A || $0 == 0x2E
      }
  }

  private static func wrong(_ text: String, _ reason: String) -> BenchInputError {
    BenchInputError("the URL '\(text.prefix(200))' cannot be used: \(reason)")
  }
}
