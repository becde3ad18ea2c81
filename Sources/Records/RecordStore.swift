internal import Timing

/// Durable decisions in one SQLite file: a queue, one writer, a chain of hashes, and queries.
///
/// Every method may be called from any thread. `append` and `recall` never touch the disk; the
/// others may block on it. docs/records.md says what each ``Durability`` promises.
package final class RecordStore: Sendable {
  package let path: String
  package let options: RecordOptions
  /// Queries on connections of their own; see also the methods of the same names here.
  package let reader: RecordReader
  private let writer: RecordWriter
  private let hasher: RequestHasher
  private let known: KnownRequests
  private let isClosed = ClosedOnce()

  /// Opens the file, or creates it, and starts its writer.
  ///
  /// - Throws: `unusable` if it is no file of records, cannot be written or has another writer;
  ///   `corrupt` if its newest records or its write-ahead log were altered or damaged.
  package init(path: String, options: RecordOptions = RecordOptions()) throws(RecordFailure) {
    self.path = path
    self.options = options
    let file = try RecordFile(path: path, options: options)
    let copier = try LogCopier(path: path)
    reader = try RecordReader(path: path)
    hasher = file.index.hasher
    known = file.index.known
    var recent = RecentRequests(capacity: options.recentRequestsMaximum)
    for hash in file.index.atOpen.suffix(recent.capacity) { recent.add(hash, ticket: 0) }
    var queue = RecordQueue(options: options, recent: recent, remembersAll: file.index.isAllAtOpen)
    queue.statistics.lastSequence = file.chain.sequence
    writer = RecordWriter(queue)
    writer.start(file, copier: copier)
  }

  // The writer ends by itself: this may be its own thread.
  deinit { writer.end() }

  /// Hands a record to the writer. If this throws, `completion` is not called; otherwise it is
  /// called exactly once: on the writer's thread after the commit, or for
  /// ``Durability/afterResponse`` at once on this thread. It must not block.
  ///
  /// - Throws: `full`, `diskFull`, `busy`, `durability`, `invalid` or `closed`; then nothing is
  ///   kept.
  package func append(
    _ record: DecisionRecord, durability: Durability, completion: @escaping AppendCompletion
  ) throws(RecordFailure) {
    if let problem = record.problem(bodyBytesMaximum: options.bodyBytesMaximum) { throw problem }
    let now = MonotonicInstant.now()
    let queued = QueuedRecord(
      record, durability: durability, due: now.advanced(byNanoseconds: patience(durability)),
      completion: completion)
    let key = record.requestID.map {
      hasher.hash(pipeline: record.pipeline, requestID: $0)
    }
    switch writer.offer(queued, key: key, now: now) {
    case .refused(let failure): throw failure
    case .duplicate(let record): completion(.success(.duplicate(record)))
    case .accepted: if durability == .afterResponse { completion(.success(.queued)) }
    }
  }

  /// What memory knows of a request: never touches the disk, so for event loops.
  ///
  /// `unknown`: it is not among the last ``RecordOptions/recentRequestsMaximum`` requests.
  /// If it is older than that, the writer finds it, and `append` completes with its record.
  package func recall(pipeline: String, requestID: String) -> RequestRecall {
    let key = hasher.hash(pipeline: pipeline, requestID: requestID)
    return writer.recall(key, pipeline: pipeline, requestID: requestID).0
  }

  /// The record with this id; `nil` if there is none, or if it is not written yet.
  package func find(id: String) throws(RecordFailure) -> StoredRecord? { try reader.find(id: id) }

  /// The record of this request; `nil` if there is none. One that waits to be written has the
  /// sequence 0 and no hash.
  package func find(pipeline: String, requestID: String) throws(RecordFailure) -> StoredRecord? {
    let key = hasher.hash(pipeline: pipeline, requestID: requestID)
    switch writer.recall(key, pipeline: pipeline, requestID: requestID) {
    case (.queued(let record), _): return StoredRecord(sequence: 0, hash: [], record: record)
    case (.unknown, isSure: true): return nil
    default:
      // What memory does not know is in the sorted index.
      return try reader.find(
        pipeline: pipeline, requestID: requestID, hash: key, hint: known.sequence(of: key))
    }
  }

  /// Records by time; see ``RecordReader/list(pipeline:from:to:limit:after:)``.
  package func list(
    pipeline: String? = nil, from: Int64? = nil, to: Int64? = nil, limit: Int = 100,
    after: RecordCursor? = nil
  ) throws(RecordFailure) -> RecordPage {
    try reader.list(pipeline: pipeline, from: from, to: to, limit: limit, after: after)
  }

  /// Checks the whole file; see ``RecordReader/verify(anchor:checksStructure:progress:)``.
  package func verify(
    progress: (_ rows: Int64, _ of: Int64) -> Void = { _, _ in }
  ) throws(RecordFailure) -> VerificationReport { try reader.verify(progress: progress) }

  /// Removes the oldest records, up to the first that was decided at `instant` (nanoseconds since
  /// 1970) or later. The chain stays verifiable from there. Blocks until it is done; records that
  /// are appended meanwhile wait for a step of it at most.
  package func prune(before instant: Int64) throws(RecordFailure) -> PruneReport {
    let job = PruneJob(before: instant)
    try writer.offer(job)
    return try job.wait()
  }

  /// What was done since the store was opened.
  package var statistics: RecordStatistics { writer.statistics }

  /// Writes what waits and closes the file. Not on the writer's thread, so not in a completion.
  package func close() {
    guard isClosed.close() else { return }
    reader.close()
    writer.end()
    writer.join()
  }

  private func patience(_ durability: Durability) -> Int64 {
    switch durability {
    case .commit: 0
    case .group: options.gatherNanoseconds
    case .afterResponse: options.lazyGatherNanoseconds
    }
  }
}
