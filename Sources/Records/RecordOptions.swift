/// The bounds of a store; every queue and table has one.
package struct RecordOptions: Sendable, Equatable {
  /// The most records that wait for the writer.
  package var queueRowsMaximum = 8_192
  /// The most bytes that wait for the writer.
  package var queueBytesMaximum = 64 << 20
  /// The most records of one transaction.
  package var groupRowsMaximum = 256
  /// A group is closed once it has this many bytes.
  package var groupBytesMaximum = 4 << 20
  /// How long the first record of a group waits for company, in nanoseconds.
  package var gatherNanoseconds: Int64 = 1_000_000
  /// The same where every record of the group is ``Durability/afterResponse``.
  package var lazyGatherNanoseconds: Int64 = 10_000_000
  /// How long nothing is tried after the disk was full or the file busy, in nanoseconds.
  package var pauseNanoseconds: Int64 = 500_000_000
  /// The largest body of a record, in bytes.
  package var bodyBytesMaximum = 1 << 20
  /// How many request ids are remembered, 24 bytes each.
  package var recentRequestsMaximum = 524_288
  /// How many of the newest request ids are read into memory when the file is opened.
  package var recentRequestsAtOpen = 131_072
  /// How many of the newest records are checked against their hashes when the file is opened.
  package var rowsCheckedAtOpen = 1_000
  /// The write-ahead log is copied into the file each time that about so many bytes were written.
  package var checkpointBytes = 64 << 20
  /// The most memory for pages of the file that the writer keeps at hand.
  package var pageCacheBytes = 64 << 20

  package init() {}
}
