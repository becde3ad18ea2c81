package import Monitoring
private import Synchronization

/// What one listener counts for the metrics page. Any thread.
package final class ListenerCounters: Sendable {
  package let name: String
  private let connectionLimit: Int
  private let streamLimit: Int
  private let open = Atomic<Int>(0)
  private let accepted = Atomic<UInt64>(0)
  private let refused = Atomic<UInt64>(0)
  private let streams = Atomic<Int>(0)
  /// Answers with the protocol's usual status, which nearly all have.
  private let usual = Atomic<UInt64>(0)
  private let usualStatus: Int
  private let others = Mutex<[Int: UInt64]>([:])

  /// - Parameters:
  ///   - name: `http`, `grpc` or `metrics`.
  ///   - connectionLimit: connections that may be open.
  ///   - streamLimit: streams of one connection; 0 for no such limit.
  ///   - usualStatus: the status that means success: 200 for HTTP, 0 for gRPC.
  package init(name: String, connectionLimit: Int, streamLimit: Int = 0, usualStatus: Int) {
    self.name = name
    self.connectionLimit = connectionLimit
    self.streamLimit = streamLimit
    self.usualStatus = usualStatus
  }

  /// Takes a place for a new connection; `false` if all are taken, and the connection must go.
  package func admitConnection() -> Bool {
    let count = open.wrappingAdd(1, ordering: .relaxed).newValue
    if count > connectionLimit {
      open.wrappingSubtract(1, ordering: .relaxed)
      refused.wrappingAdd(1, ordering: .relaxed)
      return false
    }
    accepted.wrappingAdd(1, ordering: .relaxed)
    return true
  }

  /// Gives back the place of an admitted connection, once.
  package func connectionClosed() { open.wrappingSubtract(1, ordering: .relaxed) }

  /// A request or stream has begun.
  package func streamOpened() { streams.wrappingAdd(1, ordering: .relaxed) }

  /// A request or stream was answered with `status`.
  package func streamAnswered(status: Int) {
    streams.wrappingSubtract(1, ordering: .relaxed)
    if status == usualStatus {
      usual.wrappingAdd(1, ordering: .relaxed)
    } else {
      others.withLock { $0[status, default: 0] += 1 }
    }
  }

  /// A request or stream ended without an answer.
  package func streamAbandoned() { streams.wrappingSubtract(1, ordering: .relaxed) }

  /// Connections open now.
  package var openConnections: Int { open.load(ordering: .relaxed) }

  /// The figures of this moment.
  package var figures: GatewayFigures.Listener {
    var result = GatewayFigures.Listener(name: name)
    result.openConnections = openConnections
    result.connectionLimit = connectionLimit
    result.acceptedConnections = accepted.load(ordering: .relaxed)
    result.refusedConnections = refused.load(ordering: .relaxed)
    result.openStreams = max(0, streams.load(ordering: .relaxed))
    result.streamLimit = streamLimit
    var answers = others.withLock { $0 }
    let successes = usual.load(ordering: .relaxed)
    if successes > 0 { answers[usualStatus, default: 0] += successes }
    result.answers = answers.sorted { $0.key < $1.key }.map { (status: $0.key, count: $0.value) }
    return result
  }
}
