/// Why a store did not do what it was asked.
package enum StoreFailure: Error, Sendable, Equatable, CustomStringConvertible {
  /// More waits to be written than may; asked again in a moment, it may go.
  case full
  /// A batch is larger than may ever wait.
  case tooLarge(bytes: Int, most: Int)
  /// The disk has no room. Nothing is taken in until it has.
  case diskFull(StorageError)
  /// The disk failed: what is on it is not known, so the store takes nothing more.
  case stopped(StorageError)
  /// The store was closed.
  case closed
  /// Another process has the folder.
  case inUse(path: String)
  /// A file does not hold what was written.
  case damaged(file: String, offset: Int, what: String)
  /// The state is of another file of views.
  case otherDefinitions(path: String, found: String, expected: String)
  /// The log does not go on where the state ends.
  case incomplete(path: String, what: String)
  /// The disk failed while a store was opened or a snapshot was written.
  case storage(StorageError)
  /// A snapshot was given up: the disk takes less than events bring.
  case snapshotTooSlow
  /// A snapshot is being written already.
  case snapshotRunning

  /// What happened, where, and what to do.
  package var description: String {
    switch self {
    case .full: "more events wait for the disk than may; try again later"
    case .tooLarge(let bytes, let most):
      "a batch of \(bytes) bytes is larger than the \(most) that may wait; send smaller ones"
    case .diskFull(let error):
      "\(error); nothing is taken in until there is room on the disk"
    case .stopped(let error):
      "\(error); the store takes nothing more: check the disk, then start again"
    case .closed: "the store is closed"
    case .inUse(let path): "\(path) is used by another process; end it, or use another folder"
    case .damaged(let file, let offset, let what):
      "\(file): byte \(offset): \(what); the file was changed or the disk is failing: restore the "
        + "folder from a copy"
    case .otherDefinitions(let path, let found, let expected):
      "\(path) holds the state of views with digest \(found), not \(expected): use that file of "
        + "views or another folder, or build the state anew from the log (--rebuild)"
    case .incomplete(let path, let what):
      "\(path): \(what); files are missing: restore the folder from a copy"
    case .storage(let error): "\(error)"
    case .snapshotTooSlow:
      "a snapshot was given up: events change the state faster than the disk takes it"
    case .snapshotRunning: "a snapshot is being written already"
    }
  }
}
