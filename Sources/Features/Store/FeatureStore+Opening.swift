/// What opening a store found.
package struct StoreRecovery: Sendable, Equatable {
  /// The batch up to which the snapshot that was read goes; 0 without one.
  package var snapshot: UInt64 = 0
  /// Keys in it.
  package var snapshotKeys = 0
  /// The last batch of the log.
  package var sequence: UInt64 = 0
  /// Batches read from the log.
  package var batches = 0
  /// Bytes at the end of the log that a crash left and nobody was told to be safe.
  package var tornBytes = 0
  /// Events of a log that the state did not take again: only where it is built anew.
  package var refused = 0
  /// Batches that are no longer in the log: only where the state is built anew.
  package var missing: UInt64 = 0
  /// Why newer snapshots could not be used.
  package var damaged: [StoreFailure] = []
}

/// A store that is being opened.
struct StoreOpening {
  var engine: FeatureEngine
  var seed: (UInt64, UInt64)
  /// The last batch that the engine took in.
  var sequence: UInt64 = 0
  /// Bytes of the log that it took in.
  var replayedBytes = 0
  /// Bytes of the snapshot that was read.
  var snapshotSize = 0
  var recovery = StoreRecovery()
}

extension FeatureStore {
  /// Opens the store of a folder: reads the newest sound snapshot and the log after it.
  ///
  /// - Throws: ``StoreFailure`` where the state would not be what was acknowledged.
  package static func open(
    _ definitions: FeatureDefinitions, path: String, _ options: StoreOptions = StoreOptions()
  ) throws(StoreFailure) -> FeatureStore {
    let store = try open(definitions, DiskStorage(path: path), options)
    store.log.start()
    // Without it, the next opening would meet a log that is of other views.
    if options.rebuilds { try store.writeSnapshot() }
    return store
  }

  /// Opens a store whose log is not written until ``EventLog/commit()`` or ``EventLog/start()``.
  static func open(
    _ definitions: FeatureDefinitions, _ storage: any StoreStorage, _ options: StoreOptions,
    seed: (UInt64, UInt64) = (.random(in: 0 ... .max), .random(in: 0 ... .max))
  ) throws(StoreFailure) -> FeatureStore {
    var opened = StoreOpening(engine: FeatureEngine(definitions, seed: seed), seed: seed)
    do throws(StorageError) {
      if try storage.names().contains(SnapshotFile.temporary) {
        try storage.remove(SnapshotFile.temporary)
      }
    } catch {
      throw .storage(error)
    }
    if options.rebuilds {
      try skipMissing(storage, &opened)
    } else {
      try readSnapshot(definitions, storage, &opened)
    }
    let schema = LogSchema(definitions)
    let position = try replay(definitions, storage, options, schema, &opened)
    opened.recovery.sequence = position.last
    opened.recovery.tornBytes = position.tornBytes
    opened.sequence = position.last
    do throws(StorageError) {
      if options.rebuilds { try removeSnapshots(storage) }
      let writer = try LogWriter(storage, schema, options, at: position)
      return FeatureStore(opened, storage, options, log: EventLog(writer, options))
    } catch {
      throw .storage(error)
    }
  }

  /// Reads the newest snapshot that is sound.
  private static func readSnapshot(
    _ definitions: FeatureDefinitions, _ storage: any StoreStorage, _ opened: inout StoreOpening
  ) throws(StoreFailure) {
    let snapshots: [UInt64]
    do throws(StorageError) {
      snapshots = try SnapshotFile.all(in: storage)
    } catch {
      throw .storage(error)
    }
    var problems: [StoreFailure] = []
    for sequence in snapshots {
      do throws(StoreFailure) {
        opened = try read(sequence, definitions, storage)
        opened.recovery.damaged = problems
        return
      } catch {
        guard case .damaged = error else { throw error }
        problems.append(error)
        // Set aside, so that nothing relies on it.
        let name = SnapshotFile.name(sequence)
        do throws(StorageError) {
          try storage.rename(name, to: name + ".damaged")
        } catch {
          throw .storage(error)
        }
      }
    }
    opened.recovery.damaged = problems
  }

