internal import GRDB

extension RecordFailure {
  /// What an error of SQLite means to someone who wanted to write.
  static func writing(_ error: any Error, path: String) -> RecordFailure {
    if let failure = error as? RecordFailure { return failure }
    guard let error = error as? DatabaseError else { return .durability("\(error)") }
    switch error.extendedResultCode {
    // The index of the write-ahead log could not grow: SQLite has no code of its own for it.
    case .SQLITE_IOERR_SHMSIZE: return .diskFull(text(error))
    default: break
    }
    return switch error.resultCode {
    case .SQLITE_FULL: .diskFull(text(error))
    case .SQLITE_BUSY, .SQLITE_LOCKED: .busy(text(error))
    case .SQLITE_CORRUPT, .SQLITE_NOTADB: .corrupt(path: path, reason: text(error))
    default: .durability(text(error))
    }
  }

  /// What an error of SQLite means to someone who opened the file.
  static func opening(_ error: any Error, path: String) -> RecordFailure {
    if let failure = error as? RecordFailure { return failure }
    guard let error = error as? DatabaseError else {
      return .unusable(path: path, reason: "\(error)")
    }
    return switch error.resultCode {
    case .SQLITE_FULL: .diskFull(text(error))
    case .SQLITE_BUSY, .SQLITE_LOCKED: .busy(text(error))
    case .SQLITE_CORRUPT: .corrupt(path: path, reason: "the file is damaged (\(text(error)))")
    case .SQLITE_NOTADB: .unusable(path: path, reason: "this is no SQLite file; give another path")
    case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_READONLY, .SQLITE_AUTH:
      .unusable(
        path: path, reason: "cannot be opened (\(text(error))); check the folder and its rights")
    default: .unusable(path: path, reason: text(error))
    }
  }

  /// What an error of SQLite means to someone who wanted to read.
  static func reading(_ error: any Error, path: String) -> RecordFailure {
    if let failure = error as? RecordFailure { return failure }
    guard let error = error as? DatabaseError else { return .unreadable("\(error)") }
    return switch error.resultCode {
    case .SQLITE_CORRUPT: .corrupt(path: path, reason: "the file is damaged (\(text(error)))")
    default: .unreadable(text(error))
    }
  }

  private static func text(_ error: DatabaseError) -> String {
    "\(error.message ?? "no message"), SQLite error \(error.extendedResultCode.rawValue)"
  }
}
