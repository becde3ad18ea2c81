internal import Foundation
internal import GRDB

/// The bytes of a column.
typealias DataBytes = Data

extension [UInt8] {
  var data: Data { Data(self) }
}

/// How a record is read from its row. Texts are read as bytes, so that none is overlooked.
enum RecordRows {
  static let columns = """
    sequence, CAST(id AS BLOB), CAST(request_id AS BLOB), CAST(pipeline AS BLOB), \
    CAST(pipeline_digest AS BLOB), decided_at, CAST(outcome AS BLOB), is_degraded, hash, \
    CAST(body AS BLOB), \
    (SELECT CAST(text AS BLOB) FROM contexts WHERE contexts.number = decisions.context)
    """

  /// - Throws: a `DatabaseError` of code `SQLITE_CORRUPT` where a column holds what its table
  ///   forbids, as after damage to the file.
  static func read(_ row: Row) throws -> StoredRecord {
    StoredRecord(
      sequence: try value(row, 0), hash: Array(try value(row, 8) as Data),
      record: DecisionRecord(
        id: text(try value(row, 1)), requestID: try optional(row, 2).map(text),
        pipeline: text(try value(row, 3)), pipelineDigest: text(try value(row, 4)),
        decidedAt: try value(row, 5), outcome: text(try value(row, 6)),
        isDegraded: (try value(row, 7) as Int64) != 0, body: Array(try value(row, 9) as Data),
        context: try optional(row, 10).map { RecordContext(Array($0)) }))
  }

  /// A column that cannot be empty. The subscript of `Row` would end the process instead.
  static func value<Value: DatabaseValueConvertible>(_ row: Row, _ index: Int) throws -> Value {
    guard let value = Value.fromDatabaseValue(row[index] as DatabaseValue) else {
      throw DatabaseError(
        resultCode: .SQLITE_CORRUPT, message: "column \(index) of a row has no valid value")
    }
    return value
  }

  private static func optional(_ row: Row, _ index: Int) throws -> Data? {
    let found: DatabaseValue = row[index]
    return found.isNull ? nil : try value(row, index)
  }

  /// The rows after `sequence`, ascending: at most `limit`, and none after the one that brings
  /// them to `bytes`.
  static func rows(
    _ db: Database, after sequence: Int64, limit: Int, bytes: Int = .max
  ) throws -> [StoredRecord] {
    let statement = try db.cachedStatement(
      sql: "SELECT \(columns) FROM decisions WHERE sequence > ? ORDER BY sequence LIMIT ?")
    let cursor = try Row.fetchCursor(statement, arguments: [sequence, limit])
    var records: [StoredRecord] = []
    var last = sequence
    var left = bytes
    while let row = try cursor.next() {
      let stored = try read(row)
      try ascend(&last, stored.sequence)
      records.append(stored)
      left -= stored.record.byteCount
      if left <= 0 { break }
    }
    return records
  }

  /// Goes on from one place to the next. In a damaged file a page may lead back to itself, and
  /// SQLite follows it for ever: so rows that do not ascend are an error.
  static func ascend(_ last: inout Int64, _ next: Int64) throws {
    guard next > last else {
      throw DatabaseError(
        resultCode: .SQLITE_CORRUPT, message: "record \(next) comes after record \(last)")
    }
    last = next
  }

  static func record(_ db: Database, sequence: Int64) throws -> StoredRecord? {
    let statement = try db.cachedStatement(
      sql: "SELECT \(columns) FROM decisions WHERE sequence = ?")
    return try Row.fetchOne(statement, arguments: [sequence]).map(read)
  }

  static func record(_ db: Database, id: String) throws -> StoredRecord? {
    let statement = try db.cachedStatement(sql: "SELECT \(columns) FROM decisions WHERE id = ?")
    return try Row.fetchOne(statement, arguments: [id]).map(read)
  }

  private static func text(_ data: Data) -> String { String(decoding: data, as: UTF8.self) }
}
