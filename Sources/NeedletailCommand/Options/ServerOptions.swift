import ModelStore
import Monitoring

/// Everything an operator can choose, with its defaults. Filled from flags and the configuration
/// file through ``OptionTable``, checked as a whole by ``ServerOptions/problems(_:)``.
struct ServerOptions: Sendable, Equatable {
  /// One protocol's way in.
  struct Listener: Sendable, Equatable {
    var isAllowed = true
    var address: String
    var port: Int
    /// A Unix-domain socket served beside the port; empty for none.
    var socket = ""
    /// PEM files; both or none.
    var certificate = ""
    var key = ""
    /// PEM roots; with them every client must show a certificate.
    var clientRoots = ""
  }

  var modelRepositories: [String] = []
  var http = Listener(address: "0.0.0.0", port: 8000)
  var grpc = Listener(address: "0.0.0.0", port: 8001)
  /// An empty address follows the HTTP listener's.
  var metrics = Listener(address: "", port: 8002)
  /// Threads that read and answer requests; 0 for one a core.
  var threadCount = 0
  var httpMaxInputSize = 64 << 20
  var grpcMaxMessageSize = 256 << 20
  /// `none`, `low`, `medium` or `high`.
  var grpcCompression = "none"
  /// Triton's switch; the certificate flags alone switch TLS on too.
  var grpcUseSSL = false
  var grpcServerCertificate = ""
  var grpcServerKey = ""

  /// `none`, `poll` or `explicit`.
  var modelControlMode = "none"
  var repositoryPollSeconds = 15
  var loadModels: [String] = []
  var modelLoadThreads = 4
  var exitsOnError = true
  var isReadinessStrict = true
  var disablesAutoComplete = false
  /// What the configuration file says of single models.
  var models: [String: ModelSettings] = [:]

  /// Files of decision pipelines.
  var pipelines: [String] = []
  /// The folder of feature state and records; empty for none.
  var stateFolder = ""
  var rebuildsFeatures = false
  /// As written, such as `90d`; empty for ever.
  var keepRecords = ""

  /// `auto`, `inline` or `threads`.
  var execution = "auto"
  var defaultTimeoutMilliseconds = 0
  var maxQueueRows = 16_384
  var maxQueueBytes = 256 << 20
  var onnxRuntimeLibrary = ""

  var maxConnections = 8_192
  var maxStreams = 1_024
  var allowsSharedMemory = true
  var sendsServerTiming = true
  var serverName = "needletail"
  var drainSeconds = 0
  var exitTimeoutSeconds = 30

  var log = LogSettings()
  var logVerbose = 0
  /// `setting=value` or `triton,setting=value`, as the flag takes them.
  var traceConfig: [String] = []

  /// The metrics listener's address, once the HTTP one is known.
  var metricsAddress: String { metrics.address.isEmpty ? http.address : metrics.address }
}
