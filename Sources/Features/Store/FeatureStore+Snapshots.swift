private import CThreads
private import Dispatch
private import Foundation
internal import Synchronization

extension FeatureStore {
  /// Whether the log has grown so much that a snapshot is due: by what the options say, and by as
  /// much as the newest snapshot takes. So a restart reads about as much of the log as of it, and
  /// the disk takes at most about twice what the log does.
  package var isSnapshotDue: Bool {
    let written = log.written
    return state.withLock { state in
      !state.isSnapshotRunning
        && written - state.snapshotWritten >= max(options.snapshotBytes, state.snapshotSize)
    }
  }

  /// Writes a snapshot, while events and reads go on. Blocks the calling thread.
  ///
  /// - Returns: whether there was something new to write.
  /// - Throws: ``StoreFailure``; the store itself goes on, and what snapshots there were stay.
  @discardableResult
  package func writeSnapshot() throws(StoreFailure) -> Bool {
    guard var run = try beginSnapshot() else { return false }
    while true {
      switch try run.step() {
      case .going: continue
      case .waiting: try waitForLog()
      case .done: return true
      }
    }
  }

  /// Writes a snapshot on a thread of its own, if one is due.
  ///
  /// - Parameter report: is told on that thread if it could not be written.
  package func snapshotIfDue(report: @escaping @Sendable (StoreFailure) -> Void) {
    guard isSnapshotDue else { return }
    let thread = Thread { [self] in
      unsafe needletail_describe_writer("snapshot")
      do throws(StoreFailure) {
        try writeSnapshot()
      } catch {
        if error != .snapshotRunning { report(error) }
      }
    }
    thread.start()
  }

  /// Starts a snapshot as of now; `nil` if the newest one is as of now already.
  func beginSnapshot() throws(StoreFailure) -> SnapshotRun? {
    let written = log.written
    let begun: Result<SnapshotRun?, StoreFailure> = state.withLock { state in
      guard !state.isSnapshotRunning else { return .failure(.snapshotRunning) }
      guard state.sequence > state.snapshot else { return .success(nil) }
      state.isSnapshotRunning = true
      state.capture = SnapshotCapture(state.engine)
      let head = SnapshotHead(
        state.engine, sequence: state.sequence, seed: state.seed, refused: state.refused)
      return .success(
        SnapshotRun(self, head, ids: state.engine.sources.map(\.ids), written: written))
    }
    return try begun.get()
  }

  /// Blocks until what was appended so far is durable, or will not be.
  func waitForLog() throws(StoreFailure) {
    let done = DispatchSemaphore(value: 0)
    let problem = log.append([], sequence: 0) { _ in done.signal() }
    if let problem { throw problem }
    done.wait()
  }
}

/// One snapshot being written, a step at a time. One thread.
struct SnapshotRun {
  enum Progress {
    case going
    /// For the log, which must hold all that the snapshot does.
    case waiting
    case done
  }

  private enum Phase {
    case start
    case keys
    case end
    case rename
    case done
  }

  private let store: FeatureStore
  private let head: SnapshotHead
  private var ids: [Deduplicator]
  private let written: Int
  private var phase = Phase.start
  private var file: (any StoreFile)?
  private var offset = 0
  private var keys = 0
  /// Memory of slices, used again.
  private var buffer: [UInt8] = []

  init(_ store: FeatureStore, _ head: SnapshotHead, ids: [Deduplicator], written: Int) {
    self.store = store
    self.head = head
    self.ids = ids
    self.written = written
  }

  /// Does a little of it.
  ///
  /// - Throws: ``StoreFailure``; then the snapshot is given up, and nothing of it stays.
  mutating func step() throws(StoreFailure) -> Progress {
    do throws(StorageError) {
      switch phase {
      case .start: try start()
      case .keys:
        guard try writeKeys() else { throw StorageError("", "", code: 0) }
      case .end: try finish()
      case .rename:
        if store.log.durable < head.sequence {
          guard store.log.failure == nil else { throw StorageError("", "", code: 0) }
          return .waiting
        }
        try publish()
      case .done: break
      }
    } catch {
      abandon()
      if !error.operation.isEmpty { throw .storage(error) }
      throw store.log.failure ?? .snapshotTooSlow
    }
    return phase == .done ? .done : .going
  }

