internal import Synchronization

/// Feature views whose state survives: an engine, the log of what it took in, and snapshots.
///
/// Events change the state at once, are appended to the log, and are acknowledged when the log is
/// durable. After a crash the state holds exactly what was acknowledged, each event once, and
/// perhaps some of what was on its way. Any thread; one at a time gets at the state, for no longer
/// than ``StoreOptions/sliceEvents`` take.
package final class FeatureStore: Sendable {
  package let definitions: FeatureDefinitions
  /// What was found when the store was opened.
  package let recovery: StoreRecovery
  let storage: any StoreStorage
  let options: StoreOptions
  let log: EventLog
  let state: Mutex<State>

  /// Everything that events change.
  struct State: Sendable {
    var engine: FeatureEngine
    let seed: (UInt64, UInt64)
    /// The last batch that the engine took in.
    var sequence: UInt64
    /// The batch up to which the newest snapshot goes.
    var snapshot: UInt64
    /// Bytes that the log had then; below 0 for those that were read when the store was opened.
    var snapshotWritten = 0
    /// Bytes of the newest snapshot.
    var snapshotSize = 0
    /// Whether a snapshot is being written.
    var isSnapshotRunning = false
    /// What it copies; `nil` when it is done with that, or has to give up.
    var capture: SnapshotCapture?
    /// By source: refusals that no batch has yet.
    var refused: [IngestCounts]
    /// By view with attributes: its table in the log.
    let tables: [Int: Int]
    var records: [UInt8] = []
    let lateness: Int64
    let captureBytes: Int
  }

  init(
    _ opened: StoreOpening, _ storage: any StoreStorage, _ options: StoreOptions, log: EventLog
  ) {
    definitions = opened.engine.definitions
    recovery = opened.recovery
    self.storage = storage
    self.options = options
    self.log = log
    var tables: [Int: Int] = [:]
    for (index, view) in definitions.views.enumerated() where view.isAttributes {
      tables[index] = definitions.sources.count + tables.count
    }
    state = Mutex(
      State(
        engine: opened.engine, seed: opened.seed, sequence: opened.sequence,
        snapshot: opened.recovery.snapshot, snapshotWritten: -opened.replayedBytes,
        snapshotSize: opened.snapshotSize,
        refused: definitions.sources.map { _ in IngestCounts() }, tables: tables,
        lateness: definitions.sources.map(\.lateness).max() ?? 0,
        captureBytes: options.captureBytes))
  }

  /// Takes in events of one source. They count from now on, and are safe when `completion` says so;
  /// it is called once, mostly on the log's thread, unless this throws. Without one they are safe
  /// within ``StoreOptions/lazyGatherNanoseconds`` and an fsync.
  ///
  /// A batch that was not acknowledged may be sent again: what was taken in already is a duplicate,
  /// acknowledged when the first is durable.
  ///
  /// - Parameters:
  ///   - now: what the caller takes for the present, nanoseconds since 1970.
  ///   - outcomes: gets what became of each event.
  /// - Throws: ``StoreFailure`` where none was taken in.
  package func ingest(
    _ events: ArraySlice<EventRecord>, source: Int, now: Int64,
    into outcomes: inout [IngestOutcome],
    completion: (@Sendable (Result<Void, StoreFailure>) -> Void)?
  ) throws(StoreFailure) {
    outcomes.removeAll(keepingCapacity: true)
    try take(events, completion) { state, slice in
      state.take(events[slice], source: source, now: now, &outcomes)
    }
  }

  /// Takes in attributes for a view, as ``ingest(_:source:now:into:completion:)`` does events.
  package func update(
    _ records: ArraySlice<EventRecord>, view: Int, into outcomes: inout [IngestOutcome],
    completion: @escaping @Sendable (Result<Void, StoreFailure>) -> Void
  ) throws(StoreFailure) {
    outcomes.removeAll(keepingCapacity: true)
    try take(records, completion) { state, slice in
      state.take(records[slice], view: view, &outcomes)
    }
  }

  private func take(
    _ records: ArraySlice<EventRecord>,
    _ completion: (@Sendable (Result<Void, StoreFailure>) -> Void)?,
    _ body: (inout State, Range<Int>) -> [UInt8]
  ) throws(StoreFailure) {
    var size = 64
    for index in records.indices { size += StoredBatch.size(records[index]) }
    let slices = max(1, (records.count + options.sliceEvents - 1) / options.sliceEvents)
    try log.admit(bytes: size, batches: slices)
    var start = records.startIndex
    var problem: StoreFailure?
    for index in 0..<slices {
      let end = min(records.endIndex, start + options.sliceEvents)
      let isLast = index == slices - 1
      problem = state.withLock { state in
        let payload = body(&state, start..<end)
        if !payload.isEmpty { state.sequence += 1 }
        // Appended under the lock, so that the log has the order of the state.
        return log.append(
          payload, sequence: state.sequence, charge: isLast ? size : 0,
          batches: isLast ? slices : 0, isAwaited: completion != nil,
          completion: isLast ? completion : nil)
      }
      start = end
      // Also for those who do not queue at the lock, but look whether it is free.
      if !isLast { SystemCalls.giveWay() }
    }
    if let problem { completion?(.failure(problem)) }
  }

  /// The features of a service for one request, as of an instant: see
  /// ``FeatureEngine/vector(_:_:at:into:)``.
  package func vector(
    _ service: Int, _ request: borrowing EventRecord, at time: Int64,
    into vector: inout FeatureVector
  ) {
    state.withLock { $0.engine.vector(service, request, at: time, into: &vector) }
  }

  /// What became of the events of a source, since the beginning.
  package func counts(source: Int) -> IngestCounts {
    state.withLock { $0.engine.counts(source: source) }
  }

  /// The newest event time of a source, nanoseconds since 1970; `nil` before the first event.
  package func newest(source: Int) -> Int64? { state.withLock { $0.engine.newest(source: source) } }

  /// Keys of an entity.
  package func keyCount(entity: Int) -> Int {
    state.withLock { $0.engine.keyCount(entity: entity) }
  }

  /// Bytes of state held, about.
  package var byteCount: Int { state.withLock { $0.engine.byteCount } }

  /// Why nothing is taken in; `nil` while all is well.
  package var failure: StoreFailure? { log.failure }

  /// Writes what waits, marks the end of the log and lets go of the folder. The store is of no use
  /// afterwards.
  ///
  /// - Throws: ``StoreFailure`` if what waited could not be written.
  package func close() throws(StoreFailure) {
    // The mark knows as durable only what was so before it.
    _ = try? waitForLog()
    state.withLock { state in
      guard state.sequence > recovery.sequence else { return }
      state.sequence += 1
      _ = log.append(StoredBatch.closing, sequence: state.sequence)
    }
    log.end()
    if let failure = log.failure { throw failure }
  }
}

