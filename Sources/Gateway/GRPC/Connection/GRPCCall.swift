internal import NIOCore

/// What answers one call, once its method is known. Confined to the connection's event loop.
///
/// `ModelInfer`, the hot path, is answered by the stream itself.
protocol GRPCCall: AnyObject {
  /// Whether the next message may come; if not, the stream is not read until
  /// ``GRPCStream/resumeReading()``.
  var acceptsMessage: Bool { get }
  /// Receives a complete message, decompressed.
  func receive(message: ByteBuffer)
  /// The client sent everything.
  func receiveEnd()
  /// The client left, or the call was answered with an error; nothing more can be sent.
  func cancel()
  /// The server is about to stop: a call without an end of its own finishes what it has.
  func serverStops()
  /// The client took what waited for it.
  func drained()
}
