internal import Synchronization
internal import Timing

/// What the writer's thread holds.
struct WriterRun {
  var target: any RecordTarget
  let copier: LogCopier?
  let options: RecordOptions
  /// Whether the disk did what it was asked for.
  var isSound = true
  /// About how much was written since the log was last copied.
  private var bytesSinceCopy = 0

  init(target: any RecordTarget, copier: LogCopier?, options: RecordOptions) {
    self.target = target
    self.copier = copier
    self.options = options
  }

  /// Keeps the write-ahead log short.
  ///
  /// - Returns: how long that held up the writer, in nanoseconds, if it did.
  mutating func copyLog(afterBytes bytes: Int) throws(RecordFailure) -> Int64? {
    bytesSinceCopy += bytes
    guard isSound, let copier, bytesSinceCopy >= options.checkpointBytes else { return nil }
    switch copier.phase {
    case .idle: copier.start()
    case .copying: break
    case .failed(let failure): throw failure
    case .ready:
      let start = MonotonicInstant.now()
      bytesSinceCopy = 0
      copier.restart()
      do throws(RecordFailure) {
        try target.checkpoint()
      } catch {
        switch error {
        // The log keeps everything; the next round copies it.
        case .diskFull, .busy: break
        default: throw error
        }
      }
      return MonotonicInstant.now().since(start)
    }
    return nil
  }

  /// Closes the file, unless the disk failed: closing it would sync again, and seem to succeed.
  func close() {
    copier?.close()
    if isSound {
      // Everything is in the log and synced already: what fails here is only the tidying.
      try? target.close()
    } else {
      AbandonedTargets.keep(target)
    }
  }
}

/// Files that must not be closed: see ``WriterRun/close()``. They end with the process.
private enum AbandonedTargets {
  private static let targets = Mutex<[any RecordTarget]>([])

  static func keep(_ target: any RecordTarget) { targets.withLock { $0.append(target) } }
}
