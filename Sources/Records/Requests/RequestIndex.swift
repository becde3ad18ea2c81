internal import GRDB

/// The writer's way from a request to its record: what is noted and not in the sorted index is in
/// memory, the rest in the table `requests`.
struct RequestIndex: Sendable {
  let hasher: RequestHasher
  let known: KnownRequests
  /// The hashes of the newest requests when the file was opened, oldest first, and whether those
  /// are all that there are.
  private(set) var atOpen: [UInt64] = []
  private(set) var isAllAtOpen = true
  private var merge: RequestMerge
  private var requestsThrough: Int64
  /// Notes up to here are removed.
  private var trimmedThrough: Int64
  /// So many of the newest notes stay, for the next opening.
  private let keptRows: Int64

  /// Reads what is noted. A crowd of notes, as other options may have left it, is brought at once.
  init(_ db: Database, _ state: ChainState, options: RecordOptions) throws {
    hasher = state.hasher
    requestsThrough = state.requestsThrough
    known = KnownRequests(
      capacity: max(options.recentRequestsMaximum, 8 * options.groupRowsMaximum))
    keptRows = Int64(min(options.recentRequestsAtOpen, known.capacity / 4))
    let noted = try RequestRows.noted(db)
    trimmedThrough = (noted.first?.sequence ?? state.end.sequence + 1) - 1
    for entry in noted.suffix(known.capacity) {
      known.add(UInt64(bitPattern: entry.hash), sequence: entry.sequence)
    }
    atOpen = noted.suffix(options.recentRequestsAtOpen).map { UInt64(bitPattern: $0.hash) }
    isAllAtOpen = try atOpen.count == noted.count && !Self.hasMore(db, before: noted.first)
    var rest = noted.filter { $0.sequence > state.requestsThrough }
    if rest.count > known.capacity / 4 * 3 {
      try Self.bringAll(db, rest)
      requestsThrough = rest.last?.sequence ?? requestsThrough
      rest = []
    }
    merge = RequestMerge(runRows: known.capacity / 2, noted: rest)
  }

  /// Whether there are requests older than the first note.
  private static func hasMore(_ db: Database, before first: RequestMerge.Entry?) throws -> Bool {
    let sql = "SELECT EXISTS (SELECT 1 FROM decisions WHERE sequence < ?)"
    return try Bool.fetchOne(db, sql: sql, arguments: [first?.sequence ?? .max]) ?? true
  }

  private static func bringAll(_ db: Database, _ entries: [RequestMerge.Entry]) throws {
    try db.inTransaction(.immediate) {
      for entry in entries.sorted() {
        try RequestRows.bring(db, entry.hash, entry.sequence)
      }
      try db.execute(
        sql: "UPDATE chain SET requests_through = ?", arguments: [entries.last?.sequence])
      return .commit
    }
  }

  /// The record of a request, wherever it is.
  func find(
    _ db: Database, _ pipeline: String, _ requestID: String, _ hash: UInt64
  ) throws -> StoredRecord? {
    if let sequence = known.sequence(of: hash),
      let found = try RequestRows.record(db, sequence, pipeline, requestID)
    {
      return found
    }
    return try RequestRows.find(db, pipeline, requestID, hash)
  }

  /// What a group of so many records does beside its records.
  mutating func step(_ rows: Int, end: Int64) -> Step {
    let (entries, isLast) = merge.step(rows)
    let target = min(requestsThrough, end - keptRows, trimmedThrough + Int64(rows) * 4 + 64)
    return Step(
      entries: entries, through: isLast ? merge.through : nil,
      trimThrough: target > trimmedThrough ? target : nil)
  }

  /// The step was committed.
  mutating func finish(_ step: Step) {
    merge.advance(step.entries.count)
    merge.note(step.noted)
    if let through = step.through { requestsThrough = through }
    if let trimmed = step.trimThrough { trimmedThrough = trimmed }
    atOpen = []
  }
}

extension RequestIndex {
  /// The part of one transaction.
  struct Step {
    /// Those that are brought to the sorted index.
    let entries: ArraySlice<RequestMerge.Entry>
    /// If they are the last of their run: the run's newest record.
    let through: Int64?
    /// Notes up to here are needed no more.
    let trimThrough: Int64?
    /// Those that came with the group.
    private(set) var noted: [RequestMerge.Entry] = []

    init(entries: ArraySlice<RequestMerge.Entry>, through: Int64?, trimThrough: Int64?) {
      self.entries = entries
      self.through = through
      self.trimThrough = trimThrough
    }

    /// Notes the request of a new record.
    mutating func note(
      _ db: Database, _ index: RequestIndex, _ hash: UInt64, _ sequence: Int64
    ) throws {
      // Memory keeps one record a hash: where two requests share it, the older one must be found in
      // the sorted index.
      if let other = index.known.sequence(of: hash), other < sequence {
        try RequestRows.bring(db, Int64(bitPattern: hash), other)
      }
      try RequestRows.note(db, hash, sequence)
      index.known.add(hash, sequence: sequence)
      noted.append(.init(hash: Int64(bitPattern: hash), sequence: sequence))
    }

    /// Brings and trims.
    func bring(_ db: Database, removedThrough: Int64) throws {
      for entry in entries where entry.sequence > removedThrough {
        try RequestRows.bring(db, entry.hash, entry.sequence)
      }
      if let through {
        try db.execute(sql: "UPDATE chain SET requests_through = ?", arguments: [through])
      }
      if let trimThrough {
        let statement = try db.cachedStatement(
          sql: "DELETE FROM requests_new WHERE sequence <= ?")
        try statement.execute(arguments: [trimThrough])
      }
    }
  }
}
