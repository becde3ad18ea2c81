private import Foundation
private import Synchronization

/// Writes traces to files from a thread of its own. Every file is a whole JSON array after each
/// write, so it can be read while the server runs.
final class TraceFiles: Sendable {
  private struct State {
    var isStarted = false
    var nextNumber = 0
  }

  /// Bytes that may wait to be written.
  private static let backlogBytesMax = 8 << 20

  private let path: String
  private let queue = DispatchQueue(label: "needletail.traces")
  private let state = Mutex(State())
  private let backlog = Atomic<Int>(0)
  private let lost = Atomic<UInt64>(0)
  private let report: @Sendable (String) -> Void

  /// - Parameter report: told of each file that could not be written.
  init(path: String, report: @escaping @Sendable (String) -> Void) {
    self.path = path
    self.report = report
  }

  /// Traces lost so far: written slower than sampled, or the file could not be written.
  var dropped: UInt64 { lost.load(ordering: .relaxed) }

  /// Takes what a sampler hands out; never waits for the disk.
  func write(_ flush: TraceSampler.Flush) {
    let (bytes, traces, isNumbered) =
      switch flush {
      case .numbered(let bytes, let traces): (bytes, traces, true)
      case .whole(let bytes, let traces): (bytes, traces, false)
      }
    let waiting = backlog.add(bytes.count, ordering: .relaxed).newValue
    guard waiting <= Self.backlogBytesMax else {
      backlog.subtract(bytes.count, ordering: .relaxed)
      lost.add(UInt64(traces), ordering: .relaxed)
      return
    }
    queue.async { [self] in
      do {
        if isNumbered { try writeNumbered(bytes) } else { try append(bytes) }
      } catch {
        lost.add(UInt64(traces), ordering: .relaxed)
        report("cannot write \(traces) traces to '\(path)': \(error)")
      }
      backlog.subtract(bytes.count, ordering: .relaxed)
    }
  }

  /// Returns once everything taken before is written.
  func flush() { queue.sync {} }

  private func writeNumbered(_ bytes: [UInt8]) throws {
    let number = state.withLock { state -> Int in
      defer { state.nextNumber += 1 }
      return state.nextNumber
    }
    try Data([0x5B] + bytes + [0x5D]).write(to: URL(fileURLWithPath: "\(path).\(number)"))
  }

  private func append(_ bytes: [UInt8]) throws {
    let url = URL(fileURLWithPath: path)
    let isStarted = state.withLock { $0.isStarted }
    guard isStarted, let end = try? FileHandle(forUpdating: url) else {
      try Data([0x5B] + bytes + [0x5D]).write(to: url)
      state.withLock { $0.isStarted = true }
      return
    }
    let size = try end.seekToEnd()
    try end.seek(toOffset: size == 0 ? 0 : size - 1)
    try end.write(contentsOf: Data([size == 0 ? 0x5B : 0x2C] + bytes + [0x5D]))
    try end.close()
  }
}
