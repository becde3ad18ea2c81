/// What the writer writes to: a file, or in tests one that fails as it is told.
protocol RecordTarget: Sendable {
  /// The newest record's place in the chain.
  var chain: HashChain { get }

  /// Writes a group, all or nothing; see ``RecordFile``.
  mutating func commit(
    _ group: [DecisionRecord]
  ) throws(RecordFailure) -> [Result<AppendOutcome, RecordFailure>]

  /// Removes a step of old records.
  mutating func prune(before instant: Int64) throws(RecordFailure) -> PruneReport

  /// Copies what is left of the write-ahead log into the file.
  func checkpoint() throws(RecordFailure)

  /// Closes it in good order.
  func close() throws(RecordFailure)
}
