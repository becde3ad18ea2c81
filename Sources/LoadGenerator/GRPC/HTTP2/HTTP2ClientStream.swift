internal import NIOCore

/// One request and its answer: an entry of the session's slab.
struct HTTP2ClientStream {
  /// The stream's number; 0 while the entry is free.
  var id: Int32 = 0
  /// The owner's name for the request.
  var ticket = 0
  /// What is left of the request's body.
  var body = ByteBuffer()
  var answer = GRPCAnswerReader()
  /// Whether the end was reported, or nobody wants to hear of it.
  var isSettled = false
  /// Whether the peer reset the stream.
  var wasReset = false
}

/// The end of one call, until its owner is told.
struct FinishedCall {
  var ticket: Int
  var answer: Answer
  /// The answer's message, where messages are kept.
  var message: ByteBuffer
  /// Whether the owner gave the call up in the meantime.
  var isAbandoned = false
}

/// A peer's word that it takes no more requests.
struct HTTP2GoAway {
  /// The last request that the peer has taken or will take.
  var lastStreamID: Int32
  var code: UInt32
  /// The peer's own words; mostly empty.
  var text: String

  /// Fit for the operator.
  var description: String {
    let name = HTTP2ErrorName.name(code)
    return text.isEmpty
      ? "the server is going away (GOAWAY \(name))"
      : "the server is going away (GOAWAY \(name): \(text))"
  }
}
