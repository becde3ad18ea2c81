internal import GRDB

/// The tables of a file of records. docs/records.md explains them to those who query it directly.
enum RecordSchema {
  /// Marks the file as ours: "NTRC".
  static let applicationID: Int64 = 0x4E54_5243
  static let version: Int64 = 3

  private static let tables = """
    CREATE TABLE decisions (
      sequence INTEGER PRIMARY KEY,
      id TEXT NOT NULL,
      request_id TEXT,
      pipeline TEXT NOT NULL,
      pipeline_digest TEXT NOT NULL,
      decided_at INTEGER NOT NULL,
      outcome TEXT NOT NULL,
      is_degraded INTEGER NOT NULL CHECK (is_degraded IN (0, 1)),
      hash BLOB NOT NULL CHECK (length(hash) = 32),
      body TEXT NOT NULL,
      context INTEGER
    ) STRICT;
    CREATE TABLE contexts (number INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
    CREATE UNIQUE INDEX decisions_by_id ON decisions (id);
    CREATE INDEX decisions_by_time ON decisions (decided_at, pipeline);
    CREATE TABLE chain (
      one INTEGER PRIMARY KEY CHECK (one = 1),
      genesis BLOB NOT NULL,
      end_sequence INTEGER NOT NULL,
      end_hash BLOB NOT NULL,
      removed_through INTEGER NOT NULL,
      removed_hash BLOB NOT NULL,
      removed_rows INTEGER NOT NULL,
      requests_through INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE requests (
      hash INTEGER NOT NULL,
      sequence INTEGER NOT NULL,
      PRIMARY KEY (hash, sequence)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE requests_new (sequence INTEGER PRIMARY KEY, hash INTEGER NOT NULL) STRICT;
    """

  /// Makes the tables in an empty file.
  static func create(_ db: Database) throws {
    try db.execute(sql: tables)
    let start = HashChain.start().hash.data
    try db.execute(
      sql: "INSERT INTO chain VALUES (1, ?, 0, ?, 0, ?, 0, 0)", arguments: [start, start, start])
    try db.execute(sql: "PRAGMA application_id = \(applicationID)")
    try db.execute(sql: "PRAGMA user_version = \(version)")
  }

  /// What kind of file this is.
  enum Kind: Equatable {
    case empty
    case records
    case other(String)
  }

  static func kind(_ db: Database) throws -> Kind {
    let tables = try Int64.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") ?? 0
    let application = try Int64.fetchOne(db, sql: "PRAGMA application_id") ?? 0
    let version = try Int64.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    if tables == 0, application == 0 { return .empty }
    guard application == applicationID else {
      return .other("this is a database of something else; give another path")
    }
    guard version == Self.version else {
      return .other("its format is \(version), this program writes \(Self.version)")
    }
    return .records
  }
}

/// What the table `chain` says.
struct ChainState: Sendable {
  /// The newest record.
  var end: HashChain
  /// The last record that retention removed, or the beginning.
  var removed: HashChain
  var removedRows: Int64
  /// What requests are hashed with.
  var hasher: RequestHasher
  /// The requests of the records up to here are in the table `requests`, those of later ones in
  /// `requests_new`, which may hold some of both.
  var requestsThrough: Int64

  static func read(_ db: Database) throws -> ChainState? {
    let sql = """
      SELECT end_sequence, end_hash, removed_through, removed_hash, removed_rows, genesis,
        requests_through FROM chain
      """
    guard let row = try Row.fetchOne(db, sql: sql) else { return nil }
    return ChainState(
      end: HashChain(
        sequence: try RecordRows.value(row, 0),
        hash: Array(try RecordRows.value(row, 1) as DataBytes)),
      removed: HashChain(
        sequence: try RecordRows.value(row, 2),
        hash: Array(try RecordRows.value(row, 3) as DataBytes)),
      removedRows: try RecordRows.value(row, 4),
      hasher: RequestHasher(Array(try RecordRows.value(row, 5) as DataBytes)),
      requestsThrough: try RecordRows.value(row, 6))
  }
}
