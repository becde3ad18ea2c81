/// The bounds of one HTTP/2 connection as a client. Sizes are in bytes, times in nanoseconds.
package struct HTTP2ClientLimits: Sendable {
  /// Requests open at once, unless the peer takes fewer.
  package var streamsMax = 1
  /// What the peer may send on one stream ahead of us.
  package var streamWindowBytes: Int32 = 4 << 20
  /// What the peer may send on the connection ahead of us.
  package var connectionWindowBytes: Int32 = 64 << 20
  /// One answer's fields, 32 counted on top for each, as HTTP/2 counts them.
  package var headerListBytesMax = 64 << 10
  /// Frames that may wait to be sent besides bodies; a peer that causes more is cut off.
  package var waitingFramesMax = 32_768
  /// What is taken from the session in one go, before the channel is asked again.
  package var writeBytesMax = 256 << 10
  /// The most in one DATA frame that we send, even if the peer takes larger ones.
  package var frameBytesMax = 64 << 10
  /// A part of a body up to this is copied beside the other frames; a larger one is written from
  /// where it lies.
  package var copiedBytesMax = 8 << 10
  /// The longest answer whose message is kept; 0 keeps none and sets no bound.
  package var keptMessageBytesMax = 0
  /// From the beginning of the dial to the peer's settings: resolution, TCP, TLS and HTTP/2.
  package var connectNanosecondsMax: Int64 = 5_000_000_000

  package init() {}
}
