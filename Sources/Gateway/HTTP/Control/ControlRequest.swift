internal import Inference
package import NIOCore

/// A request that is not an inference, complete.
package struct ControlRequest: Sendable {
  package var route: HTTPRoute
  package var method: HTTPMethod
  package var body: ByteBuffer
  /// What is after the `?` of a path below `/v1`, as it was written.
  package var query = ""
  /// How the body is compressed; `nil` if it is not.
  package var compression: CompressionFormat?
  /// Bytes the body may have once it is decompressed.
  package var bodyBytesMax = 1 << 20

  package init(route: HTTPRoute, method: HTTPMethod, body: ByteBuffer) {
    self.route = route
    self.method = method
    self.body = body
  }
}

/// The answer to a ``ControlRequest``, or any other answer without an inference.
package struct ControlAnswer: Sendable {
  package var head: HTTPAnswerHead
  package var body: ByteBuffer

  /// An answer with nothing in it, which clients take for success.
  package init() {
    head = HTTPAnswerHead()
    body = ByteBuffer()
  }

  /// An answer with a JSON body.
  package init(status: Int = 200, json write: (inout ByteBuffer) -> Void) {
    head = HTTPAnswerHead(status: status)
    body = ByteBuffer()
    write(&body)
  }

  /// The error of a body that cannot be decompressed.
  init(_ error: CompressionError) {
    let isTooLarge = if case .tooLarge = error { true } else { false }
    self.init(
      status: isTooLarge ? 413 : 400, error: error.message,
      code: InferenceError.Code.invalidArgument.rawValue)
  }

  /// An error.
  package init(status: Int, error message: String, code: String? = nil) {
    self.init(status: status) { ErrorAnswer.write(message, code: code, to: &$0) }
  }
}
