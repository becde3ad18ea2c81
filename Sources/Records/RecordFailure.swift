/// Why a record was not kept, or the file cannot be used.
package enum RecordFailure: Error, Sendable, Equatable, CustomStringConvertible {
  /// The queue in front of the writer is full: the disk does not keep up.
  case full(rows: Int, bytes: Int)
  /// The disk is full. Nothing of the record was written; later ones may succeed.
  case diskFull(String)
  /// The disk failed. Nothing more is accepted until the process starts again.
  case durability(String)
  /// Another program holds the file's write lock.
  case busy(String)
  /// The record itself cannot be kept.
  case invalid(String)
  /// Another record has this id.
  case duplicateID(String)
  /// The store was closed.
  case closed
  /// The file cannot be opened.
  case unusable(path: String, reason: String)
  /// The file was altered or damaged.
  case corrupt(path: String, reason: String)
  /// A query failed.
  case unreadable(String)

  /// What happened and what can be done, in a sentence.
  package var description: String {
    switch self {
    case .full(let rows, let bytes):
      "the queue of records is full (\(rows) rows, \(bytes) bytes): the disk does not keep up; "
        + "send less, or use a faster disk"
    case .diskFull(let text):
      "the disk is full, nothing was recorded (\(text)); free space and it goes on by itself"
    case .durability(let text):
      "the disk failed and records are no longer accepted (\(text)); check the disk, then restart"
    case .busy(let text):
      "another program is writing to the file of records (\(text)); end it"
    case .invalid(let text): "the record cannot be kept: \(text)"
    case .duplicateID(let id): "another record has the id '\(id)'"
    case .closed: "the store of records is closed"
    case .unusable(let path, let reason): "\(path): \(reason)"
    case .corrupt(let path, let reason): "\(path): \(reason)"
    case .unreadable(let text): "records cannot be read: \(text)"
    }
  }

  /// A short name for metrics and for the reason in an answer.
  package var reason: String {
    switch self {
    case .full: "full"
    case .diskFull: "disk_full"
    case .durability: "durability"
    case .busy: "busy"
    case .invalid: "invalid"
    case .duplicateID: "duplicate_id"
    case .closed: "closed"
    case .unusable: "unusable"
    case .corrupt: "corrupt"
    case .unreadable: "unreadable"
    }
  }
}
