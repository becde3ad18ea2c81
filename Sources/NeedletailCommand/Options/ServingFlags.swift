import ArgumentParser

/// Flags of models and their execution; values are texts, as in ``ListenerFlags``.
struct ModelFlags: ParsableArguments {
  @Option(
    name: [.long, .customLong("model-store")],
    help: "Folder of models, laid out as Triton's; repeat for several.")
  var modelRepository: [String] = []
  @Option(
    help: ArgumentHelp(
      "Who decides what is loaded: none (all at start), poll (follow the folder) or explicit "
        + "(by request) (default: none)."))
  var modelControlMode: String?
  @Option(help: "Seconds between looks at the folder in mode poll (default: 15).")
  var repositoryPollSecs: String?
  @Option(help: "Model to load at start in mode explicit; '*' is all. Repeat for several.")
  var loadModel: [String] = []
  @Option(help: "Models that load at the same time (default: 4).")
  var modelLoadThreadCount: String?
  @Option(help: "Exit if a model cannot be loaded at start (default: true).")
  var exitOnError: String?
  @Option(help: "Be ready only while every model is (default: true).")
  var strictReadiness: String?
  @Flag(help: "Require complete model configurations.")
  var disableAutoCompleteConfig = false
  @Option(
    help: ArgumentHelp(
      "Where models run: auto (measured), inline (on the event loop) or threads (default: auto)."))
  var execution: String?
  @Option(help: "Deadline of requests that bring none, in milliseconds; 0 is none (default: 0).")
  var defaultTimeoutMs: String?
  @Option(help: "Rows that may wait for one model version (default: 16384).")
  var maxQueueRows: String?
  @Option(help: "Input bytes that may wait for one model version (default: 268435456).")
  var maxQueueBytes: String?
  @Option(help: "Path of the ONNX Runtime library (default: looked for in the usual places).")
  var onnxruntimeLibrary: String?

  var values: [FlagValues] {
    let all: [(String, String?)] = [
      ("model_control_mode", modelControlMode), ("repository_poll_secs", repositoryPollSecs),
      ("model_load_thread_count", modelLoadThreadCount), ("exit_on_error", exitOnError),
      ("strict_readiness", strictReadiness),
      ("disable_auto_complete_config", disableAutoCompleteConfig ? "true" : nil),
      ("execution", execution), ("default_timeout_ms", defaultTimeoutMs),
      ("max_queue_rows", maxQueueRows), ("max_queue_bytes", maxQueueBytes),
      ("onnxruntime_library", onnxruntimeLibrary),
    ]
    return [("model_repository", modelRepository), ("load_model", loadModel)]
      + all.map { (key: $0.0, texts: $0.1.map { [$0] } ?? []) }
  }
}

/// Flags of limits, logs, traces and the way to the end; values as in ``ListenerFlags``.
struct OperationFlags: ParsableArguments {
  @Option(help: "Connections open at one time, for each protocol (default: 8192).")
  var maxConnections: String?
  @Option(help: "Streams of one gRPC connection (default: 1024).")
  var maxStreams: String?
  @Option(help: "Let clients register system shared memory (default: true).")
  var allowClientShm: String?
  @Option(
    name: [.customLong("id"), .customLong("server-id")],
    help: "The server's name in its metadata (default: needletail).")
  var id: String?
  @Option(help: "Seconds of serving on after SIGTERM, with readiness false (default: 0).")
  var drainSeconds: String?
  @Option(help: "Seconds to wait for requests in flight when exiting (default: 30).")
  var exitTimeoutSecs: String?
  @Option(help: "Send the stages of a request in Server-Timing (default: true).")
  var serverTiming: String?
  @Option(help: "Detail of the log: 0 none, 1 debug, 2 trace (default: 0).")
  var logVerbose: String?
  @Option(help: "Log information (default: true).")
  var logInfo: String?
  @Option(help: "Log warnings (default: true).")
  var logWarning: String?
  @Option(help: "Log errors (default: true).")
  var logError: String?
  @Option(help: "Layout of log lines: default, ISO8601 or json (default: default).")
  var logFormat: String?
  @Option(help: "File of the log (default: the standard error stream).")
  var logFile: String?
  @Option(
    help: ArgumentHelp(
      "Trace setting: level=TIMESTAMPS, rate=N, count=N, triton,file=PATH or "
        + "triton,log-frequency=N. Repeat for several."))
  var traceConfig: [String] = []

  var values: [FlagValues] {
    let all: [(String, String?)] = [
      ("max_connections", maxConnections), ("max_streams", maxStreams),
      ("allow_client_shm", allowClientShm), ("id", id), ("drain_seconds", drainSeconds),
      ("exit_timeout_secs", exitTimeoutSecs), ("server_timing", serverTiming),
      ("log_verbose", logVerbose), ("log_info", logInfo), ("log_warning", logWarning),
      ("log_error", logError), ("log_format", logFormat), ("log_file", logFile),
    ]
    return [("trace_config", traceConfig)]
      + all.map { (key: $0.0, texts: $0.1.map { [$0] } ?? []) }
  }
}
