internal import Timing

/// Whether the generator kept up with its own schedule: if it did not, the figures say more of it
/// than of the server.
package struct GeneratorHealth: Sendable, Equatable {
  /// The part of one core that the busiest sending thread used, 0 to 1.
  package var busiestThreadShare: Double
  /// CPU time of all sending threads in the measured time, in nanoseconds.
  package var cpuNanoseconds: Int64
  /// From the intended send to the moment it was noticed, in nanoseconds; 0 in a closed loop.
  package var lagP50: Int64
  package var lagP99: Int64
  package var lagMax: Int64
  /// The part of the arrivals, 0 to 1, that was noticed more than 1 ms late.
  package var lateShare: Double
  /// Whether the generator was the bottleneck.
  package var isBottleneck: Bool
  /// What speaks for that, and what to do; empty if there is nothing to say.
  package var remarks: [String]

  /// Judges a finished run.
  ///
  /// The generator was the bottleneck if a thread was busy more than 90 % of its time, or its lag's
  /// p99 exceeds 1 ms and a tenth of the median latency. An arrival that is due is always counted,
  /// so no arrival can go missing unseen.
  package init(_ recording: LoadRecording, threads: [ThreadUsage]) {
    busiestThreadShare = threads.map(\.share).max() ?? 0
    cpuNanoseconds = threads.reduce(0) { $0 + $1.cpuNanoseconds }
    let lag = recording.lag
    lagP50 = lag.quantile(0.5)
    lagP99 = lag.quantile(0.99)
    lagMax = lag.max
    let onTime = lag.cumulativeCounts(at: [1_000_000])[0]
    lateShare = lag.count > 0 ? 1 - Double(onTime) / Double(lag.count) : 0
    remarks = []
    if busiestThreadShare > 0.9 {
      remarks.append(
        "a sending thread used \(Self.percent(busiestThreadShare)) of its core; send from more "
          + "threads or machines")
    }
    if lagP99 > max(1_000_000, recording.latency.quantile(0.5) / 10) {
      remarks.append(
        "1 % of the requests were noticed \(DurationText.format(lagP99)) late or more; give the "
          + "generator a core of its own")
    }
    isBottleneck = !remarks.isEmpty
    let unsent = recording.counts[.unsent]
    if unsent > 0 {
      remarks.append(
        "\(unsent) requests found no free connection in time; allow more connections, or take it "
          + "as the server's limit")
    }
  }

  /// Adds the health of another round of the same load: the generator kept up if it did in each.
  package mutating func merge(_ other: GeneratorHealth) {
    busiestThreadShare = max(busiestThreadShare, other.busiestThreadShare)
    cpuNanoseconds += other.cpuNanoseconds
    lagP50 = max(lagP50, other.lagP50)
    lagP99 = max(lagP99, other.lagP99)
    lagMax = max(lagMax, other.lagMax)
    lateShare = max(lateShare, other.lateShare)
    // The same remark with other figures would only fill the page: the first of the kind stays.
    if !isBottleneck, other.isBottleneck || remarks.isEmpty { remarks = other.remarks }
    isBottleneck = isBottleneck || other.isBottleneck
  }

  private static func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }
}
