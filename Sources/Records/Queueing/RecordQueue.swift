internal import Timing

/// What waits to be written, and what the writer does next. A value: it takes the time and returns
/// what to do, so that it runs in tests without a thread, a clock or a disk.
struct RecordQueue: Sendable {
  /// A record with its place: tickets ascend from 1.
  struct Entry: Sendable {
    let ticket: UInt64
    let queued: QueuedRecord
  }

  /// How far the store is in its life.
  enum Phase: Sendable, Equatable {
    case open
    /// What waits is still written; nothing is accepted.
    case closing
    /// The disk failed: nothing is written or accepted.
    case stopped(RecordFailure)
    case closed
  }

  /// What became of a record that was offered.
  enum Offer: Sendable {
    case accepted(wakesWriter: Bool)
    case refused(RecordFailure)
    /// Its request waits to be written already, with this record.
    case duplicate(DecisionRecord)
  }

  let options: RecordOptions
  var phase = Phase.open
  var statistics = RecordStatistics()
  var recent: RecentRequests
  /// Whether every request id of the file went into ``recent`` when it was opened.
  let remembersAll: Bool

  /// Records that nobody has taken yet, and when the first of them must be.
  var waiting: [Entry] = []
  var waitingBytes = 0
  var due = MonotonicInstant.distantFuture
  /// Records that the writer took: those before `done` are finished, those up to `current` are
  /// being written.
  var taken: [Entry] = []
  var done = 0
  var current = 0
  var prunes: [PruneJob] = []
  /// Whether records go next although a prune waits, so that the two take turns.
  var recordsGoFirst = true
  /// Until when the writer sleeps; `nil` while it is awake.
  var asleepUntil: MonotonicInstant?
  /// Until when nothing is tried, because the last try failed.
  var blockedUntil: MonotonicInstant?
  private var nextTicket: UInt64 = 1

  init(options: RecordOptions, recent: RecentRequests, remembersAll: Bool) {
    self.options = options
    self.recent = recent
    self.remembersAll = remembersAll
  }

  /// Takes a record in, unless a bound forbids it. `key` is the hash of its request.
  mutating func offer(_ queued: QueuedRecord, key: UInt64?, now: MonotonicInstant) -> Offer {
    if let failure = refusal(now, queued) {
      statistics.refused += 1
      return .refused(failure)
    }
    if let key {
      let pending = recent.ticket(of: key).flatMap { self.pending($0) }
      if let pending, pending.record.answersSameRequest(as: queued.record), !queued.isAwaited {
        statistics.duplicates += 1
        return .duplicate(pending.record)
      }
      if pending == nil { recent.add(key, ticket: nextTicket) }
    }
    waiting.append(Entry(ticket: nextTicket, queued: queued))
    nextTicket += 1
    waitingBytes += queued.byteCount
    statistics.queuedRows += 1
    statistics.queuedBytes += queued.byteCount
    due = min(due, queued.due)
    if waiting.count >= options.groupRowsMaximum || waitingBytes >= options.groupBytesMaximum {
      due = .distantPast
    }
    return .accepted(wakesWriter: wakes(by: due))
  }

  /// Asks the writer to remove old records. Returns whether it must be woken.
  mutating func offer(_ job: PruneJob) throws(RecordFailure) -> Bool {
    switch phase {
    case .open: break
    case .closing, .closed: throw .closed
    case .stopped(let failure): throw failure
    }
    prunes.append(job)
    return wakes(by: .distantPast)
  }

  /// What memory knows of a request, and whether that is all there is to know.
  func recall(_ key: UInt64, pipeline: String, requestID: String) -> (RequestRecall, isSure: Bool) {
    guard let ticket = recent.ticket(of: key) else {
      return (.unknown, remembersAll && !recent.hasForgotten)
    }
    if let record = pending(ticket)?.record, record.requestID == requestID,
      record.pipeline == pipeline
    {
      return (.queued(record), true)
    }
    return (.written, false)
  }

  /// Accepts nothing more. Returns whether the writer must be woken.
  mutating func close() -> Bool {
    if case .open = phase { phase = .closing }
    return wakes(by: .distantPast)
  }

  private func refusal(_ now: MonotonicInstant, _ queued: QueuedRecord) -> RecordFailure? {
    switch phase {
    case .open: break
    case .closing, .closed: return .closed
    case .stopped(let failure): return failure
    }
    if let blockedUntil, now < blockedUntil, let failure = statistics.pause { return failure }
    let bytes = statistics.queuedBytes
    if statistics.queuedRows >= options.queueRowsMaximum
      || bytes + queued.byteCount > options.queueBytesMaximum
    {
      return .full(rows: statistics.queuedRows, bytes: bytes)
    }
    return nil
  }

  /// Marks the writer awake if it sleeps beyond `instant`.
  private mutating func wakes(by instant: MonotonicInstant) -> Bool {
    guard let until = asleepUntil, instant < until else { return false }
    asleepUntil = nil
    return true
  }

  /// The record of a ticket, if it is not written yet.
  private func pending(_ ticket: UInt64) -> QueuedRecord? {
    Self.find(ticket, in: taken[done...]) ?? Self.find(ticket, in: waiting[...])
  }

  private static func find(_ ticket: UInt64, in entries: ArraySlice<Entry>) -> QueuedRecord? {
    var low = entries.startIndex
    var high = entries.endIndex
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].ticket < ticket { low = middle + 1 } else { high = middle }
    }
    guard low < entries.endIndex, entries[low].ticket == ticket else { return nil }
    return entries[low].queued
  }
}
