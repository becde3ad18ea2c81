/// The bounds of the gRPC side. Sizes are in bytes, times in nanoseconds.
package struct GRPCLimits: Sendable {
  /// One message, as sent and decompressed; at most `Int32.max`.
  package var messageBytesMax = 256 << 20
  /// One message of a call that neither infers, nor uploads, nor holds many values; as sent and
  /// decompressed.
  package var controlMessageBytesMax = 1 << 20
  /// Messages of one connection that are incomplete or not answered, together.
  package var connectionBufferBytesMax = 1 << 30
  /// Connections of the whole server; more are closed at once.
  package var connectionsMax = 8192
  /// Requests of one `ModelStreamInfer` call that wait for their answer; then it is not read.
  package var streamRequestsMax = 64
  /// Bytes of those requests; then it is not read either.
  package var streamRequestBytesMax = 64 << 20
  /// Answers of one `ModelStreamInfer` call that wait for the client; then it is not read.
  package var streamAnswerBytesMax = 4 << 20
  /// Time from the connection to its first 24 bytes.
  package var prefaceNanosecondsMax: Int64 = 10_000_000_000
  /// Time in which a client must send something of a request it has begun.
  package var bodyNanosecondsMax: Int64 = 30_000_000_000
  /// Time in which a client must read something of what waits for it.
  package var stallNanosecondsMax: Int64 = 30_000_000_000
  /// Time in which a connection may have no request; 0 is no bound.
  package var idleNanosecondsMax: Int64 = 0
  /// Time between two looks at the times above.
  package var sweepNanoseconds: Int64 = 500_000_000
  /// Whether answers are compressed with gzip for clients that accept it.
  package var compressesAnswers = false
  /// The bounds of HTTP/2 itself.
  package var http2 = HTTP2Settings()

  package init() {}
}
