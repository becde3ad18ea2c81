internal import GRDB

/// The tables that lead from a request's hash to its record.
enum RequestRows {
  /// The record of a request in the sorted index.
  static func find(
    _ db: Database, _ pipeline: String, _ requestID: String, _ hash: UInt64
  ) throws -> StoredRecord? {
    try find(
      db, pipeline, requestID, hash,
      try db.cachedStatement(sql: "SELECT sequence FROM requests WHERE hash = ?"))
  }

  /// The record of a request among those that may not be in the index yet: reads them all.
  static func findNew(
    _ db: Database, _ pipeline: String, _ requestID: String, _ hash: UInt64
  ) throws -> StoredRecord? {
    try find(
      db, pipeline, requestID, hash,
      try db.cachedStatement(sql: "SELECT sequence FROM requests_new WHERE hash = ?"))
  }

  private static func find(
    _ db: Database, _ pipeline: String, _ requestID: String, _ hash: UInt64,
    _ statement: Statement
  ) throws -> StoredRecord? {
    // As a rule there is none or one; two requests may have one hash.
    for sequence in try Int64.fetchAll(statement, arguments: [Int64(bitPattern: hash)]) {
      if let found = try record(db, sequence, pipeline, requestID) { return found }
    }
    return nil
  }

  /// The record at a place, if it is that of the request.
  static func record(
    _ db: Database, _ sequence: Int64, _ pipeline: String, _ requestID: String
  ) throws -> StoredRecord? {
    try RecordRows.record(db, sequence: sequence).flatMap {
      $0.record.pipeline == pipeline && $0.record.requestID == requestID ? $0 : nil
    }
  }

  /// Puts a hash into the sorted index.
  static func bring(_ db: Database, _ hash: Int64, _ sequence: Int64) throws {
    let statement = try db.cachedStatement(sql: "INSERT OR IGNORE INTO requests VALUES (?, ?)")
    statement.setUncheckedArguments([hash, sequence])
    try statement.execute()
  }

  /// Notes a hash in the order of the records.
  static func note(_ db: Database, _ hash: UInt64, _ sequence: Int64) throws {
    let statement = try db.cachedStatement(sql: "INSERT INTO requests_new VALUES (?, ?)")
    statement.setUncheckedArguments([sequence, Int64(bitPattern: hash)])
    try statement.execute()
  }

  /// Takes a removed record's request out of the sorted index.
  static func remove(_ db: Database, _ stored: StoredRecord, _ hasher: RequestHasher) throws {
    guard let requestID = stored.record.requestID else { return }
    let hash = hasher.hash(pipeline: stored.record.pipeline, requestID: requestID)
    let statement = try db.cachedStatement(
      sql: "DELETE FROM requests WHERE hash = ? AND sequence = ?")
    statement.setUncheckedArguments([Int64(bitPattern: hash), stored.sequence])
    try statement.execute()
  }

  /// Whether a record's request leads to it; one without a request needs nothing.
  static func leads(_ db: Database, to stored: StoredRecord, _ hasher: RequestHasher) throws -> Bool
  {
    guard let requestID = stored.record.requestID else { return true }
    let hash = Int64(
      bitPattern: hasher.hash(pipeline: stored.record.pipeline, requestID: requestID))
    let statement = try db.cachedStatement(
      sql: """
        SELECT EXISTS (SELECT 1 FROM requests WHERE hash = ?1 AND sequence = ?2)
          OR EXISTS (SELECT 1 FROM requests_new WHERE sequence = ?2 AND hash = ?1)
        """)
    return try Bool.fetchOne(statement, arguments: [hash, stored.sequence]) ?? false
  }

  /// What is noted, oldest first.
  static func noted(_ db: Database) throws -> [RequestMerge.Entry] {
    let cursor = try Row.fetchCursor(
      db, sql: "SELECT sequence, hash FROM requests_new ORDER BY sequence")
    var entries: [RequestMerge.Entry] = []
    var last = Int64.min
    while let row = try cursor.next() {
      let sequence: Int64 = try RecordRows.value(row, 0)
      try RecordRows.ascend(&last, sequence)
      entries.append(.init(hash: try RecordRows.value(row, 1), sequence: sequence))
    }
    return entries
  }
}
