internal import Tensors

/// How a request is sent, beside its inputs.
package struct RequestOptions: Sendable {
  /// How tensors stand in an HTTP body; gRPC is always binary.
  package enum Form: String, Sendable, CaseIterable, Codable {
    /// Numbers as text: what every server of the protocol reads.
    case json
    /// Bytes after the JSON, as Triton's extension has it.
    case binary
  }

  package var form = Form.binary
  /// Microseconds from the send after which an answer is worthless; 0 for none.
  package var deadlineMicroseconds: Int64 = 0
  /// Whether the server is told the deadline; else only the report knows it.
  package var sendsDeadline = true
  /// 1 is the most urgent; 0 leaves it to the model.
  package var priority = 0
  /// Outputs asked for, by name; empty for all.
  package var outputs: [String] = []
  /// Whether outputs come back as bytes; `nil` as the inputs go. HTTP only.
  package var binaryOutputs: Bool?
  /// Whether each send carries its own number as the request's id.
  package var stampsID = false
  /// Further header fields or gRPC metadata.
  package var headers: [(name: String, value: String)] = []

  package init() {}

  /// The deadline that the server is told, in microseconds; 0 for none.
  var sentDeadlineMicroseconds: Int64 { sendsDeadline ? deadlineMicroseconds : 0 }
  /// The deadline as the plan counts it, in nanoseconds.
  package var deadlineNanoseconds: Int64? {
    deadlineMicroseconds > 0 ? deadlineMicroseconds * 1_000 : nil
  }

  /// Checks what does not depend on the model.
  func check(for model: ModelDescription) throws(BenchInputError) {
    // A year; more is a mistake, and would not fit in nanoseconds much later.
    guard (0...31_536_000_000_000).contains(deadlineMicroseconds) else {
      throw BenchInputError(
        "a deadline of \(deadlineMicroseconds) microseconds: use 0 for none, or up to a year")
    }
    guard priority >= 0 else {
      throw BenchInputError("priority \(priority): 1 is the most urgent, 0 leaves it to the model")
    }
    for (index, output) in outputs.enumerated() {
      guard model.outputs.contains(where: { $0.name == output }) else {
        throw BenchInputError(
          "'\(output)' is no output of model '\(model.name)'; outputs: "
            + model.outputs.map(\.name).joined(separator: ", "))
      }
      guard !outputs[..<index].contains(output) else {
        throw BenchInputError("output '\(output)' is asked for twice")
      }
    }
    try RequestHeaders.check(headers)
  }
}
