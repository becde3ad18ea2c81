package import NIOCore

/// One request and its response on an HTTP/2 connection.
///
/// Confined to the connection's thread. A subclass overrides the `receive` methods, which are
/// called while the session reads; they may answer at once, but must not read or write the session.
/// Open because Swift allows subclasses in another module, as tests have, in no other way.
open class HTTP2Stream {
  package final let id: Int32
  /// The session, until the stream is closed; a response to a closed stream goes nowhere.
  package final internal(set) var session: HTTP2Session?
  /// Bytes of the response that the session has not taken yet.
  final var outbound = ByteBuffer()
  /// The fields after the body, once the response is complete.
  final var trailers: [HTTP2Field] = []
  /// Whether the response's body is complete.
  final var isBodyComplete = false
  /// Whether the session stopped asking for the body because there was none.
  final var isDeferred = false
  /// Whether the response has begun.
  package final internal(set) var hasResponded = false
  /// Header bytes so far, as HTTP/2 counts them.
  final var headerBytes = 0

  /// A stream that its session has opened with this number.
  public init(id: Int32) { self.id = id }

  /// Whether the peer or the connection is gone, or the exchange is complete.
  package final var isClosed: Bool { session == nil }
  /// Bytes of the response that wait for the peer.
  package final var outboundBytes: Int { outbound.readableBytes }

  /// Receives one header field; the spans end with the call. `false` resets the stream.
  open func receive(header name: Span<UInt8>, value: Span<UInt8>) -> Bool { true }
  /// All header fields were received.
  open func receiveHead() {}
  /// Receives a part of the body; the span ends with the call.
  open func receive(data: RawSpan) {}
  /// The body is complete.
  open func receiveEnd() {}
  /// Nothing follows: the exchange is complete, was reset, or the connection is gone.
  open func close(errorCode: UInt32) {}
  /// The session took bytes of the response that waited.
  open func outboundDrained() {}

  /// Begins the response with `head`; its body follows by ``send(_:)`` and ``finish(_:)``.
  package final func respond(_ head: [HTTP2Field]) {
    guard let session, !hasResponded else { return }
    hasResponded = true
    session.submitResponse(self, head)
  }

  /// Answers with header fields alone.
  package final func respondWithoutBody(_ head: [HTTP2Field]) {
    guard let session, !hasResponded else { return }
    hasResponded = true
    isBodyComplete = true
    session.submitHeadersOnly(self, head)
  }

  /// Adds `bytes` to the response's body.
  package final func send(_ bytes: ByteBuffer) {
    guard session != nil, !isBodyComplete else { return }
    if outbound.readableBytes == 0 {
      outbound = bytes
    } else {
      outbound.writeImmutableBuffer(bytes)
    }
    resume()
  }

  /// Completes the body; `trailers` follow it.
  package final func finish(_ trailers: [HTTP2Field]) {
    guard session != nil, !isBodyComplete else { return }
    self.trailers = trailers
    isBodyComplete = true
    resume()
  }

  /// Ends the stream in both directions at once.
  package final func reset(_ code: HTTP2ErrorCode) {
    session?.submitReset(self, code)
  }

  /// Gives the peer back `count` bytes of the stream's and the connection's window.
  package final func consume(_ count: Int) {
    session?.consume(self, count)
  }

  /// Gives back only the connection's window: this stream is held, others are not.
  package final func consumeConnectionOnly(_ count: Int) {
    session?.consumeConnection(count)
  }

  /// Gives back the part of the stream's window that was held.
  package final func consumeStreamOnly(_ count: Int) {
    session?.consumeStream(self, count)
  }

  private final func resume() {
    guard isDeferred, let session else { return }
    isDeferred = false
    session.resumeBody(self)
  }
}
