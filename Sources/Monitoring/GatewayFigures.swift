/// What the network side of the server knows of itself, for the metrics page.
package struct GatewayFigures: Sendable {
  /// One protocol's listener.
  package struct Listener: Sendable {
    /// `http`, `grpc` or `metrics`.
    package var name: String
    /// Connections open now.
    package var openConnections = 0
    /// The most connections that may be open.
    package var connectionLimit = 0
    /// Connections accepted since the start.
    package var acceptedConnections: UInt64 = 0
    /// Connections refused because the limit was reached, since the start.
    package var refusedConnections: UInt64 = 0
    /// Requests or streams being answered now.
    package var openStreams = 0
    /// The most streams of one connection; 0 where the protocol has no such limit.
    package var streamLimit = 0
    /// Answers since the start, by the protocol's own status code, ascending.
    package var answers: [(status: Int, count: UInt64)] = []

    package init(name: String) { self.name = name }
  }

  package var listeners: [Listener] = []
  /// `nil` without decision pipelines.
  package var decisions: DecisionFigures?
  /// Whether the readiness probe succeeds now.
  package var isReady = false
  /// Log lines lost because the log was written slower than it was filled.
  package var droppedLogLines: UInt64 = 0
  /// Traces lost because they were written slower than they were sampled.
  package var droppedTraces: UInt64 = 0
  /// The server's version, for example `0.1.0`.
  package var serverVersion = ""

  package init() {}
}
