private import Foundation
private import Synchronization
private import Timing

/// What the operating system says of this process and its machine; unknown figures are `nil`.
package struct ProcessFigures: Sendable, Equatable {
  /// Resident memory of the process, in bytes.
  package var residentBytes: UInt64?
  /// User plus system time since the start, in seconds.
  package var cpuSeconds: Double?
  package var openDescriptors: Int?
  package var descriptorLimit: UInt64?
  package var threads: Int?
  /// Seconds since the process's figures were first asked for, at start.
  package var uptimeSeconds: Double = 0
  /// Seconds since 1970 of the start.
  package var startSeconds: Double = 0
  /// Memory of the machine, in bytes.
  package var machineMemoryTotal: UInt64?
  package var machineMemoryUsed: UInt64?
  /// The share of the machine's processors that was busy since the last reading, 0 to 1.
  package var machineUtilization: Double?

  package init() {}
}

/// Reads ``ProcessFigures``; one for the process's lifetime. Any thread.
package final class ProcessReader: Sendable {
  private struct Ticks {
    var busy: UInt64 = 0
    var all: UInt64 = 0
  }

  private let startedAt: MonotonicInstant
  private let startSeconds: Double
  private let lastTicks: Mutex<Ticks>

  /// Starts the uptime.
  package init() {
    startedAt = MonotonicInstant.now()
    startSeconds = Date().timeIntervalSince1970
    lastTicks = Mutex(Ticks())
    _ = machineUtilization()
  }

  /// The figures now; a few file reads.
  package func read() -> ProcessFigures {
    var figures = ProcessFigures()
    figures.uptimeSeconds = Double(MonotonicInstant.now().since(startedAt)) / 1e9
    figures.startSeconds = startSeconds
    figures.cpuSeconds = Self.cpuSeconds()
    var limit = rlimit()
    if unsafe getrlimit(Self.descriptorResource, &limit) == 0 {
      figures.descriptorLimit = UInt64(limit.rlim_cur)
    }
    #if os(Linux)
      figures.openDescriptors = try? FileManager.default
        .contentsOfDirectory(atPath: "/proc/self/fd").count
      let status = Self.fields("/proc/self/status")
      figures.residentBytes = status["VmRSS"].map { $0 << 10 }
      figures.threads = status["Threads"].map { Int($0) }
      let memory = Self.fields("/proc/meminfo")
      if let total = memory["MemTotal"], let free = memory["MemAvailable"] {
        figures.machineMemoryTotal = total << 10
        figures.machineMemoryUsed = (total - min(free, total)) << 10
      }
      figures.machineUtilization = machineUtilization()
    #else
      figures.openDescriptors = try? FileManager.default
        .contentsOfDirectory(atPath: "/dev/fd").count
      figures.residentBytes = Self.peakResidentBytes()
      figures.machineMemoryTotal = ProcessInfo.processInfo.physicalMemory
    #endif
    return figures
  }

  private static func cpuSeconds() -> Double? {
    var time = timespec()
    guard unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 else { return nil }
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  #if os(Linux)
    private static var descriptorResource: __rlimit_resource_t {
      __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    }

    /// The `Name: number` lines of a file in `/proc`.
    private static func fields(_ path: String) -> [String: UInt64] {
      guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return [:] }
      var result: [String: UInt64] = [:]
      for line in text.split(separator: "\n") {
        let parts = line.split(separator: ":", maxSplits: 1)
        guard parts.count == 2 else { continue }
        let words = parts[1].split(whereSeparator: { $0 == " " || $0 == "\t" })
        if let number = words.first.flatMap({ UInt64($0) }) { result[String(parts[0])] = number }
      }
      return result
    }
  #else
    private static var descriptorResource: Int32 { RLIMIT_NOFILE }

    /// The largest resident size so far: the nearest figure this system gives without its kernel
    /// interfaces.
    private static func peakResidentBytes() -> UInt64? {
      var usage = rusage()
      guard unsafe getrusage(RUSAGE_SELF, &usage) == 0 else { return nil }
      return UInt64(usage.ru_maxrss)
    }
  #endif

  /// The busy share of all processors between the last call and this one.
  private func machineUtilization() -> Double? {
    guard let text = try? String(contentsOfFile: "/proc/stat", encoding: .utf8),
      let line = text.split(separator: "\n", maxSplits: 1).first
    else { return nil }
    let ticks = line.split(separator: " ").dropFirst().prefix(8).compactMap { UInt64($0) }
    guard ticks.count >= 5 else { return nil }
    let all = ticks.reduce(0, &+)
    let busy = all &- ticks[3] &- ticks[4]
    return lastTicks.withLock { last in
      defer { last = Ticks(busy: busy, all: all) }
      guard all > last.all, busy >= last.busy else { return 0 }
      return Double(busy - last.busy) / Double(all - last.all)
    }
  }
}
