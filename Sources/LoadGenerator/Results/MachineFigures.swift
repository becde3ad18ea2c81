/// What the server's process used during the measured time; known only on its own machine.
package struct ServerFigures: Codable, Sendable, Equatable {
  package var processIdentifier: Int
  /// Nanoseconds of CPU time.
  package var cpuNanoseconds: Int64
  /// Resident memory, in bytes, at the start and at its highest.
  package var memoryStart: UInt64
  package var memoryPeak: UInt64
  package var threads: Int
  /// Waits that the server's threads chose, and times they were put aside.
  package var voluntarySwitches: UInt64
  package var involuntarySwitches: UInt64

  package init(
    processIdentifier: Int, cpuNanoseconds: Int64, memoryStart: UInt64, memoryPeak: UInt64,
    threads: Int, voluntarySwitches: UInt64, involuntarySwitches: UInt64
  ) {
    self.processIdentifier = processIdentifier
    self.cpuNanoseconds = cpuNanoseconds
    self.memoryStart = memoryStart
    self.memoryPeak = memoryPeak
    self.threads = threads
    self.voluntarySwitches = voluntarySwitches
    self.involuntarySwitches = involuntarySwitches
  }

  /// Nanoseconds of CPU for each request that reached the server; `nil` if none did.
  package func cpuPerRequest(_ counts: CountFigures) -> Double? {
    let reached =
      Double(counts.ok) + Double(counts.refused) + Double(counts.expired)
      + Double(counts.failed)
    return reached > 0 ? Double(cpuNanoseconds) / reached : nil
  }

  private enum CodingKeys: String, CodingKey {
    case threads
    case processIdentifier = "pid"
    case cpuNanoseconds = "cpu_ns"
    case memoryStart = "memory_start_bytes"
    case memoryPeak = "memory_peak_bytes"
    case voluntarySwitches = "voluntary_switches"
    case involuntarySwitches = "involuntary_switches"
  }
}

/// The machine that the load came from, and what else went on there.
package struct MachineFigures: Codable, Sendable, Equatable {
  /// The processor as it names itself.
  package var processor: String
  package var cores: Int
  /// The part of all cores' time, 0 to 1, that the hypervisor gave to others.
  package var stealShare: Double
  /// The part of all cores' time, 0 to 1, that neither the generator nor the server used.
  package var otherShare: Double

  package init(processor: String, cores: Int, stealShare: Double, otherShare: Double) {
    self.processor = processor
    self.cores = cores
    self.stealShare = stealShare
    self.otherShare = otherShare
  }

  private enum CodingKeys: String, CodingKey {
    case processor, cores
    case stealShare = "steal_share"
    case otherShare = "other_share"
  }
}

/// Whether the generator itself could keep up.
package struct GeneratorFigures: Codable, Sendable, Equatable {
  /// Nanoseconds of CPU time of all its threads.
  package var cpuNanoseconds: Int64
  /// The busiest sending thread's part of one core, 0 to 1.
  package var busiestThreadShare: Double
  /// Whether the figures say more of the generator than of the server.
  package var isBottleneck: Bool
  /// Why, and what to do; one sentence each.
  package var remarks: [String]

  package init(
    cpuNanoseconds: Int64, busiestThreadShare: Double, isBottleneck: Bool, remarks: [String]
  ) {
    self.cpuNanoseconds = cpuNanoseconds
    self.busiestThreadShare = busiestThreadShare
    self.isBottleneck = isBottleneck
    self.remarks = remarks
  }

  private enum CodingKeys: String, CodingKey {
    case remarks
    case cpuNanoseconds = "cpu_ns"
    case busiestThreadShare = "busiest_thread_share"
    case isBottleneck = "is_bottleneck"
  }
}

/// What became of one objective.
package struct VerdictFigures: Codable, Sendable, Equatable {
  /// How it went.
  package enum State: String, Codable, Sendable {
    case held
    case missed
    case notMeasured = "not_measured"
  }

  /// The objective as it was written, for example `p99.9<5ms`.
  package var objective: String
  package var state: State
  /// What was measured, for example `4.21 ms`; empty if it was not.
  package var measured: String

  package init(objective: String, state: State, measured: String) {
    self.objective = objective
    self.state = state
    self.measured = measured
  }
}
