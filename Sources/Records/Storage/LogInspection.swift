private import Foundation

/// Looks through SQLite's write-ahead log before SQLite does.
///
/// SQLite recovers the transactions before the first frame whose checksum is wrong, and drops what
/// follows without a word. After a crash that is right: the frame belongs to a transaction that
/// never reached the disk whole, and its sender was told nothing. But each transaction is synced
/// before the next begins, so if a later transaction had begun, an earlier one that is dropped was
/// acknowledged. Such a log is refused; see ``LogWalk`` for how that is told.
struct LogInspection: Sendable, Equatable {
  /// Frames up to the first that SQLite will not use.
  var soundFrames = 0
  /// Transactions that SQLite will recover.
  var recoveredCommits = 0
  /// Where the log was damaged after it had been synced: the frame's byte offset in the file.
  var damagedOffset: Int?

  static let headerSize = 32
  static let frameHeaderSize = 24

  /// Refuses the database at `path` if its log was damaged.
  static func check(database path: String) throws(RecordFailure) {
    guard let offset = try read(database: path).damagedOffset else { return }
    throw .corrupt(
      path: path + "-wal",
      reason: "byte \(offset): the write-ahead log was damaged after it had been synced; opening "
        + "the file would drop acknowledged records; restore a copy, or move the log away to go on "
        + "without them")
  }

  /// Reads the log of the database at `path`; one without frames is sound.
  static func read(database path: String) throws(RecordFailure) -> LogInspection {
    let log = URL(fileURLWithPath: path + "-wal")
    guard let file = try? FileHandle(forReadingFrom: log) else { return LogInspection() }
    defer { try? file.close() }
    do {
      return try scan { count in [UInt8](try file.read(upToCount: count) ?? Data()) }
    } catch {
      throw .unusable(path: log.path, reason: "cannot be read: \(error)")
    }
  }

  /// Reads a log from `read`, which returns the next bytes, fewer than asked for at the end.
  ///
  /// - Parameter pageSize: the size to believe in where the log's own is damaged.
  static func scan(
    pageSize: Int = RecordFile.pageSize, _ read: (Int) throws -> [UInt8]
  ) rethrows -> LogInspection {
    let bytes = try read(headerSize)
    guard bytes.count == headerSize else { return LogInspection() }
    var walk = LogWalk(LogHeader(bytes, pageSize: pageSize))
    let frameSize = frameHeaderSize + walk.log.pageSize
    while walk.inspection.damagedOffset == nil {
      let frame = try read(frameSize)
      guard frame.count == frameSize else { break }
      walk.take(LogFrame(frame, bigEndian: walk.log.isBigEndian))
    }
    return walk.inspection
  }
}
