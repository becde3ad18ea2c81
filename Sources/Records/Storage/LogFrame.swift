/// The checksum of SQLite's write-ahead log: each frame's goes on from that of the frame before.
/// Described in https://www.sqlite.org/fileformat2.html#walformat.
struct LogChecksum: Sendable, Equatable {
  var first: UInt32
  var second: UInt32

  /// Adds two words.
  mutating func add(_ one: UInt32, _ two: UInt32) {
    first = first &+ one &+ second
    second = second &+ two &+ first
  }

  /// Takes back what `add` did.
  mutating func remove(_ one: UInt32, _ two: UInt32) {
    second = second &- two &- first
    first = first &- one &- second
  }
}

/// The first 32 bytes of a log.
struct LogHeader: Sendable {
  let pageSize: Int
  let isBigEndian: Bool
  /// What every frame of this log, and none of an earlier one in the same file, carries.
  var salt: (UInt32, UInt32)
  /// The checksum as it is written, and as it follows from the bytes before it.
  let stored: LogChecksum
  let computed: LogChecksum
  /// Whether SQLite would use the log.
  let isSound: Bool

  init(_ bytes: [UInt8], pageSize expected: Int) {
    let magic = bytes.bigEndian(at: 0)
    let size = Int(bytes.bigEndian(at: 8))
    let isPlausible =
      magic & ~1 == 0x377f_0682 && bytes.bigEndian(at: 4) == 3_007_000
      && size >= 512 && size <= 65_536 && size & (size - 1) == 0
    salt = (bytes.bigEndian(at: 16), bytes.bigEndian(at: 20))
    stored = LogChecksum(first: bytes.bigEndian(at: 24), second: bytes.bigEndian(at: 28))
    let marked = Self.sum(bytes, bigEndian: magic & 1 == 1)
    isSound = isPlausible && marked == stored
    // A damaged header is read as the one that this program writes: its mark may be the damage.
    isBigEndian = isSound && magic & 1 == 1
    computed = isSound ? marked : Self.sum(bytes, bigEndian: false)
    pageSize = isSound ? size : expected
  }

  private static func sum(_ bytes: [UInt8], bigEndian: Bool) -> LogChecksum {
    var sum = LogChecksum(first: 0, second: 0)
    for index in stride(from: 0, to: 24, by: 8) {
      sum.add(
        bytes.word(at: index, bigEndian: bigEndian), bytes.word(at: index + 4, bigEndian: bigEndian)
      )
    }
    return sum
  }
}

/// One page of a log with its header of 24 bytes.
struct LogFrame: Sendable {
  /// The page's number, from 1.
  let page: UInt32
  /// For the last frame of a transaction the number of pages after it, for others 0.
  let pagesAfterCommit: UInt32
  let salt: (UInt32, UInt32)
  /// The checksum as it is written.
  let stored: LogChecksum
  private let bytes: [UInt8]
  private let isBigEndian: Bool

  init(_ bytes: [UInt8], bigEndian: Bool) {
    page = bytes.bigEndian(at: 0)
    pagesAfterCommit = bytes.bigEndian(at: 4)
    salt = (bytes.bigEndian(at: 8), bytes.bigEndian(at: 12))
    stored = LogChecksum(first: bytes.bigEndian(at: 16), second: bytes.bigEndian(at: 20))
    self.bytes = bytes
    isBigEndian = bigEndian
  }

  /// The checksum that follows from the bytes and from that of the frame before.
  func checksum(after previous: LogChecksum) -> LogChecksum {
    var sum = previous
    sum.add(
      bytes.word(at: 0, bigEndian: isBigEndian), bytes.word(at: 4, bigEndian: isBigEndian))
    var index = LogInspection.frameHeaderSize
    while index + 8 <= bytes.count {
      sum.add(
        bytes.word(at: index, bigEndian: isBigEndian),
        bytes.word(at: index + 4, bigEndian: isBigEndian))
      index += 8
    }
    return sum
  }

  /// The page number and the mark of a commit with which the written checksum would be right: what
  /// they were, if nothing else of the frame is wrong.
  func impliedHeader(after previous: LogChecksum) -> (page: UInt32, pagesAfterCommit: UInt32) {
    var sum = stored
    var index = bytes.count & ~7
    while index > LogInspection.frameHeaderSize {
      index -= 8
      sum.remove(
        bytes.word(at: index, bigEndian: isBigEndian),
        bytes.word(at: index + 4, bigEndian: isBigEndian))
    }
    let page = sum.first &- previous.first &- previous.second
    let commit = sum.second &- previous.second &- sum.first
    return isBigEndian ? (page, commit) : (page.byteSwapped, commit.byteSwapped)
  }
}

extension [UInt8] {
  /// The four bytes at `index`, most significant first.
  fileprivate func bigEndian(at index: Int) -> UInt32 {
    UInt32(self[index]) << 24 | UInt32(self[index + 1]) << 16 | UInt32(self[index + 2]) << 8
      | UInt32(self[index + 3])
  }

  fileprivate func word(at index: Int, bigEndian isBigEndian: Bool) -> UInt32 {
    isBigEndian ? bigEndian(at: index) : bigEndian(at: index).byteSwapped
  }
}
