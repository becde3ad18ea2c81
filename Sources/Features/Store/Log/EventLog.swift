private import CThreads
private import Dispatch
private import Foundation
internal import Synchronization
internal import Timing

/// The log of a store: what is appended is written in groups, with one fsync each, by one thread,
/// and then acknowledged, in order. What nobody waits for gathers company before it is written.
///
/// Any thread appends. The queue is bounded. A full disk is waited for: what was taken in is kept
/// and written when there is room, while nothing new is. Any other error of the disk is final.
final class EventLog: Sendable {
  typealias Completion = @Sendable (Result<Void, StoreFailure>) -> Void

  fileprivate struct Entry {
    /// Empty for what only waits for those before it.
    var payload: [UInt8]
    var sequence: UInt64
    /// Bytes and batches of the queue that it gives back.
    var charge: Int
    var batches: Int
    var completion: Completion?
    /// Whether somebody waits for it to be written.
    var isAwaited = true
  }

  fileprivate struct Queue {
    var entries: [Entry] = []
    var charged = 0
    var batches = 0
    var failure: StoreFailure?
    var durable: UInt64
    /// Bytes of payload written since the log was opened.
    var written = 0
    var isEnding = false
    /// Whether somebody waits for one of the entries.
    var isAwaited = false

    /// How long what waits may wait for more, in nanoseconds; `nil` if it is written at once.
    func patience(_ options: StoreOptions) -> Int64? {
      guard !entries.isEmpty, !isEnding, failure == nil, charged < options.gatherBytes else {
        return nil
      }
      return isAwaited ? options.gatherNanoseconds : options.lazyGatherNanoseconds
    }
  }

  private let queue: Mutex<Queue>
  private let writer: Mutex<LogWriter>
  private let options: StoreOptions
  private let wake = MonotonicSemaphore()
  private let ended = DispatchSemaphore(value: 0)

  init(_ writer: LogWriter, _ options: StoreOptions) {
    queue = Mutex(Queue(durable: writer.durable))
    self.writer = Mutex(writer)
    self.options = options
  }

  /// The last sequence that is safe on the disk.
  var durable: UInt64 { queue.withLock { $0.durable } }
  /// Bytes of payload written since the log was opened.
  var written: Int { queue.withLock { $0.written } }
  /// Why nothing is taken in; `nil` while all is well.
  var failure: StoreFailure? { queue.withLock { $0.failure } }

  /// Takes room in the queue for batches that are about to be appended.
  func admit(bytes: Int, batches: Int) throws(StoreFailure) {
    guard bytes <= options.queueBytes, batches <= options.queueBatches else {
      throw .tooLarge(bytes: bytes, most: options.queueBytes)
    }
    let problem: StoreFailure? = queue.withLock { queue in
      if let failure = queue.failure { return failure }
      if queue.isEnding { return .closed }
      guard queue.charged + bytes <= options.queueBytes,
        queue.batches + batches <= options.queueBatches
      else { return .full }
      queue.charged += bytes
      queue.batches += batches
      return nil
    }
    guard let problem else { return }
    // There may be room again.
    if case .diskFull = problem { wake.signal() }
    throw problem
  }

  /// Appends a batch for which there is room. Sequences ascend by one; an empty payload has none
  /// and is acknowledged when all before it is durable.
  ///
  /// - Parameter isAwaited: whether somebody waits for it to be written; if not, it may stay in
  ///   memory for ``StoreOptions/lazyGatherNanoseconds``.
  /// - Returns: why it will never be written, in which case `completion` is not called.
  func append(
    _ payload: [UInt8], sequence: UInt64, charge: Int = 0, batches: Int = 0,
    isAwaited: Bool = true, completion: Completion? = nil
  ) -> StoreFailure? {
    let (problem, wakes): (StoreFailure?, Bool) = queue.withLock { queue in
      if case .stopped = queue.failure { return (queue.failure, false) }
      let wakes = queue.entries.isEmpty || (isAwaited && !queue.isAwaited)
      queue.isAwaited = isAwaited || (queue.isAwaited && !queue.entries.isEmpty)
      queue.entries.append(
        Entry(
          payload: payload, sequence: sequence, charge: charge, batches: batches,
          completion: completion, isAwaited: isAwaited))
      return (nil, wakes)
    }
    if wakes { wake.signal() }
    return problem
  }

  /// Writes one group of what waits.
  ///
  /// - Returns: whether there may be more to write.
  func commit() -> Bool {
    let group = queue.withLock { $0.takeGroup(options.groupBytes) }
    guard !group.isEmpty else { return false }
    let frames = group.compactMap { entry in
      entry.payload.isEmpty ? nil : (payload: entry.payload, sequence: entry.sequence)
    }
    let problem: StoreFailure? = writer.withLock { writer in
      do throws(StoreFailure) {
        try writer.write(frames)
        return nil
      } catch {
        return error
      }
    }
    let failed = queue.withLock { $0.settle(group, problem) }
    for entry in group { entry.completion?(problem.map { .failure($0) } ?? .success(())) }
    for completion in failed { completion(problem.map { .failure($0) } ?? .success(())) }
    return problem == nil
  }

  /// Starts the writing thread.
  func start() {
    let thread = Thread { [self] in
      unsafe needletail_describe_writer("event log")
      while true {
        wake.wait()
        repeat { gather() } while commit()
        if queue.withLock({ $0.isEnding }) { break }
      }
      ended.signal()
    }
    thread.start()
  }

  /// Waits a moment for more, longer while nobody waits for what there is.
  private func gather() {
    let start = MonotonicInstant.now()
    while let patience = queue.withLock({ $0.patience(options) }) {
      guard wake.wait(until: start.advanced(byNanoseconds: patience)) else { return }
    }
  }

  /// Takes nothing more, writes what waits and ends the thread.
  func end() {
    queue.withLock { $0.isEnding = true }
    wake.signal()
    ended.wait()
  }
}

extension EventLog.Queue {
  /// The entries to be written with the next fsync.
  fileprivate mutating func takeGroup(_ bytes: Int) -> [EventLog.Entry] {
    if case .stopped = failure { return [] }
    var count = 0
    var size = 0
    while count < entries.count, size < bytes {
      size += entries[count].payload.count
      count += 1
    }
    if count == entries.count {
      // Nearly always; then nothing is copied while senders wait.
      defer { entries = [] }
      return entries
    }
    let group = Array(entries.prefix(count))
    entries.removeFirst(count)
    isAwaited = entries.contains { $0.isAwaited }
    return group
  }

  /// Books what became of a group.
  ///
  /// - Returns: the completions of entries that are given up with it.
  fileprivate mutating func settle(
    _ group: [EventLog.Entry], _ problem: StoreFailure?
  ) -> [EventLog.Completion] {
    failure = problem
    switch problem {
    case nil:
      for entry in group {
        charged -= entry.charge
        batches -= entry.batches
        written += entry.payload.count
        if !entry.payload.isEmpty { durable = entry.sequence }
      }
      return []
    case .diskFull:
      // What was taken in belongs to the state: it is written as soon as there is room, though its
      // senders hear that it is not.
      var held: [EventLog.Entry] = []
      for var entry in group + entries {
        entry.completion = nil
        if entry.payload.isEmpty {
          charged -= entry.charge
          batches -= entry.batches
        } else {
          held.append(entry)
        }
      }
      let failed = entries.compactMap(\.completion)
      entries = held
      return failed
    default:
      defer { entries = [] }
      return entries.compactMap(\.completion)
    }
  }
}