  private mutating func write(_ bytes: [UInt8]) throws(StorageError) {
    try file?.writeAll(bytes, at: offset)
    offset += bytes.count
  }

  private mutating func start() throws(StorageError) {
    file = try store.storage.create(SnapshotFile.temporary)
    var bytes = SnapshotFile.magic
    SnapshotFile.append(.head, head.bytes, to: &bytes)
    try write(bytes)
    for (source, ids) in ids.enumerated() {
      for (index, generation) in ids.generations.enumerated() {
        var block: [UInt8] = []
        block.store(UInt32(source))
        block.store(UInt32(index))
        let head = block.count
        // In pieces, so that the memory for them stays small.
        for table in generation.ids.tables {
          for hash in table where hash.low != 0 || hash.high != 0 {
            block.store(hash.low)
            block.store(hash.high)
          }
          guard block.count > 1 << 20 else { continue }
          try writeIDs(&block, head)
        }
        try writeIDs(&block, head)
      }
    }
    ids = []
    phase = .keys
  }

  private mutating func writeIDs(_ block: inout [UInt8], _ head: Int) throws(StorageError) {
    guard block.count > head else { return }
    var bytes: [UInt8] = []
    SnapshotFile.append(.ids, block, to: &bytes)
    try write(bytes)
    block.removeLast(block.count - head)
  }

  /// Writes what was copied meanwhile and a slice more; false if events were faster than the disk.
  private mutating func writeKeys() throws(StorageError) -> Bool {
    let slice = store.options.sliceBytes
    var copied = buffer
    buffer = []
    let progress: (keys: Int, isComplete: Bool)? = store.state.withLock { state in
      state.capture?.advance(&state.engine, bytes: slice)
      guard let isComplete = state.capture?.isComplete, let keys = state.capture?.keys else {
        return nil
      }
      state.capture?.take(&copied)
      if isComplete { state.capture = nil }
      return (keys, isComplete)
    }
    guard let progress else { return false }
    keys = progress.keys
    if progress.isComplete { phase = .end }
    if !copied.isEmpty {
      var bytes: [UInt8] = []
      bytes.reserveCapacity(copied.count + 16)
      SnapshotFile.append(.keys, copied, to: &bytes)
      try write(bytes)
    }
    buffer = copied
    return true
  }

  private mutating func finish() throws(StorageError) {
    var block: [UInt8] = []
    block.store(UInt64(keys))
    var bytes: [UInt8] = []
    SnapshotFile.append(.end, block, to: &bytes)
    try write(bytes)
    try file?.synchronize()
    phase = .rename
  }

  /// Gives the file its name; what it makes needless goes.
  private mutating func publish() throws(StorageError) {
    let storage = store.storage
    try storage.rename(SnapshotFile.temporary, to: SnapshotFile.name(head.sequence))
    try storage.synchronize()
    file = nil
    phase = .done
    store.state.withLock { state in
      state.isSnapshotRunning = false
      state.snapshot = head.sequence
      state.snapshotWritten = written
      state.snapshotSize = offset
    }
    let all = try SnapshotFile.all(in: storage)
    for sequence in all.dropFirst(2) { try storage.remove(SnapshotFile.name(sequence)) }
    guard all.count > 1, !store.options.keepsLog else { return }
    let segments = try LogSegment.all(in: storage)
    for (segment, next) in zip(segments, segments.dropFirst()) where next.first <= all[1] + 1 {
      try storage.remove(segment.name)
    }
  }

  private mutating func abandon() {
    file = nil
    store.state.withLock { state in
      state.isSnapshotRunning = false
      state.capture = nil
    }
    // What cannot be removed now is when the store is opened.
    guard phase != .done else { return }
    phase = .done
    _ = try? store.storage.remove(SnapshotFile.temporary)
  }
}
