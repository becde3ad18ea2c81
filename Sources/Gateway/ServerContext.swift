package import Decisions
package import Inference
package import Logging
package import ModelStore
package import Monitoring
private import Synchronization

/// What the HTTP and the gRPC side share: the engine, the store, settings, and the server's state.
///
/// Any thread.
package final class ServerContext: Sendable {
  /// The way of the server from start to end; it only ever moves forward.
  package enum Lifecycle: UInt8, Sendable, Comparable {
    case starting, serving, draining

    package static func < (a: Lifecycle, b: Lifecycle) -> Bool { a.rawValue < b.rawValue }
  }

  /// Choices of the operator; fixed at start.
  package struct Options: Sendable {
    package var identity: ServerIdentity
    package var limits = GatewayLimits()
    /// Whether answers carry a `Server-Timing` header.
    package var sendsServerTiming = true
    /// Whether the server is ready only while every model that should be loaded is.
    package var isReadinessStrict = true
    /// Whether clients may register shared memory.
    package var allowsSharedMemory = true

    package init(identity: ServerIdentity) { self.identity = identity }
  }

  package let engine: InferenceEngine
  package let store: ModelStore
  package let logs: LogControl
  package let traces: TraceControl
  package let requestLog: RequestLog
  package let options: Options
  package let sharedMemory: SharedMemoryRegistry
  package let ports: EventLoopPorts
  /// What requests on their way hold together.
  package let requestBytes: ByteBudget
  package let logger: Logger
  /// Runs what may wait for a disk.
  package let reads = BoundedReads()
  /// Reads what the system says of this process.
  package let process = ProcessReader()

  private let state = Atomic<UInt8>(Lifecycle.starting.rawValue)
  private let listeners = Mutex<[ListenerCounters]>([])

  package init(
    engine: InferenceEngine, store: ModelStore, logs: LogControl, traces: TraceControl,
    options: Options, logger: Logger
  ) {
    self.engine = engine
    self.store = store
    self.logs = logs
    self.traces = traces
    requestLog = RequestLog(logs: logs)
    self.options = options
    self.logger = logger
    sharedMemory = SharedMemoryRegistry(
      isAllowed: options.allowsSharedMemory, regionsMax: options.limits.sharedMemoryRegionsMax)
    ports = EventLoopPorts(engine: engine)
    requestBytes = ByteBudget(limit: options.limits.requestBytesMax)
  }

  package var limits: GatewayLimits { options.limits }

  /// The decision pipelines; `nil` before ``serve(_:)``, and if none is served.
  package var decisions: DecisionHost? { ports.decisions }

  /// Serves decision pipelines, once, before ``markServing()``.
  package func serve(_ decisions: DecisionHost) { ports.serve(decisions) }

  /// Where the server is on its way.
  package var lifecycle: Lifecycle {
    Lifecycle(rawValue: state.load(ordering: .acquiring)) ?? .draining
  }

  /// The models that should be there at start have been tried: readiness may become true.
  package func markServing() {
    _ = state.max(Lifecycle.serving.rawValue, ordering: .acquiringAndReleasing)
  }

  /// The server is about to stop: readiness is false from now on, answers close connections.
  package func markDraining() {
    _ = state.max(Lifecycle.draining.rawValue, ordering: .acquiringAndReleasing)
  }

  /// Whether the process answers at all.
  package var isLive: Bool { true }

  /// Whether traffic should be sent here.
  package func isReady() async -> Bool {
    guard lifecycle == .serving, decisions?.isHealthy ?? true else { return false }
    guard options.isReadinessStrict else { return true }
    return await store.allReady()
  }

  /// Adds a listener's counters to the metrics page.
  package func add(_ counters: ListenerCounters) {
    listeners.withLock { $0.append(counters) }
  }

  /// What the network side knows of itself at this moment.
  package func figures() async -> GatewayFigures {
    var figures = GatewayFigures()
    figures.listeners = listeners.withLock { $0 }.map(\.figures)
    figures.isReady = await isReady()
    figures.droppedLogLines = logs.dropped
    figures.droppedTraces = traces.dropped
    figures.serverVersion = options.identity.version
    if let decisions { figures.decisions = DecisionFigures(decisions, ports.decisionCounts()) }
    return figures
  }
}