  private static func read(
    _ sequence: UInt64, _ definitions: FeatureDefinitions, _ storage: any StoreStorage
  ) throws(StoreFailure) -> StoreOpening {
    let name = SnapshotFile.name(sequence)
    let file: any StoreFile
    do throws(StorageError) {
      file = try storage.open(name)
    } catch {
      throw .storage(error)
    }
    var blocks = try SnapshotBlocks(file, path: storage.path + "/" + name)
    let first = try blocks.next()
    guard first.kind == .head, let head = try? SnapshotHead(reading: first.payload),
      head.sequence == sequence
    else { throw blocks.damage("the snapshot does not start with what it is of") }
    guard head.digest == definitions.digest else {
      throw .otherDefinitions(
        path: storage.path, found: head.digest, expected: definitions.digest)
    }
    var engine = FeatureEngine(definitions, seed: head.seed)
    var keys = 0
    do throws(StoredMismatch) {
      try engine.restore(head)
    } catch {
      throw blocks.damage(error.what)
    }
    while try read(&blocks, into: &engine, &keys) {}
    var opened = StoreOpening(engine: engine, seed: head.seed, sequence: sequence)
    opened.snapshotSize = blocks.position
    opened.recovery.snapshot = sequence
    opened.recovery.snapshotKeys = keys
    return opened
  }

  /// Reads one block; false after the last.
  private static func read(
    _ blocks: inout SnapshotBlocks, into engine: inout FeatureEngine, _ keys: inout Int
  ) throws(StoreFailure) -> Bool {
    let block = try blocks.next()
    do throws(StoredMismatch) {
      switch block.kind {
      case .head: throw StoredMismatch(what: "a second head")
      case .ids: try engine.restoreIDs(block.payload)
      case .keys: keys += try engine.restoreKeys(block.payload)
      case .end:
        var reader = StoredBytes(block.payload)
        guard let count = try? reader.read(UInt64.self), count == UInt64(keys) else {
          throw StoredMismatch(what: "the snapshot ends before its last key")
        }
        return false
      }
    } catch {
      throw blocks.damage(error.what)
    }
    return true
  }

  /// Where the log begins, for a state built from it alone.
  private static func skipMissing(
    _ storage: any StoreStorage, _ opened: inout StoreOpening
  ) throws(StoreFailure) {
    do throws(StorageError) {
      let first = try LogSegment.all(in: storage).first?.first ?? 1
      opened.sequence = first - 1
      opened.recovery.missing = first - 1
    } catch {
      throw .storage(error)
    }
  }

  private static func replay(
    _ definitions: FeatureDefinitions, _ storage: any StoreStorage, _ options: StoreOptions,
    _ schema: LogSchema, _ opened: inout StoreOpening
  ) throws(StoreFailure) -> LogReader.Position {
    var tables: [StoredTable] = []
    var known: LogSchema?
    return try LogReader.replay(storage, after: opened.sequence) {
      (sequence, found, bytes) throws(StoreFailure) in
      if found != known {
        guard options.rebuilds || found.digest == schema.digest else {
          throw .otherDefinitions(
            path: storage.path, found: found.digest, expected: schema.digest)
        }
        tables = try Self.tables(found, definitions, storage)
        known = found
      }
      guard let refused = try? opened.engine.replay(bytes, &tables) else {
        throw .incomplete(path: storage.path, what: "batch \(sequence) of the log is no batch")
      }
      opened.recovery.batches += 1
      opened.replayedBytes += bytes.count
      opened.recovery.refused += refused
      guard refused == 0 || options.rebuilds else {
        throw .incomplete(
          path: storage.path, what: "batch \(sequence) of the log does not follow the state")
      }
    }
  }

  private static func tables(
    _ schema: LogSchema, _ definitions: FeatureDefinitions, _ storage: any StoreStorage
  ) throws(StoreFailure) -> [StoredTable] {
    var tables: [StoredTable] = []
    for table in schema.tables {
      do throws(StoredMismatch) {
        tables.append(try StoredTable(table, definitions))
      } catch {
        throw .incomplete(path: storage.path, what: error.what)
      }
    }
    return tables
  }

  private static func removeSnapshots(_ storage: any StoreStorage) throws(StorageError) {
    for sequence in try SnapshotFile.all(in: storage) {
      try storage.remove(SnapshotFile.name(sequence))
    }
    try storage.synchronize()
  }
}
