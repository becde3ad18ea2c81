private import Dispatch
internal import GRDB
internal import Synchronization

/// Copies the write-ahead log into the file beside the writer, on a connection of its own.
///
/// The log starts again only when all of it was copied and nobody has added to it: under load that
/// moment never comes by itself. So the bulk is copied here, and the writer, when it sees that
/// this is done, copies the small rest between two groups.
final class LogCopier: Sendable {
  /// How far the copying is.
  enum Phase: Sendable, Equatable {
    case idle
    case copying
    /// The bulk is copied, the rest is the writer's.
    case ready
    case failed(RecordFailure)
  }

  private let path: String
  private let connection: DatabaseQueue
  private let queue = DispatchQueue(label: "records.log", qos: .utility)
  private let state = Mutex(Phase.idle)

  init(path: String) throws(RecordFailure) {
    self.path = path
    do {
      var configuration = Configuration()
      configuration.label = "records.log"
      configuration.prepareDatabase { db in
        try db.execute(sql: "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0")
      }
      connection = try DatabaseQueue(path: path, configuration: configuration)
    } catch {
      throw .opening(error, path: path)
    }
  }

  var phase: Phase { state.withLock { $0 } }

  /// Starts copying unless it is under way.
  func start() {
    let starts = state.withLock { phase in
      defer { if phase == .idle { phase = .copying } }
      return phase == .idle
    }
    if starts { queue.async { [self] in copy() } }
  }

  /// The writer has copied the rest.
  func restart() { state.withLock { $0 = .idle } }

  /// Waits for a copy under way, then closes the connection.
  func close() {
    queue.sync {}
    // The log stays complete whatever happens here.
    try? connection.close()
  }

  private func copy() {
    var next = Phase.ready
    do {
      _ = try connection.writeWithoutTransaction { db in try db.checkpoint(.passive) }
    } catch {
      switch RecordFailure.writing(error, path: path) {
      // The log keeps everything until there is space, or the other program is done.
      case .diskFull, .busy: next = .idle
      case let failure: next = .failed(failure)
      }
    }
    state.withLock { $0 = next }
  }
}
