extension FeatureEngine {
  /// Takes in a batch of the log again.
  ///
  /// - Returns: the events that were not accepted.
  /// - Throws: where the bytes are no batch.
  mutating func replay(
    _ bytes: ArraySlice<UInt8>, _ tables: inout [StoredTable]
  ) throws(StoredBytes.Short) -> Int {
    var reader = StoredBytes(bytes)
    let batch = try StoredBatch(reading: &reader)
    guard let table = batch.table else { return 0 }
    guard tables.indices.contains(table) else { throw StoredBytes.Short() }
    guard let target = tables[table].target else { return Int(batch.count) }
    var refusals = 0
    var left = Int(batch.count)
    while left > 0 {
      let count = min(left, StoredTable.piece)
      for index in 0..<count { try tables[table].read(&reader, at: index) }
      left -= count
      refusals += replay(tables[table], count, target, now: batch.now)
    }
    guard reader.isAtEnd else { throw StoredBytes.Short() }
    if tables[table].isEvents { sources[target].counts.add(batch.refused) }
    if batch.expiryBudget > 0 {
      _ = expire(before: batch.expiresBefore, budget: Int(batch.expiryBudget))
    }
    return refusals
  }

  /// Takes in records again.
  ///
  /// - Returns: those that were not accepted.
  private mutating func replay(
    _ table: borrowing StoredTable, _ count: Int, _ target: Int, now: Int64
  ) -> Int {
    var refusals = 0
    let records = table.records.span.extracting(first: count)
    if table.isEvents { lookAhead(records, source: target) }
    for index in records.indices {
      let outcome =
        table.isEvents
        ? ingest(records[index], source: target, now: now, at: index)
        : update(records[index], view: target)
      if outcome != .accepted { refusals += 1 }
    }
    return refusals
  }
}
