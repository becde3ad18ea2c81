/// How a store uses memory and disk.
package struct StoreOptions: Sendable {
  /// Bytes of one file of the log, about.
  package var segmentBytes = 64 << 20
  /// Bytes that may wait to be written.
  package var queueBytes = 64 << 20
  /// Batches that may wait to be written.
  package var queueBatches = 65_536
  /// Bytes written with one fsync, about.
  package var groupBytes = 4 << 20
  /// How long events gather company before they are written, in nanoseconds.
  package var gatherNanoseconds: Int64 = 1_000_000
  /// As many bytes are written without waiting for more.
  package var gatherBytes = 64 << 10
  /// How long events that nobody waits for gather company in memory, in nanoseconds.
  package var lazyGatherNanoseconds: Int64 = 10_000_000
  /// Bytes of log after which a snapshot is due, unless the newest one is larger.
  package var snapshotBytes = 64 << 20
  /// Bytes of state copied in one go, while events wait.
  package var sliceBytes = 16 << 10
  /// Bytes of a snapshot that may wait for the disk.
  package var captureBytes = 64 << 20
  /// Events taken in in one go, while reads wait.
  package var sliceEvents = 32
  /// Whether files of the log stay when snapshots no longer need them.
  package var keepsLog = false
  /// Whether the state is built from the log alone, whatever the views were.
  package var rebuilds = false

  package init() {}
}
