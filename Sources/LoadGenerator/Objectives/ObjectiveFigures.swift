package import Timing

/// What objectives are judged by: the figures of one run.
package struct ObjectiveFigures: Sendable {
  package var counts: OutcomeCounts
  /// See the histograms of the same names in ``LoadRecording``.
  package var latency: LatencyHistogram
  package var service: LatencyHistogram
  package var refusal: LatencyHistogram
  package var lag: LatencyHistogram
  package var wait: LatencyHistogram
  /// Nanoseconds from the first measured instant to the last answer.
  package var elapsedNanoseconds: Int64
  /// Nanoseconds in which requests were due: the measured time.
  package var dueNanoseconds: Int64
  /// CPU time of the server's process over the run; `nil` if it was not found.
  package var serverCPUNanoseconds: Int64?
  /// The highest resident memory of the server's process, in bytes; `nil` if it was not found.
  package var serverMemoryPeak: UInt64?

  /// - Parameter durationNanoseconds: the measured time that was planned, for a recording that
  ///   does not know in which time its requests were due. `nil` takes the whole run.
  package init(
    recording: LoadRecording, durationNanoseconds: Int64? = nil,
    serverCPUNanoseconds: Int64? = nil, serverMemoryPeak: UInt64? = nil
  ) {
    counts = recording.counts
    latency = recording.latency
    service = recording.service
    refusal = recording.refusal
    lag = recording.lag
    wait = recording.wait
    dueNanoseconds = recording.dueTime(planned: durationNanoseconds ?? .max)
    elapsedNanoseconds = max(0, recording.elapsedNanoseconds, dueNanoseconds)
    self.serverCPUNanoseconds = serverCPUNanoseconds
    self.serverMemoryPeak = serverMemoryPeak
  }

  /// The times that a population holds.
  package func histogram(_ population: ObjectiveMetric.Population) -> LatencyHistogram {
    switch population {
    case .latency: latency
    case .service: service
    case .refusal: refusal
    case .lag: lag
    case .wait: wait
    }
  }

  /// The value of a metric (nanoseconds, share, requests a second, bytes); `nil` if there was
  /// nothing to measure it by.
  package func value(_ metric: ObjectiveMetric) -> Double? {
    switch metric {
    case .time(let population, let statistic):
      let times = histogram(population)
      guard times.count > 0 else { return nil }
      switch statistic {
      case .percentile(let percent): return Double(times.quantile(percent / 100))
      case .mean: return times.mean
      case .max: return Double(times.max)
      }
    case .share(let share):
      return counts.offered > 0 ? Double(count(share)) / Double(counts.offered) : nil
    case .perSecond(.rate): return rate(counts.offered, dueNanoseconds)
    case .perSecond(.throughput): return rate(counts[.ok], elapsedNanoseconds)
    case .perSecond(.goodput): return rate(counts.good, elapsedNanoseconds)
    case .cpu:
      let reached = counts.reachedServer
      guard let used = serverCPUNanoseconds, reached > 0 else { return nil }
      return Double(used) / Double(reached)
    case .residentMemory: return serverMemoryPeak.map { Double($0) }
    }
  }

  private func count(_ share: ObjectiveMetric.Share) -> UInt64 {
    switch share {
    case .goodput: counts.good
    case .late: min(counts.late, counts[.ok])
    case .errors: counts.errors
    case .refused: counts[.refused]
    case .expired: counts[.expired]
    case .failed: counts[.failed]
    case .connection: counts[.connection]
    case .unanswered: counts[.unanswered]
    case .unsent: counts[.unsent]
    }
  }

  private func rate(_ count: UInt64, _ nanoseconds: Int64) -> Double? {
    nanoseconds > 0 ? Double(count) * 1e9 / Double(nanoseconds) : nil
  }
}

extension OutcomeCounts {
  /// Requests that the server answered in some way.
  package var reachedServer: UInt64 {
    self[.ok] + self[.refused] + self[.expired] + self[.failed]
  }
}
