package import Inference
package import NIOCore

/// The body of an answer that is an error: `error` first, which is all that most clients read.
package enum ErrorAnswer {
  /// `{"error":"…"}`, with a machine-readable code and a predicted wait where there is one.
  package static func write(
    _ message: String, code: String? = nil, predictedWaitNanoseconds: Int64? = nil,
    to buffer: inout ByteBuffer
  ) {
    buffer.writeStaticString("{\"error\":")
    buffer.writeJSON(string: message)
    if let code {
      buffer.writeStaticString(",\"code\":")
      buffer.writeJSON(string: code)
    }
    if let wait = predictedWaitNanoseconds {
      buffer.writeStaticString(",\"predicted_wait_us\":")
      buffer.writeJSON(integer: wait / 1_000)
    }
    buffer.writeStaticString("}")
  }

  /// The body for an inference error.
  package static func write(_ error: InferenceError, to buffer: inout ByteBuffer) {
    write(
      error.message, code: error.code.rawValue,
      predictedWaitNanoseconds: error.predictedWaitNanoseconds, to: &buffer)
  }
}
