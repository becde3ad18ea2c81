/// The network side and the process.
extension MetricsPage {
  mutating func addListeners(_ gateway: GatewayFigures) {
    let listeners = Self.byName(gateway.listeners).map {
      ($0, Self.label("listener", $0.name))
    }
    family("needletail_connections", .gauge, "Connections open now.")
    for (listener, labels) in listeners { sample(labels, listener.openConnections) }
    family("needletail_connection_limit", .gauge, "The most connections that may be open.")
    for (listener, labels) in listeners where listener.connectionLimit > 0 {
      sample(labels, listener.connectionLimit)
    }
    family("needletail_connections_accepted_total", .counter, "Connections accepted.")
    for (listener, labels) in listeners { sample(labels, listener.acceptedConnections) }
    family(
      "needletail_connections_refused_total", .counter,
      "Connections refused because the limit was reached.")
    for (listener, labels) in listeners { sample(labels, listener.refusedConnections) }
    family("needletail_streams", .gauge, "Requests or streams being answered now.")
    for (listener, labels) in listeners { sample(labels, listener.openStreams) }
    family("needletail_stream_limit", .gauge, "The most streams of one connection.")
    for (listener, labels) in listeners where listener.streamLimit > 0 {
      sample(labels, listener.streamLimit)
    }
    family(
      "needletail_answers_total", .counter,
      "Answers of every kind, by the protocol's own status code.")
    for (listener, labels) in listeners {
      for answer in listener.answers {
        sample("\(labels),status=\"\(answer.status)\"", answer.count)
      }
    }
  }

  /// One entry a protocol: the port and the socket of one count together.
  private static func byName(_ listeners: [GatewayFigures.Listener]) -> [GatewayFigures.Listener] {
    var result: [GatewayFigures.Listener] = []
    for listener in listeners {
      guard let known = result.firstIndex(where: { $0.name == listener.name }) else {
        result.append(listener)
        continue
      }
      result[known].openConnections += listener.openConnections
      result[known].connectionLimit += listener.connectionLimit
      result[known].acceptedConnections += listener.acceptedConnections
      result[known].refusedConnections += listener.refusedConnections
      result[known].openStreams += listener.openStreams
      let answers = (result[known].answers + listener.answers).map { ($0.status, $0.count) }
      result[known].answers = Dictionary(answers, uniquingKeysWith: +)
        .sorted { $0.key < $1.key }.map { (status: $0.key, count: $0.value) }
    }
    return result
  }

  mutating func addServer(_ gateway: GatewayFigures) {
    family("needletail_ready", .gauge, "1 while the readiness probe succeeds.")
    sample("", gateway.isReady ? 1 : 0)
    family(
      "needletail_log_lines_dropped_total", .counter,
      "Log lines lost because the log was written slower than it was filled.")
    sample("", gateway.droppedLogLines)
    family(
      "needletail_traces_dropped_total", .counter,
      "Traces lost because they could not be written fast enough, or at all.")
    sample("", gateway.droppedTraces)
    family("needletail_build_info", .gauge, "Always 1; the version is the label.")
    sample(Self.label("version", gateway.serverVersion), 1)
  }

  mutating func addProcess(_ process: ProcessFigures) {
    family("process_resident_memory_bytes", .gauge, "Resident memory of the process.")
    if let bytes = process.residentBytes { sample("", bytes) }
    family("process_cpu_seconds_total", .counter, "User and system time of the process.")
    if let time = process.cpuSeconds { sample("", time) }
    family("process_open_fds", .gauge, "Open file descriptors.")
    if let count = process.openDescriptors { sample("", count) }
    family("process_max_fds", .gauge, "The most file descriptors the process may open.")
    if let limit = process.descriptorLimit { sample("", limit) }
    family("process_threads", .gauge, "Threads of the process.")
    if let count = process.threads { sample("", count) }
    family("process_start_time_seconds", .gauge, "When the process started, since 1970.")
    sample("", process.startSeconds)
    family("needletail_uptime_seconds", .gauge, "Seconds since the server started.")
    sample("", process.uptimeSeconds)
  }
}
