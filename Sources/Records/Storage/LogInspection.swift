private import Foundation

/// Looks through SQLite's write-ahead log before SQLite does.
///
/// SQLite ends recovery at the first frame whose checksum is wrong and drops what follows. After a
/// crash that is right: such a frame belongs to a transaction that never reached the disk. But each
/// commit is synced before the next transaction begins, so a wrong frame before a commit that has a
/// successor was once right: then acknowledged records would vanish without a word. The format is
/// described in https://www.sqlite.org/fileformat2.html#walformat.
struct LogInspection: Sendable, Equatable {
  /// Frames that SQLite will use, at most.
  private(set) var soundFrames = 0
  /// Where the log was damaged after it had been written: the frame's byte offset in the file.
  private(set) var damagedOffset: Int?

  static let headerSize = 32
  static let frameHeaderSize = 24

  /// Refuses the database at `path` if its log was damaged.
  static func check(database path: String) throws(RecordFailure) {
    guard let offset = try read(database: path).damagedOffset else { return }
    throw .corrupt(
      path: path + "-wal",
      reason: "byte \(offset): the write-ahead log was damaged after it had been written; opening "
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
  static func scan(_ read: (Int) throws -> [UInt8]) rethrows -> LogInspection {
    var inspection = LogInspection()
    let header = try read(headerSize)
    guard header.count == headerSize else { return inspection }
    var log = LogHeader(header)
    // The checksum as it is written in the frame before: later frames are judged by that.
    var previous = log.checksum
    var firstWrong: Int?
    var commitBefore = false
    var index = 0
    while true {
      let frame = try read(frameHeaderSize + log.pageSize)
      guard frame.count == frameHeaderSize + log.pageSize else { return inspection }
      if !log.isSound, index == 0 { log.salt = (frame.bigEndian(at: 8), frame.bigEndian(at: 12)) }
      let isSound = log.accepts(frame, after: previous) && (log.isSound || index > 0)
      if isSound, let firstWrong, commitBefore {
        inspection.damagedOffset =
          log.isSound ? headerSize + firstWrong * (frameHeaderSize + log.pageSize) : 0
        return inspection
      }
      if !isSound, firstWrong == nil { firstWrong = index }
      if firstWrong == nil { inspection.soundFrames += 1 }
      commitBefore = firstWrong != nil && frame.bigEndian(at: 4) != 0
      previous = (frame.bigEndian(at: 16), frame.bigEndian(at: 20))
      index += 1
    }
  }
}

/// The first 32 bytes of a log.
private struct LogHeader {
  let pageSize: Int
  let isBigEndian: Bool
  var salt: (UInt32, UInt32)
  let checksum: (UInt32, UInt32)
  /// Whether SQLite would use the log.
  let isSound: Bool

  init(_ bytes: [UInt8]) {
    let magic = bytes.bigEndian(at: 0)
    let size = Int(bytes.bigEndian(at: 8))
    let isPlausible =
      magic & ~1 == 0x377f_0682 && bytes.bigEndian(at: 4) == 3_007_000
      && size >= 512 && size <= 65_536 && size & (size - 1) == 0
    salt = (bytes.bigEndian(at: 16), bytes.bigEndian(at: 20))
    checksum = (bytes.bigEndian(at: 24), bytes.bigEndian(at: 28))
    let isMarkedBigEndian = magic & 1 == 1
    var sum: (UInt32, UInt32) = (0, 0)
    Self.add(bytes[0..<24], to: &sum, bigEndian: isMarkedBigEndian)
    isSound = isPlausible && sum == checksum
    // A damaged header is read as the one that this program writes: its mark may be the damage.
    isBigEndian = isSound && isMarkedBigEndian
    pageSize = isSound ? size : RecordFile.pageSize
  }

  func accepts(_ frame: [UInt8], after previous: (UInt32, UInt32)) -> Bool {
    guard frame.bigEndian(at: 8) == salt.0, frame.bigEndian(at: 12) == salt.1 else { return false }
    var sum = previous
    Self.add(frame[0..<8], to: &sum, bigEndian: isBigEndian)
    Self.add(frame[LogInspection.frameHeaderSize...], to: &sum, bigEndian: isBigEndian)
    return sum == (frame.bigEndian(at: 16), frame.bigEndian(at: 20))
  }

  private static func add(
    _ bytes: ArraySlice<UInt8>, to sum: inout (UInt32, UInt32), bigEndian: Bool
  ) {
    var index = bytes.startIndex
    while index + 8 <= bytes.endIndex {
      var first = bytes.bigEndian(at: index)
      var second = bytes.bigEndian(at: index + 4)
      if !bigEndian {
        first = first.byteSwapped
        second = second.byteSwapped
      }
      sum.0 = sum.0 &+ first &+ sum.1
      sum.1 = sum.1 &+ second &+ sum.0
      index += 8
    }
  }
}

extension RandomAccessCollection<UInt8> where Index == Int {
  /// The four bytes at `index`, most significant first.
  fileprivate func bigEndian(at index: Int) -> UInt32 {
    UInt32(self[index]) << 24 | UInt32(self[index + 1]) << 16 | UInt32(self[index + 2]) << 8
      | UInt32(self[index + 3])
  }
}
