internal import Synchronization

#if canImport(Glibc)
  private import Glibc
#elseif canImport(Musl)
  private import Musl
#else
  private import Darwin
#endif

/// Keeps a second writer away from a file: a chain has one head.
///
/// The lock is on a file beside it. On the file itself, its release would end SQLite's locks.
final class FileLock: Sendable {
  private let descriptor: Atomic<Int32>

  /// Takes the lock of `path`, or says why not.
  init(path: String) throws(RecordFailure) {
    let lockPath = path + ".lock"
    let opened = unsafe open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard opened >= 0 else {
      throw .unusable(
        path: path,
        reason: "cannot create \(lockPath) (error \(errno)); check the folder and its rights")
    }
    guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
      close(opened)
      throw .unusable(
        path: path, reason: "another process is writing to it; end that one, or use another path")
    }
    descriptor = Atomic(opened)
  }

  deinit { release() }

  /// Lets another writer in.
  func release() {
    let held = descriptor.exchange(-1, ordering: .acquiringAndReleasing)
    if held >= 0 { close(held) }
  }

  /// Whether a writer has the file open now.
  static func isHeld(path: String) -> Bool {
    let opened = unsafe open(path + ".lock", O_RDONLY | O_CLOEXEC)
    guard opened >= 0 else { return false }
    defer { close(opened) }
    return flock(opened, LOCK_SH | LOCK_NB) != 0
  }
}
