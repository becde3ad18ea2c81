internal import NIOCore

/// How the answer of an inference is wanted.
struct WantedAnswer {
  var outputs: [RequestedOutput] = []
  var isBinaryDefault = false
  /// The request's id as JSON has it, without quotes.
  var id = ByteBuffer()
  /// Whether the request is traced.
  var isTraced = false
}
