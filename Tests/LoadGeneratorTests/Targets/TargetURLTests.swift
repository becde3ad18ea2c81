import LoadGenerator
import Testing

@Suite struct TargetURLTests {
  private static func endpoint(_ text: String) throws -> TargetEndpoint {
    guard case .network(let endpoint) = try TargetURL.parse(text) else {
      throw BenchInputError("'\(text)' is no endpoint")
    }
    return endpoint
  }

  @Test(arguments: [
    ("http://h:1", "http", "h", 1, false), ("http://h", "http", "h", 8000, false),
    ("HTTP://h/", "http", "h", 8000, false), ("https://h", "http", "h", 443, true),
    ("grpc://h", "grpc", "h", 8001, false), ("grpcs://h:9", "grpc", "h", 9, true),
    ("localhost:8000", "http", "localhost", 8000, false), ("h", "http", "h", 8000, false),
    ("http://[::1]:80", "http", "::1", 80, false), ("grpc://[::1]", "grpc", "::1", 8001, false),
    ("[fe80::1%eth0]:1", "http", "fe80::1%eth0", 1, false),
    ("127.0.0.1:65535", "http", "127.0.0.1", 65_535, false),
    ("http://a-b_c.d:1", "http", "a-b_c.d", 1, false),
  ]) func `addresses are read with their default ports`(
    _ text: String, _ wire: String, _ host: String, _ port: Int, _ isSecure: Bool
  ) throws {
    let endpoint = try Self.endpoint(text)
    #expect(endpoint.wire.rawValue == wire)
    #expect(endpoint.place == .tcp(host: host, port: port))
    #expect((endpoint.tls != nil) == isSecure)
  }

  @Test func `unix sockets have a path`() throws {
    #expect(
      try Self.endpoint("http+unix:///run/a b".replacing(" ", with: "-")).place
        == .unix(path: "/run/a-b"))
    #expect(try Self.endpoint("grpc+unix:///s").wire == .grpc)
    #expect(try Self.endpoint("http+unix://%2Frun%2fs").place == .unix(path: "/run/s"))
    #expect(try Self.endpoint("http+unix:///a%20b").place == .unix(path: "/a%20b"))
  }

  @Test func `a repository is served in this process`() throws {
    #expect(
      try TargetURL.parse("in-process:Examples/models")
        == .inProcess(repository: "Examples/models"))
  }

  @Test(arguments: [
    ("", "empty"), ("ftp://h", "unknown"), ("http://", "no host"), ("http://h:0", "1 to 65535"),
    ("http://h:65536", "1 to 65535"), ("http://h:", "1 to 65535"), ("http://h:+1", "1 to 65535"),
    ("http://h:8000/v2", "path"), ("http://h?x", "path"), ("http://u@h", "user name"),
    ("::1", "brackets"), ("http://::1:80", "brackets"), ("http://[::1", "no end"),
    ("http://[::1]80", ":PORT"), ("http://[h]:1", "no IPv6"), ("http://[::1%]", "no IPv6"),
    ("http://h h", "space"), ("http://h\u{7}", "space"), ("/run/s", "http+unix:///run/s"),
    ("http:/h", "two slashes"), ("http+unix://run/s", "absolute"),
    ("http+unix://%2Fa%2", "hexadecimal"), ("in-process:", "repository"), ("http://ü", "no host"),
    ("http+unix:///" + String(repeating: "a", count: 107), "108 bytes"),
  ]) func `a wrong address is refused with the fix`(_ text: String, _ word: String) {
    do throws(BenchInputError) {
      _ = try TargetURL.parse(text)
      Issue.record("'\(text)' was taken")
    } catch {
      #expect(error.description.contains(word), "\(error)")
    }
  }

  @Test func `TLS options go with secure addresses only`() throws {
    var tls = TargetEndpoint.TLS()
    tls.rootsFile = "ca.pem"
    guard case .network(let endpoint) = try TargetURL.parse("grpcs://h", tls: tls) else {
      throw BenchInputError("no endpoint")
    }
    #expect(endpoint.tls == tls)
    for text in ["grpc://h", "http+unix:///s", "in-process:d"] {
      #expect(throws: BenchInputError.self) { try TargetURL.parse(text, tls: tls) }
      #expect(throws: Never.self) { try TargetURL.parse(text, tls: TargetEndpoint.TLS()) }
    }
  }

  @Test func `random texts never break it, and what is taken says the same again`() {
    let seed = UInt64.random(in: 0 ... .max)
    var random = RandomSource(seed: seed)
    let pieces = [
      "http", "grpc", "s", "+unix", "://", ":", "/", "[", "]", "::1", "h", "8000", "%2F", "%", "@",
      "?", "-", ".", "in-process:", "ü", " ", "0",
    ]
    for _ in 0..<5_000 {
      let text = (0..<random.below(8)).map { _ in pieces[random.below(pieces.count)] }.joined()
      guard case .network(let endpoint)? = try? TargetURL.parse(text) else { continue }
      guard case .tcp = endpoint.place else { continue }
      let again =
        endpoint.wire.rawValue + (endpoint.tls == nil ? "" : "s") + "://"
        + endpoint.authority
      #expect((try? TargetURL.parse(again)) == .network(endpoint), "'\(text)', seed \(seed)")
    }
  }

  @Test func `segments of a path are escaped and read back`() {
    #expect(PercentEncoding.segment("a b/ü~1") == "a%20b%2F%C3%BC~1")
    for text in ["", "a", "ü/%", "日本"] {
      #expect(PercentEncoding.decode(PercentEncoding.segment(text)) == text)
    }
    for text in ["%", "%2", "%zz", "%FF"] { #expect(PercentEncoding.decode(text) == nil) }
  }
}
