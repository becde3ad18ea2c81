internal import Inference
internal import NIOCore
internal import Timing

/// What the gRPC connections of one event loop share: the port, the buffers, the pending writes.
///
/// Confined to its event loop.
final class GRPCLoop {
  let context: ServerContext
  let limits: GRPCLimits
  let counters: ListenerCounters
  let eventLoop: any EventLoop
  let port: InferencePort
  let output = HTTP2Output()
  let decoder: ModelInferDecoder
  let decisions: GRPCDecisions
  private var unwritten: [GRPCConnection] = []
  private var connections: [ObjectIdentifier: GRPCConnection] = [:]
  private var watches: [ObjectIdentifier: HealthWatchCall] = [:]
  private var sweep: RepeatedTask?

  /// Call on `eventLoop`.
  init(
    context: ServerContext, limits: GRPCLimits, counters: ListenerCounters,
    eventLoop: any EventLoop
  ) {
    self.context = context
    self.limits = limits
    self.counters = counters
    self.eventLoop = eventLoop
    port = context.ports.port(on: eventLoop)
    decoder = ModelInferDecoder(port: port, sharedMemory: context.sharedMemory)
    decisions = GRPCDecisions(ports: context.ports, eventLoop: eventLoop)
  }

  /// Number of open connections of this loop.
  var connectionCount: Int { connections.count }

  /// Writes what `connection` has when this tick ends: once for all answers of the tick.
  func scheduleWrite(_ connection: GRPCConnection) {
    unwritten.append(connection)
    guard unwritten.count == 1 else { return }
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    eventLoop.execute { bound.value.writeAll() }
  }

  private func writeAll() {
    // Writing may close a connection and fail its streams, but schedules nothing that must not
    // wait for the next tick.
    let connections = unwritten
    unwritten.removeAll(keepingCapacity: true)
    for connection in connections { connection.writeScheduled() }
  }

  func add(_ connection: GRPCConnection) {
    connections[ObjectIdentifier(connection)] = connection
    startSweep()
  }

  func remove(_ connection: GRPCConnection) {
    connections[ObjectIdentifier(connection)] = nil
    if connections.isEmpty {
      sweep?.cancel()
      sweep = nil
    }
  }

  func add(_ watch: HealthWatchCall) { watches[ObjectIdentifier(watch)] = watch }
  func remove(_ watch: HealthWatchCall) { watches[ObjectIdentifier(watch)] = nil }

  /// Sends the watched states that changed.
  func readinessChanged() {
    for watch in watches.values { watch.update() }
  }

  /// Tells every client to go elsewhere; what is in flight is finished.
  func announceShutdown() {
    for connection in connections.values { connection.announceShutdown() }
  }

  /// Takes no new requests; each connection closes when its last request is answered.
  func refuseNewStreams() {
    for connection in connections.values { connection.refuseNewStreams() }
  }

  /// Closes every connection now.
  func closeAll() {
    for connection in connections.values { connection.abort() }
  }

  private func startSweep() {
    guard sweep == nil else { return }
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    sweep = eventLoop.scheduleRepeatedTask(
      initialDelay: .nanoseconds(limits.sweepNanoseconds),
      delay: .nanoseconds(limits.sweepNanoseconds)
    ) { _ in bound.value.sweepConnections() }
  }

  private func sweepConnections() {
    let now = MonotonicInstant.now()
    for connection in connections.values { connection.checkTimeouts(now: now) }
    readinessChanged()
  }
}
