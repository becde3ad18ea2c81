package import NIOSSL
private import Foundation

/// Why TLS cannot be switched on; `message` is fit for the operator.
package struct TLSError: Error, Sendable, Equatable, CustomStringConvertible {
  package var message: String

  package init(_ message: String) { self.message = message }

  package var description: String { message }
}

/// The files of a TLS server: its certificate chain and key, and whose clients it trusts.
package struct TLSConfigurationFiles: Sendable, Equatable {
  /// PEM: the server's certificate first, then intermediates.
  package var certificateChain: String
  /// PEM: the private key, not encrypted.
  package var privateKey: String
  /// PEM: roots for client certificates; with them every client must show one.
  package var clientRoots: String?

  package init(certificateChain: String, privateKey: String, clientRoots: String? = nil) {
    self.certificateChain = certificateChain
    self.privateKey = privateKey
    self.clientRoots = clientRoots
  }

  /// The context for a listener.
  ///
  /// - Parameter applicationProtocols: what ALPN offers, for example `["h2"]` or `["http/1.1"]`.
  /// - Throws: ``TLSError`` naming the file.
  package func makeContext(applicationProtocols: [String]) throws(TLSError) -> NIOSSLContext {
    let chain = try loaded(certificateChain, "certificate chain") {
      try NIOSSLCertificate.fromPEMFile($0)
    }
    guard !chain.isEmpty else {
      throw TLSError("certificate chain '\(certificateChain)' holds no certificate; use PEM")
    }
    let key = try loaded(privateKey, "private key") { try NIOSSLPrivateKey(file: $0, format: .pem) }
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = applicationProtocols
    if let clientRoots {
      _ = try loaded(clientRoots, "client roots") { try NIOSSLCertificate.fromPEMFile($0) }
      configuration.trustRoots = .file(clientRoots)
      configuration.certificateVerification = .noHostnameVerification
    }
    do {
      return try NIOSSLContext(configuration: configuration)
    } catch {
      throw TLSError(
        "certificate '\(certificateChain)' and key '\(privateKey)' cannot be used together: "
          + "\(error); check that the key belongs to the first certificate")
    }
  }

  private func loaded<Value>(
    _ path: String, _ what: String, _ load: (String) throws -> Value
  ) throws(TLSError) -> Value {
    guard FileManager.default.isReadableFile(atPath: path) else {
      throw TLSError("\(what) '\(path)' cannot be read; check the path and its permissions")
    }
    do {
      return try load(path)
    } catch {
      throw TLSError("\(what) '\(path)' is not valid PEM: \(error)")
    }
  }
}
