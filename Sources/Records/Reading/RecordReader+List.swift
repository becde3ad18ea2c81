internal import GRDB

extension RecordReader {
  /// The most records of a page.
  package static let pageRowsMaximum = 1_000
  /// A page ends once it has so many bytes.
  package static let pageBytesMaximum = 16 << 20

  /// Records by the time they were decided, ascending; those of one instant in the chain's order.
  ///
  /// - Parameters:
  ///   - pipeline: only records of this pipeline.
  ///   - from: nanoseconds since 1970, included.
  ///   - to: nanoseconds since 1970, not included.
  ///   - limit: brought into 1...``pageRowsMaximum``.
  ///   - after: the `next` of the page before.
  package func list(
    pipeline: String? = nil, from: Int64? = nil, to: Int64? = nil, limit: Int = 100,
    after: RecordCursor? = nil
  ) throws(RecordFailure) -> RecordPage {
    let limit = min(max(limit, 1), Self.pageRowsMaximum)
    let cursor = after ?? RecordCursor(decidedAt: from ?? .min, sequence: 0)
    let sql = """
      SELECT \(RecordRows.columns) FROM decisions
      WHERE (decided_at, sequence) > (?, ?) AND decided_at < ? AND decided_at >= ?
        \(pipeline == nil ? "" : "AND pipeline = ?")
      ORDER BY decided_at, sequence LIMIT ?
      """
    return try read { db in
      var arguments: StatementArguments = [
        cursor.decidedAt, cursor.sequence, to ?? .max, from ?? .min,
      ]
      if let pipeline { arguments += [pipeline] }
      arguments += [limit + 1]
      let rows = try Row.fetchCursor(try db.cachedStatement(sql: sql), arguments: arguments)
      var page = RecordPage(records: [], next: nil)
      var bytes = 0
      var last = cursor
      while let row = try rows.next() {
        if page.records.count == limit || bytes >= Self.pageBytesMaximum {
          page.next = page.records.last.map {
            RecordCursor(decidedAt: $0.record.decidedAt, sequence: $0.sequence)
          }
          break
        }
        let stored = try RecordRows.read(row)
        try Self.ascend(&last, stored)
        bytes += stored.record.byteCount
        page.records.append(stored)
      }
      return page
    }
  }

  /// A damaged index may lead in a circle, and a caller would ask for page after page.
  private static func ascend(_ last: inout RecordCursor, _ stored: StoredRecord) throws {
    let next = RecordCursor(decidedAt: stored.record.decidedAt, sequence: stored.sequence)
    guard (next.decidedAt, next.sequence) > (last.decidedAt, last.sequence) else {
      throw DatabaseError(
        resultCode: .SQLITE_CORRUPT, message: "record \(next.sequence) is out of order")
    }
    last = next
  }
}
