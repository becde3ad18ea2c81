internal import GRDB

/// The contexts of a file, by their digests: each is written with the first record that has it.
struct RecordContexts {
  private var numbers: [[UInt8]: Int64] = [:]

  /// Reads those of a file.
  init(_ db: Database) throws {
    let rows = try Row.fetchCursor(
      db, sql: "SELECT number, CAST(text AS BLOB) FROM contexts ORDER BY number")
    while let row = try rows.next() {
      let context = RecordContext(Array(try RecordRows.value(row, 1) as DataBytes))
      numbers[context.digest] = try RecordRows.value(row, 0)
    }
  }

  /// The number of a context, which is written if the file does not have it. Keep this value only
  /// if the transaction is committed.
  mutating func number(of context: RecordContext, _ db: Database) throws -> Int64 {
    if let known = numbers[context.digest] { return known }
    try db.execute(
      sql: "INSERT INTO contexts (text) VALUES (CAST(? AS TEXT))",
      arguments: [context.text.data])
    numbers[context.digest] = db.lastInsertedRowID
    return db.lastInsertedRowID
  }
}
