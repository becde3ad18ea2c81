private import Foundation
internal import NIOSSL

/// Makes the TLS context of a client from the files of an endpoint.
enum ClientTLSContext {
  /// - Parameter applicationProtocols: what ALPN offers, for example `["http/1.1"]`.
  /// - Throws: ``BenchInputError`` naming the file.
  static func make(
    _ tls: TargetEndpoint.TLS, applicationProtocols: [String]
  ) throws(BenchInputError) -> NIOSSLContext {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = applicationProtocols
    if let path = tls.rootsFile {
      let roots = try certificates(path, "root certificates")
      configuration.additionalTrustRoots = [.certificates(roots)]
    }
    if tls.acceptsAnyCertificate { configuration.certificateVerification = .none }
    switch (tls.certificateFile, tls.keyFile) {
    case (nil, nil): break
    case (let chain?, let key?):
      configuration.certificateChain = try certificates(chain, "client certificate").map {
        .certificate($0)
      }
      configuration.privateKey = .privateKey(try privateKey(key))
    case (let chain?, nil):
      throw BenchInputError("client certificate '\(chain)' is given without its key; name both")
    case (nil, let key?):
      throw BenchInputError("client key '\(key)' is given without its certificate; name both")
    }
    do {
      return try NIOSSLContext(configuration: configuration)
    } catch {
      throw BenchInputError(
        "the TLS files cannot be used together: \(error); check that key "
          + "'\(tls.keyFile ?? "")' belongs to certificate '\(tls.certificateFile ?? "")'")
    }
  }

  private static func certificates(
    _ path: String, _ what: String
  ) throws(BenchInputError) -> [NIOSSLCertificate] {
    let certificates = try loaded(path, what) { try NIOSSLCertificate.fromPEMFile($0) }
    if certificates.isEmpty {
      throw BenchInputError("\(what) '\(path)' hold no certificate; use PEM")
    }
    return certificates
  }

  private static func privateKey(_ path: String) throws(BenchInputError) -> NIOSSLPrivateKey {
    try loaded(path, "client key") { try NIOSSLPrivateKey(file: $0, format: .pem) }
  }

  private static func loaded<Value>(
    _ path: String, _ what: String, _ load: (String) throws -> Value
  ) throws(BenchInputError) -> Value {
    guard FileManager.default.isReadableFile(atPath: path) else {
      throw BenchInputError("\(what) '\(path)' cannot be read; check the path and its permissions")
    }
    do {
      return try load(path)
    } catch {
      throw BenchInputError("\(what) '\(path)' is not valid PEM: \(error)")
    }
  }
}
