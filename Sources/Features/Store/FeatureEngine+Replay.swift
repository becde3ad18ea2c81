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
    for _ in 0..<batch.count {
      try tables[table].read(&reader)
      let outcome =
        tables[table].isEvents
        ? ingest(tables[table].record, source: target, now: batch.now)
        : update(tables[table].record, view: target)
      if outcome != .accepted { refusals += 1 }
    }
    guard reader.isAtEnd else { throw StoredBytes.Short() }
    if tables[table].isEvents { sources[target].counts.add(batch.refused) }
    if batch.expiryBudget > 0 {
      _ = expire(before: batch.expiresBefore, budget: Int(batch.expiryBudget))
    }
    return refusals
  }
}
