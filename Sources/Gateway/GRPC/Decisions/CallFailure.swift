package import Decisions
internal import Features
internal import NIOCore
internal import Records

/// Why a request has no decision, or a call on events, features or records no answer: the status
/// of a call for it alone, or its part in the answer to many.
package struct CallFailure: Error, Sendable, Equatable {
  package var status: GRPCStatus.Code
  /// The cause for machines, such as `OVERLOADED`.
  package var code: String
  package var message: String
  /// Everything that is wrong with the input.
  package var problems: [InputProblem] = []
  /// Nanoseconds after which a repetition may succeed; 0 if that is not known.
  package var retryAfter: Int64 = 0

  package init(_ status: GRPCStatus.Code, _ code: String, _ message: String) {
    self.status = status
    self.code = code
    self.message = message
  }

  /// A message that is malformed, or larger than it may be.
  init(_ error: ProtobufError, in message: StaticString) {
    self.init(
      .invalidArgument, "INVALID_ARGUMENT",
      "the message is not a valid \(message): \(error.message)")
  }

  /// An input that does not fit.
  init(_ problems: InputProblems) {
    self.init(.invalidArgument, "INVALID_ARGUMENT", problems.description)
    self.problems = problems.problems
  }

  /// A request that the engine gave no decision.
  init(_ failure: DecisionFailure) {
    self.init(Self.status(WireStatus(failure.code)), failure.code.rawValue, failure.message)
    retryAfter = failure.retryAfter ?? 0
  }

  /// Events that were not all taken in.
  init(_ failure: StoreFailure) {
    self.init(
      Self.status(WireStatus(failure)), failure.code,
      "\(failure); what was accepted may not be kept: send all again")
  }

  /// Records that could not be read.
  init(_ failure: RecordFailure) {
    self.init(Self.status(WireStatus(failure)), "RECORDS", failure.description)
  }

  private static func status(_ wire: WireStatus) -> GRPCStatus.Code {
    GRPCStatus.Code(rawValue: wire.grpc) ?? .unknown
  }

  /// A pipeline, a source or another thing that is not served.
  ///
  /// - Parameter known: the names of those that are.
  init(unknown what: StaticString, _ name: String, known: [String]) {
    let served =
      known.isEmpty
      ? "none is served; start the server with --pipeline"
      : "served are \(known.prefix(32).joined(separator: ", "))\(known.count > 32 ? ", …" : "")"
    self.init(
      .notFound, "NOT_FOUND", "no \(what) is named '\(name.prefix(bytes: 200))'; \(served)")
  }

  /// The status of a call that ends with it.
  package var grpc: GRPCStatus { GRPCStatus(status, message) }
}

extension CallFailure {
  /// A `DecisionResult` that says so, framed if it is to be a message of its own.
  func result(framed: Bool) -> ByteBuffer {
    let size = messageBytes
    var buffer = DecisionMessage.buffer(ProtobufSize.span(size), framed: framed)
    buffer.writeProtobufHead(field: 2, count: size)
    buffer.writeProtobufNumber(field: 1, Int64(status.rawValue))
    buffer.writeProtobufText(field: 2, code)
    buffer.writeProtobufText(field: 3, message)
    for problem in problems {
      buffer.writeProtobufHead(field: 4, count: Self.bytes(problem))
      buffer.writeProtobufText(field: 1, problem.field)
      buffer.writeProtobufText(field: 2, problem.message)
    }
    buffer.writeProtobufNumber(field: 5, retryAfter)
    return buffer
  }

  private var messageBytes: Int {
    var size =
      ProtobufSize.number(Int64(status.rawValue)) + ProtobufSize.text(code.utf8.count)
      + ProtobufSize.text(message.utf8.count) + ProtobufSize.number(retryAfter)
    for problem in problems { size += ProtobufSize.span(Self.bytes(problem)) }
    return size
  }

  private static func bytes(_ problem: InputProblem) -> Int {
    ProtobufSize.text(problem.field.utf8.count) + ProtobufSize.text(problem.message.utf8.count)
  }
}