extension FeatureStore.State {
  /// Takes in a few events; the batch for the log, empty if it has nothing to tell.
  mutating func take(
    _ events: ArraySlice<EventRecord>, source: Int, now: Int64, _ outcomes: inout [IngestOutcome]
  ) -> [UInt8] {
    var batch = StoredBatch()
    records.removeAll(keepingCapacity: true)
    let events = events.span
    engine.lookAhead(events, source: source)
    for index in events.indices {
      let event = events[index]
      capture?.preserve(event, source: source, &engine)
      let outcome = engine.ingest(event, source: source, now: now, at: index)
      outcomes.append(outcome)
      if outcome == .accepted {
        StoredBatch.append(event, to: &records)
        batch.count += 1
      } else {
        refused[source].count(outcome)
      }
    }
    checkCapture()
    guard batch.count > 0 else { return [] }
    batch.table = source
    batch.now = now
    batch.refused = refused[source]
    refused[source] = IngestCounts()
    expire(&batch)
    return batch.bytes(records)
  }

  /// Takes in attributes of a few keys.
  mutating func take(
    _ list: ArraySlice<EventRecord>, view: Int, _ outcomes: inout [IngestOutcome]
  ) -> [UInt8] {
    var batch = StoredBatch()
    records.removeAll(keepingCapacity: true)
    for index in list.indices {
      capture?.preserve(list[index], view: view, &engine)
      let outcome = engine.update(list[index], view: view)
      outcomes.append(outcome)
      if outcome == .accepted {
        StoredBatch.append(list[index], to: &records)
        batch.count += 1
      }
    }
    checkCapture()
    guard batch.count > 0 else { return [] }
    batch.table = tables[view]
    return batch.bytes(records)
  }

  /// Forgets a few old keys, as the batch says from then on. Never while a snapshot is written.
  private mutating func expire(_ batch: inout StoredBatch) {
    guard capture == nil else { return }
    var newest = Int64.min
    for source in engine.sources.indices {
      newest = max(newest, engine.sources[source].clock.newest ?? .min)
    }
    guard newest > .min + lateness else { return }
    batch.expiresBefore = newest - lateness
    batch.expiryBudget = batch.count * UInt32(engine.entities.count)
    _ = engine.expire(before: batch.expiresBefore, budget: Int(batch.expiryBudget))
  }

  /// Gives a snapshot up whose copies take more memory than they may.
  private mutating func checkCapture() {
    if let capture, capture.byteCount > captureBytes { self.capture = nil }
  }
}

extension IngestCounts {
  mutating func add(_ other: IngestCounts) {
    accepted += other.accepted
    duplicate += other.duplicate
    late += other.late
    future += other.future
    refused += other.refused
  }

  /// The counts less others, which are part of them.
  func without(_ other: IngestCounts) -> IngestCounts {
    var result = self
    result.accepted -= other.accepted
    result.duplicate -= other.duplicate
    result.late -= other.late
    result.future -= other.future
    result.refused -= other.refused
    return result
  }
}
