/// Goes through a log frame by frame and judges whether what SQLite would drop was synced.
///
/// A crash leaves one transaction unfinished, any part of it missing; what follows it in the file
/// is older, with other salts, or what a full disk cut short, without a commit. Within a
/// transaction page numbers ascend, and each one begins with a lower page than the one before ended
/// with, as all change the table `chain`. So after the first wrong frame each of these proves
/// that a synced transaction would be dropped:
///
/// 1. A frame that follows, by its checksum, from the end of a transaction. That end need not be
///    sound: it was when its successor was written.
/// 2. A sound commit after the end of another transaction, or after a page lower than one before.
struct LogWalk: Sendable {
  var inspection = LogInspection()
  private(set) var log: LogHeader

  /// The frame before: its checksum as written, and as it follows from its bytes.
  private var stored: LogChecksum
  private var computed: LogChecksum
  /// Whether the frame before ends a transaction, or seems to.
  private var endsTransaction = false
  private var seemsToEnd = false
  /// The highest sound page of the transaction so far.
  private var lastPage: UInt32 = 0
  private var largestPage: UInt32 = 0
  private var index = 0
  private var firstWrong: Int?
  private var hasPassedEnd = false
  private var hasSalt: Bool

  init(_ log: LogHeader) {
    self.log = log
    stored = log.stored
    computed = log.computed
    hasSalt = log.isSound
  }

  /// Takes the next frame.
  mutating func take(_ frame: LogFrame) {
    let expected = frame.checksum(after: stored)
    if log.isSound, firstWrong == nil, expected == frame.stored, hasSalt(frame) {
      takeSound(frame)
    } else {
      if firstWrong == nil { firstWrong = log.isSound ? index : -1 }
      takeDropped(frame, expected)
    }
    stored = frame.stored
    index += 1
  }

  private mutating func takeSound(_ frame: LogFrame) {
    inspection.soundFrames += 1
    endsTransaction = frame.pagesAfterCommit != 0
    if endsTransaction { inspection.recoveredCommits += 1 }
    lastPage = endsTransaction ? 0 : frame.page
    largestPage = max(largestPage, frame.page, frame.pagesAfterCommit)
    computed = frame.stored
  }

  /// A frame that SQLite will not use.
  private mutating func takeDropped(_ frame: LogFrame, _ expected: LogChecksum) {
    var follows = expected == frame.stored
    var sum = expected
    if !follows, computed != stored {
      let other = frame.checksum(after: computed)
      follows = other == frame.stored
      // Of two wrong sums either may go on; the written one of this frame is tried first anyway.
      if follows { sum = other }
    }
    if follows, !hasSalt {
      log.salt = frame.salt
      hasSalt = true
    }
    let isEnd = follows && frame.pagesAfterCommit != 0
    if follows, hasSalt(frame) {
      let isNext = frame.page <= lastPage
      if endsTransaction || seemsToEnd && isNext || (hasPassedEnd || isNext) && isEnd {
        return noteDamage()
      }
      hasPassedEnd = hasPassedEnd || isEnd || isNext
      lastPage = isEnd ? 0 : max(lastPage, frame.page)
    }
    seemsToEnd = !follows && looksLikeEnd(frame)
    endsTransaction = isEnd
    computed = sum
  }

  /// Whether a frame with a wrong checksum may once have ended a transaction: it is marked so, or
  /// would have the right checksum if it were.
  private func looksLikeEnd(_ frame: LogFrame) -> Bool {
    if frame.pagesAfterCommit != 0 { return true }
    let implied = frame.impliedHeader(after: stored)
    return implied.page > 0 && implied.pagesAfterCommit >= implied.page
      && implied.pagesAfterCommit <= largestPage &* 2 &+ 65_536
  }

  private func hasSalt(_ frame: LogFrame) -> Bool { frame.salt == log.salt }

  private mutating func noteDamage() {
    let size = LogInspection.frameHeaderSize + log.pageSize
    // -1: the header is what is damaged.
    let wrong = firstWrong ?? 0
    inspection.damagedOffset = wrong < 0 ? 0 : LogInspection.headerSize + wrong * size
  }
}
