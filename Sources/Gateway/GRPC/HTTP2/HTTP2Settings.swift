/// The bounds of one HTTP/2 connection.
package struct HTTP2Settings: Sendable {
  /// Requests open at once; a client waits with more.
  package var concurrentStreamsMax: UInt32 = 1024
  /// Bytes a client may send on one stream ahead of us.
  package var streamWindowBytes: Int32 = 1 << 20
  /// Bytes a client may send on the connection ahead of us.
  package var connectionWindowBytes: Int32 = 8 << 20
  /// Bytes of one request's headers, 32 counted on top for each, as HTTP/2 counts them.
  package var headerListBytesMax: Int = 16 << 10
  /// Bytes of one DATA frame that a client may send.
  package var frameBytesMax: UInt32 = 64 << 10
  /// Streams a client may reset in a burst before the connection is closed.
  package var resetBurst: UInt64 = 2000
  /// Streams a client may reset every second for ever.
  package var resetRate: UInt64 = 200
  /// Acknowledgements (of pings and settings) that may wait to be sent.
  package var pendingAcknowledgementsMax: Int = 1000
  /// Frames that may wait to be sent besides bodies, such as refusals of new streams.
  package var waitingFramesMax: Int = 32_768
  /// Bytes read while one header block, with its continuations, has not ended.
  package var headerBlockBytesMax: Int = 512 << 10
  /// Bytes taken from the session in one go, before the channel is asked again.
  package var writeBytesMax: Int = 256 << 10

  package init() {}
}

/// One header field of a response.
package struct HTTP2Field: Sendable {
  /// The value: known when compiled, or made for this response.
  package enum Value: Sendable {
    case fixed(StaticString)
    case made([UInt8])
  }

  package var name: StaticString
  package var value: Value

  /// A field that is the same in every response, so that both sides remember it.
  package init(_ name: StaticString, _ value: StaticString) {
    self.name = name
    self.value = .fixed(value)
  }

  /// A field made for one response; neither side remembers it.
  package init(_ name: StaticString, made value: [UInt8]) {
    self.name = name
    self.value = .made(value)
  }
}

/// Why a stream ends without a response; the raw values are those of RFC 9113.
package enum HTTP2ErrorCode: UInt32, Sendable {
  case noError = 0
  case protocolError = 1
  case internalError = 2
  case refusedStream = 7
  case cancel = 8
  case enhanceYourCalm = 11
}

/// The library could not make a session: memory is exhausted.
package struct HTTP2SessionError: Error, Sendable, CustomStringConvertible {
  package var description: String
}
