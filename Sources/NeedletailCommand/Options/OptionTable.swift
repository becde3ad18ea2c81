import Monitoring

/// One option: its key in the configuration file, its kind, and where its value goes.
///
/// The flag is the key with `-` for `_`, so the two cannot drift apart.
struct OptionDescription {
  /// What values an option takes, and the field of ``ServerOptions`` they are written to.
  enum Kind {
    case flag(WritableKeyPath<ServerOptions, Bool>)
    case number(WritableKeyPath<ServerOptions, Int>, ClosedRange<Int>)
    case text(WritableKeyPath<ServerOptions, String>)
    case choice(WritableKeyPath<ServerOptions, String>, [String])
    case file(WritableKeyPath<ServerOptions, String>)
    case texts(WritableKeyPath<ServerOptions, [String]>)
  }

  let key: String
  let kind: Kind

  init(_ key: String, _ kind: Kind) {
    self.key = key
    self.kind = kind
  }
}

/// Every option there is.
enum OptionTable {
  static var all: [OptionDescription] {
    listeners + repository + decisions + execution + limits + lifecycle + observation
  }

  private static let port = 0...65_535

  private static var listeners: [OptionDescription] {
    [
      OptionDescription("allow_http", .flag(\.http.isAllowed)),
      OptionDescription("http_address", .text(\.http.address)),
      OptionDescription("http_port", .number(\.http.port, port)),
      OptionDescription("http_socket", .text(\.http.socket)),
      OptionDescription("http_thread_count", .number(\.threadCount, 0...1_024)),
      OptionDescription("http_max_input_size", .number(\.httpMaxInputSize, 1_024...(1 << 29))),
      OptionDescription("http_tls_certificate", .file(\.http.certificate)),
      OptionDescription("http_tls_key", .file(\.http.key)),
      OptionDescription("http_tls_client_roots", .file(\.http.clientRoots)),
      OptionDescription("allow_grpc", .flag(\.grpc.isAllowed)),
      OptionDescription("grpc_address", .text(\.grpc.address)),
      OptionDescription("grpc_port", .number(\.grpc.port, port)),
      OptionDescription("grpc_socket", .text(\.grpc.socket)),
      OptionDescription(
        "grpc_max_message_size", .number(\.grpcMaxMessageSize, 1_024...Int(Int32.max))),
      OptionDescription(
        "grpc_infer_response_compression_level",
        .choice(\.grpcCompression, ["none", "low", "medium", "high"])),
      OptionDescription("grpc_tls_certificate", .file(\.grpc.certificate)),
      OptionDescription("grpc_tls_key", .file(\.grpc.key)),
      OptionDescription("grpc_tls_client_roots", .file(\.grpc.clientRoots)),
      OptionDescription("grpc_use_ssl", .flag(\.grpcUseSSL)),
      OptionDescription("grpc_server_cert", .file(\.grpcServerCertificate)),
      OptionDescription("grpc_server_key", .file(\.grpcServerKey)),
      OptionDescription("allow_metrics", .flag(\.metrics.isAllowed)),
      OptionDescription("metrics_address", .text(\.metrics.address)),
      OptionDescription("metrics_port", .number(\.metrics.port, port)),
    ]
  }

  private static var repository: [OptionDescription] {
    [
      OptionDescription("model_repository", .texts(\.modelRepositories)),
      OptionDescription(
        "model_control_mode", .choice(\.modelControlMode, ["none", "poll", "explicit"])),
      OptionDescription("repository_poll_secs", .number(\.repositoryPollSeconds, 1...86_400)),
      OptionDescription("load_model", .texts(\.loadModels)),
      OptionDescription("model_load_thread_count", .number(\.modelLoadThreads, 1...256)),
      OptionDescription("exit_on_error", .flag(\.exitsOnError)),
      OptionDescription("strict_readiness", .flag(\.isReadinessStrict)),
      OptionDescription("disable_auto_complete_config", .flag(\.disablesAutoComplete)),
    ]
  }

  private static var decisions: [OptionDescription] {
    [
      OptionDescription("pipeline", .texts(\.pipelines)),
      OptionDescription("state", .text(\.stateFolder)),
      OptionDescription("rebuild_features", .flag(\.rebuildsFeatures)),
      OptionDescription("keep_records", .text(\.keepRecords)),
    ]
  }

  private static var execution: [OptionDescription] {
    [
      OptionDescription("execution", .choice(\.execution, ["auto", "inline", "threads"])),
      OptionDescription(
        "default_timeout_ms", .number(\.defaultTimeoutMilliseconds, 0...86_400_000)),
      OptionDescription("max_queue_rows", .number(\.maxQueueRows, 1...(1 << 30))),
      OptionDescription("max_queue_bytes", .number(\.maxQueueBytes, 1_024...(1 << 29))),
      OptionDescription("onnxruntime_library", .file(\.onnxRuntimeLibrary)),
    ]
  }

  private static var limits: [OptionDescription] {
    [
      OptionDescription("max_connections", .number(\.maxConnections, 1...1_000_000)),
      OptionDescription("max_streams", .number(\.maxStreams, 1...100_000)),
      OptionDescription("allow_client_shm", .flag(\.allowsSharedMemory)),
    ]
  }

  private static var lifecycle: [OptionDescription] {
    [
      OptionDescription("id", .text(\.serverName)),
      OptionDescription("drain_seconds", .number(\.drainSeconds, 0...3_600)),
      OptionDescription("exit_timeout_secs", .number(\.exitTimeoutSeconds, 0...86_400)),
    ]
  }

  private static var observation: [OptionDescription] {
    [
      OptionDescription("server_timing", .flag(\.sendsServerTiming)),
      OptionDescription("log_verbose", .number(\.logVerbose, 0...Int(Int32.max))),
      OptionDescription("log_info", .flag(\.log.logInfo)),
      OptionDescription("log_warning", .flag(\.log.logWarning)),
      OptionDescription("log_error", .flag(\.log.logError)),
      OptionDescription("log_format", .choice(\.log.format, ["default", "ISO8601", "json"])),
      OptionDescription("log_file", .text(\.log.logFile)),
      OptionDescription("trace_config", .texts(\.traceConfig)),
    ]
  }
}
