private import Foundation
private import Synchronization
private import Timing

/// What went on on the generator's machine during a run. Shares are of all cores' time, 0 to 1.
package struct MachineUsage: Codable, Sendable, Equatable {
  /// The processor as it names itself; empty if it does not.
  package var processor: String
  /// Cores that the system runs on.
  package var cores: Int
  /// Nanoseconds between start and finish.
  package var elapsedNanoseconds: Int64
  /// CPU time of the generator's process, in nanoseconds.
  package var generatorNanoseconds: Int64
  /// Time that was not idle, the hypervisor's share left out; `nil` where the system does not say.
  package var busyShare: Double?
  /// Time that the hypervisor gave to others; `nil` where the system does not say.
  package var stealShare: Double?
  /// Busy time of neither the generator nor the server; `nil` where the system does not say.
  package var otherShare: Double?

  /// What neither the generator nor the server used, the hypervisor's share with it; 0 to 1.
  package var disturbance: Double { (stealShare ?? 0) + (otherShare ?? 0) }
}

/// Reads what this machine does, from Linux's `/proc/stat` in ticks of 10 ms. Any thread.
package final class MachineProbe: Sendable {
  /// The first line of `/proc/stat`, in ticks over all cores.
  struct Ticks: Sendable, Equatable {
    var busy: UInt64
    var steal: UInt64
    var all: UInt64

    /// Reads the text of `/proc/stat`; `nil` if it is not in that form.
    init?(_ text: String) {
      guard let line = text.split(separator: "\n", maxSplits: 1).first, line.hasPrefix("cpu ")
      else { return nil }
      // user nice system idle iowait irq softirq steal; guests are part of user and nice.
      let numbers = line.split(separator: " ").dropFirst().prefix(8).compactMap { UInt64($0) }
      guard numbers.count == 8 else { return nil }
      steal = numbers[7]
      all = numbers.reduce(0, &+)
      busy = all &- numbers[3] &- numbers[4] &- steal
    }
  }

  private struct Reading: Sendable {
    var at: Int64
    var generator: Int64
    var ticks: Ticks?
  }

  private let first = Mutex<Reading?>(nil)
  private let processor: String
  private let cores: Int

  package init() {
    cores = ProcessInfo.processInfo.activeProcessorCount
    processor = Self.processorName(SystemFiles.text("/proc/cpuinfo") ?? "")
  }

  /// Begins the measured time; again to measure anew.
  package func start() {
    let reading = Self.read()
    first.withLock { $0 = reading }
  }

  /// What went on since ``start()``; `nil` without it.
  ///
  /// - Parameters:
  ///   - serverNanoseconds: CPU time of the server in that time, if it runs on this machine.
  package func finish(serverNanoseconds: Int64?) -> MachineUsage? {
    guard let start = first.withLock({ $0 }) else { return nil }
    let end = Self.read()
    let elapsed = max(1, end.at - start.at)
    let generator = max(0, end.generator - start.generator)
    var usage = MachineUsage(
      processor: processor, cores: cores, elapsedNanoseconds: elapsed,
      generatorNanoseconds: generator)
    if let first = start.ticks, let last = end.ticks, last.all > first.all {
      let all = Double(last.all - first.all)
      let busy = Double(last.busy - min(first.busy, last.busy)) / all
      usage.busyShare = busy
      usage.stealShare = Double(last.steal - min(first.steal, last.steal)) / all
      let known = Double(generator + (serverNanoseconds ?? 0)) / (Double(elapsed) * Double(cores))
      usage.otherShare = max(0, busy - known)
    }
    return usage
  }

  private static func read() -> Reading {
    Reading(
      at: MonotonicInstant.now().nanoseconds, generator: ProcessClock.nanoseconds() ?? 0,
      ticks: SystemFiles.text("/proc/stat").flatMap { Ticks($0) })
  }

  /// The `model name` in the text of `/proc/cpuinfo`; empty without one.
  static func processorName(_ text: String) -> String {
    for line in text.split(separator: "\n") where line.hasPrefix("model name") {
      let parts = line.split(separator: ":", maxSplits: 1)
      return parts.count == 2 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
    }
    return ""
  }
}
