internal import Synchronization

extension FeatureStore {
  /// A store that has seen nothing and keeps nothing: its state goes with the process.
  ///
  /// - Throws: never in practice; nothing of it touches a disk.
  package static func volatile(
    _ definitions: FeatureDefinitions
  ) throws(StoreFailure) -> FeatureStore {
    var options = StoreOptions()
    options.snapshotBytes = .max
    let store = try open(definitions, VolatileStorage(), options)
    store.log.start()
    return store
  }

  /// Whether its state goes with the process.
  package var isVolatile: Bool { storage is VolatileStorage }

  /// The features of a service, if no other thread is at the state just now.
  ///
  /// - Returns: whether they were read.
  package func vectorIfFree(
    _ service: Int, _ request: borrowing EventRecord, at time: Int64,
    into vector: inout FeatureVector
  ) -> Bool {
    let isRead: Void? = state.withLockIfAvailable {
      $0.engine.vector(service, request, at: time, into: &vector)
    }
    return isRead != nil
  }
}

extension FeatureStore {
  /// The folder that holds it.
  package var path: String { storage.path }
}

extension FeatureStore {
  /// Takes in events of one source into a store that is ``isVolatile``, without a log; see
  /// ``ingest(_:source:now:into:completion:)``.
  package func ingestVolatile(
    _ events: ArraySlice<EventRecord>, source: Int, now: Int64,
    into outcomes: inout [IngestOutcome]
  ) {
    outcomes.removeAll(keepingCapacity: true)
    var start = events.startIndex
    while start < events.endIndex {
      let end = min(events.endIndex, start + options.sliceEvents)
      state.withLock { state in
        _ = state.take(events[start..<end], source: source, now: now, &outcomes)
      }
      start = end
    }
  }
}
