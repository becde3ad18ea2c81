package import Timing

/// What one side measured in one round, or in one window of a run.
package struct ComparisonSample: Sendable {
  /// Successes from the intended send.
  package var latency: LatencyHistogram
  package var counts: OutcomeCounts
  /// Nanoseconds it lasted.
  package var elapsedNanoseconds: Int64
  /// CPU time of the server's process; `nil` if it is not known.
  package var serverCPUNanoseconds: Int64?

  package init(
    latency: LatencyHistogram, counts: OutcomeCounts, elapsedNanoseconds: Int64,
    serverCPUNanoseconds: Int64? = nil
  ) {
    self.latency = latency
    self.counts = counts
    self.elapsedNanoseconds = max(0, elapsedNanoseconds)
    self.serverCPUNanoseconds = serverCPUNanoseconds
  }

  /// One round.
  package init(_ recording: LoadRecording, serverCPUNanoseconds: Int64? = nil) {
    self.init(
      latency: recording.latency, counts: recording.counts,
      elapsedNanoseconds: recording.elapsedNanoseconds, serverCPUNanoseconds: serverCPUNanoseconds)
  }

  /// The windows of one run; the CPU time, known only for the run as a whole, is left out.
  package static func windows(
    _ recording: LoadRecording, windowNanoseconds: Int64
  ) -> [ComparisonSample] {
    let due = recording.dueTime(planned: .max)
    return recording.windows.enumerated().map { index, window in
      ComparisonSample(
        latency: window.latency, counts: window.counts,
        elapsedNanoseconds: windowLength(index, of: windowNanoseconds, in: due))
    }
  }

  /// Nanoseconds of the window at `index` of a run whose requests were due in `due` nanoseconds:
  /// the last one is as long as there was something due in it, however long its answers took.
  package static func windowLength(_ index: Int, of width: Int64, in due: Int64) -> Int64 {
    let (start, overflow) = Int64(index).multipliedReportingOverflow(by: width)
    return overflow ? 1 : max(1, min(width, due - start))
  }

  /// Adds a neighbour; histograms of one precision.
  mutating func merge(_ other: ComparisonSample) {
    latency.merge(other.latency)
    counts.merge(other.counts)
    elapsedNanoseconds += other.elapsedNanoseconds
    if let used = other.serverCPUNanoseconds {
      serverCPUNanoseconds = serverCPUNanoseconds.map { $0 + used }
    } else {
      serverCPUNanoseconds = nil
    }
  }
}
