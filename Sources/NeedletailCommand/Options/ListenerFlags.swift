import ArgumentParser

/// A flag's values as they were written, under the option's key; empty if it was not given.
typealias FlagValues = (key: String, texts: [String])

/// Flags of the listeners. Values are texts: ``OptionTable`` knows their kinds, so that flags and
/// the configuration file are checked by the same rules.
struct ListenerFlags: ParsableArguments {
  @Option(help: "Answer HTTP requests (default: true).")
  var allowHttp: String?
  @Option(help: "Address of the HTTP listener (default: 0.0.0.0).")
  var httpAddress: String?
  @Option(help: "Port of the HTTP listener; 0 takes a free one (default: 8000).")
  var httpPort: String?
  @Option(help: "Unix-domain socket that answers HTTP beside the port.")
  var httpSocket: String?
  @Option(help: "Threads that read and answer requests; 0 is one a core (default: 0).")
  var httpThreadCount: String?
  @Option(help: "Largest HTTP request body in bytes, as sent and decompressed (default: 67108864).")
  var httpMaxInputSize: String?
  @Option(help: "PEM certificate chain: HTTP becomes HTTPS.")
  var httpTlsCertificate: String?
  @Option(help: "PEM private key of --http-tls-certificate.")
  var httpTlsKey: String?
  @Option(help: "PEM roots: HTTPS clients must show a certificate of theirs.")
  var httpTlsClientRoots: String?
  @Option(help: "Answer gRPC requests (default: true).")
  var allowGrpc: String?
  @Option(help: "Address of the gRPC listener (default: 0.0.0.0).")
  var grpcAddress: String?
  @Option(help: "Port of the gRPC listener; 0 takes a free one (default: 8001).")
  var grpcPort: String?
  @Option(help: "Unix-domain socket that answers gRPC beside the port.")
  var grpcSocket: String?
  @Option(help: "Largest gRPC message in bytes (default: 268435456).")
  var grpcMaxMessageSize: String?
  @Option(help: "Compression of gRPC answers: none, low, medium or high (default: none).")
  var grpcInferResponseCompressionLevel: String?
  @Option(help: "PEM certificate chain: gRPC over TLS.")
  var grpcTlsCertificate: String?
  @Option(help: "PEM private key of --grpc-tls-certificate.")
  var grpcTlsKey: String?
  @Option(help: "PEM roots: gRPC clients must show a certificate of theirs.")
  var grpcTlsClientRoots: String?
  @Option(help: "gRPC over TLS with --grpc-server-cert and --grpc-server-key (default: false).")
  var grpcUseSsl: String?
  @Option(help: "PEM certificate chain, used with --grpc-use-ssl=true.")
  var grpcServerCert: String?
  @Option(help: "PEM private key, used with --grpc-use-ssl=true.")
  var grpcServerKey: String?
  @Option(help: "Serve Prometheus metrics (default: true).")
  var allowMetrics: String?
  @Option(help: "Address of the metrics listener (default: that of HTTP).")
  var metricsAddress: String?
  @Option(help: "Port of the metrics listener; 0 takes a free one (default: 8002).")
  var metricsPort: String?

  var values: [FlagValues] {
    let all: [(String, String?)] = [
      ("allow_http", allowHttp), ("http_address", httpAddress), ("http_port", httpPort),
      ("http_socket", httpSocket), ("http_thread_count", httpThreadCount),
      ("http_max_input_size", httpMaxInputSize),
      ("http_tls_certificate", httpTlsCertificate), ("http_tls_key", httpTlsKey),
      ("http_tls_client_roots", httpTlsClientRoots),
      ("allow_grpc", allowGrpc), ("grpc_address", grpcAddress), ("grpc_port", grpcPort),
      ("grpc_socket", grpcSocket), ("grpc_max_message_size", grpcMaxMessageSize),
      ("grpc_infer_response_compression_level", grpcInferResponseCompressionLevel),
      ("grpc_tls_certificate", grpcTlsCertificate), ("grpc_tls_key", grpcTlsKey),
      ("grpc_tls_client_roots", grpcTlsClientRoots),
      ("grpc_use_ssl", grpcUseSsl), ("grpc_server_cert", grpcServerCert),
      ("grpc_server_key", grpcServerKey),
      ("allow_metrics", allowMetrics), ("metrics_address", metricsAddress),
      ("metrics_port", metricsPort),
    ]
    return all.map { (key: $0.0, texts: $0.1.map { [$0] } ?? []) }
  }
}
