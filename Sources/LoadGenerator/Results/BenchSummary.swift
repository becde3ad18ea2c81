/// The figures of one run that fit on a page.
package struct BenchSummary: Codable, Sendable, Equatable {
  /// Nanoseconds from the first measured instant to the last answer or the end of the measured
  /// time, whichever is later.
  package var elapsedNanoseconds: Int64
  /// Nanoseconds of it in which requests became due.
  package var dueNanoseconds: Int64
  package var counts: CountFigures
  /// Requests due a second of ``dueNanoseconds``.
  package var offeredRate: Double
  /// Successes a second of ``elapsedNanoseconds``.
  package var throughput: Double
  /// Successes inside their deadline a second of ``elapsedNanoseconds``.
  package var goodput: Double
  /// Successes from the intended send.
  package var latency: LatencyFigures
  /// The same requests from the actual send.
  package var service: LatencyFigures
  /// Refusals and expiries, from the intended send.
  package var refusal: LatencyFigures
  /// The generator's own lag.
  package var lag: LatencyFigures
  /// The wait for a free connection.
  package var wait: LatencyFigures
  package var bytesSent: UInt64
  package var bytesReceived: UInt64
  package var connectionsOpened: Int
  package var connectionsLost: Int

  /// - Parameter durationNanoseconds: as planned, for a recording that does not know in which time
  ///   its requests were due; 0 takes the whole run.
  package init(_ recording: LoadRecording, durationNanoseconds: Int64) {
    dueNanoseconds = recording.dueTime(
      planned: durationNanoseconds > 0 ? durationNanoseconds : .max)
    // The last answer may come before the arrival that would have been one too many.
    elapsedNanoseconds = max(0, recording.elapsedNanoseconds, dueNanoseconds)
    counts = CountFigures(recording.counts)
    let elapsed = Double(elapsedNanoseconds) / 1e9
    offeredRate =
      dueNanoseconds > 0 ? Double(counts.offered) * 1e9 / Double(dueNanoseconds) : 0
    throughput = elapsed > 0 ? Double(counts.ok) / elapsed : 0
    goodput = elapsed > 0 ? Double(counts.good) / elapsed : 0
    latency = LatencyFigures(recording.latency)
    service = LatencyFigures(recording.service)
    refusal = LatencyFigures(recording.refusal)
    lag = LatencyFigures(recording.lag)
    wait = LatencyFigures(recording.wait)
    bytesSent = recording.bytesSent
    bytesReceived = recording.bytesReceived
    connectionsOpened = recording.connectionsOpened
    connectionsLost = recording.connectionsLost
  }

  private enum CodingKeys: String, CodingKey {
    case counts, throughput, goodput, latency, service, refusal, lag, wait
    case elapsedNanoseconds = "elapsed_ns"
    case dueNanoseconds = "due_ns"
    case offeredRate = "offered_rate"
    case bytesSent = "bytes_sent"
    case bytesReceived = "bytes_received"
    case connectionsOpened = "connections_opened"
    case connectionsLost = "connections_lost"
  }
}
