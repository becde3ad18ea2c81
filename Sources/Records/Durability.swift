/// When the sender of a decision may be told that it is recorded.
package enum Durability: String, Sendable, Hashable, CaseIterable {
  /// After its transaction is on the disk; the writer does not wait for company.
  case commit
  /// After its transaction is on the disk; records that arrive within a moment share one.
  case group
  /// At once; a crash loses what was queued within the last moments. See docs/records.md.
  case afterResponse = "after-response"
}
