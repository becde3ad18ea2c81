private import Synchronization

/// What the server's processes used between ``ServerProbe/start()`` and ``ServerProbe/finish()``.
package struct ServerUsage: Codable, Sendable, Equatable {
  /// The process that listens; the first of several that share the socket.
  package var processIdentifier: Int
  /// Processes that share the socket; all figures are sums over them.
  package var processes: Int
  /// Nanoseconds of CPU time, user and system.
  package var cpuNanoseconds: Int64
  /// Resident memory at the start, in bytes.
  package var residentStart: UInt64
  /// The most resident memory that was seen, in bytes.
  package var residentPeak: UInt64
  /// Threads at the end.
  package var threads: Int
  /// Waits that threads chose; of threads that still run at the end.
  package var voluntarySwitches: UInt64
  /// Times that threads were put aside; of threads that still run at the end.
  package var involuntarySwitches: UInt64
}

/// Reads what a server on this machine uses, from Linux's `/proc`. Any thread; a reading takes a
/// few file reads and a few dozen microseconds a thread of the server.
///
/// Only the processes that hold the listening socket are seen: not their children, and behind a
/// container's forwarded port it is the forwarder.
package final class ServerProbe: Sendable {
  private struct Reading: Sendable {
    var cpuNanoseconds: Int64 = 0
    var resident: UInt64 = 0
    /// The most the processes ever had.
    var highest: UInt64 = 0
    var threads = 0
    var voluntary: UInt64 = 0
    var involuntary: UInt64 = 0
  }

  private struct State: Sendable {
    var first: Reading?
    var peak: UInt64 = 0
  }

  private let processes: [Int]
  private let state = Mutex(State())

  /// A probe of the processes that listen at `endpoint`; `nil` if they are on another machine or
  /// may not be looked at. May block for a name look-up.
  package convenience init?(endpoint: TargetEndpoint) {
    // The kernel's table may skip an entry while sockets come and go, and a process just forked may
    // hold the socket for a moment: look again.
    var processes: [Int] = []
    for _ in 0..<3 {
      processes = ListenerSearch.processes(at: endpoint).filter(Self.isReadable)
      if !processes.isEmpty { break }
    }
    self.init(processes: processes)
  }

  private static func isReadable(_ process: Int) -> Bool {
    ProcessClock.nanoseconds(of: process) != nil
      && SystemFiles.text("/proc/\(process)/status").map { $0.contains("VmRSS:") } ?? false
  }

  /// A probe of one process of this machine; `nil` if it cannot be read.
  package convenience init?(processIdentifier: Int) {
    self.init(processes: [processIdentifier])
  }

  private init?(processes: [Int]) {
    self.processes = processes
    guard !processes.isEmpty, read() != nil else { return nil }
  }

  /// The process that listens.
  package var processIdentifier: Int { processes[0] }

  /// Begins the measured time; again to measure anew.
  package func start() {
    let reading = read()
    state.withLock { $0 = State(first: reading, peak: reading?.resident ?? 0) }
  }

  /// Looks at the memory in between.
  package func sample() {
    guard let reading = read() else { return }
    state.withLock { $0.peak = max($0.peak, reading.resident) }
  }

  /// What was used since ``start()``; `nil` without it, or if the server has gone.
  package func finish() -> ServerUsage? {
    guard let last = read() else { return nil }
    return state.withLock { state in
      guard let first = state.first else { return nil }
      // The kernel's own mark is exact, but only if it was reached since the start.
      let peak = last.highest > first.highest ? last.highest : max(state.peak, last.resident)
      return ServerUsage(
        processIdentifier: processes[0], processes: processes.count,
        cpuNanoseconds: max(0, last.cpuNanoseconds - first.cpuNanoseconds),
        residentStart: first.resident, residentPeak: peak, threads: last.threads,
        voluntarySwitches: last.voluntary - min(first.voluntary, last.voluntary),
        involuntarySwitches: last.involuntary - min(first.involuntary, last.involuntary))
    }
  }

  /// The sums over all processes; `nil` if none can be read.
  private func read() -> Reading? {
    var sum = Reading()
    var count = 0
    for process in processes {
      let folder = "/proc/\(process)"
      guard let cpu = ProcessClock.nanoseconds(of: process),
        let status = SystemFiles.text(folder + "/status"),
        let resident = SystemFiles.number("VmRSS", in: status)
      else { continue }
      count += 1
      sum.cpuNanoseconds += cpu
      sum.resident += resident << 10
      sum.highest += (SystemFiles.number("VmHWM", in: status) ?? resident) << 10
      sum.threads += Int(SystemFiles.number("Threads", in: status) ?? 0)
      for task in SystemFiles.names(in: folder + "/task") {
        guard let text = SystemFiles.text(folder + "/task/\(task)/status") else { continue }
        sum.voluntary += SystemFiles.number("voluntary_ctxt_switches", in: text) ?? 0
        sum.involuntary += SystemFiles.number("nonvoluntary_ctxt_switches", in: text) ?? 0
      }
    }
    return count > 0 ? sum : nil
  }
}
