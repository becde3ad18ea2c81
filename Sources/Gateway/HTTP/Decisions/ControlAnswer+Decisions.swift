internal import Decisions
internal import Features
internal import NIOCore

extension ControlAnswer {
  /// The most names that an answer lists.
  private static let namesMax = 20

  /// The answer to a name that is not served: says which are.
  static func unknown(_ what: String, _ name: String, _ known: [String]) -> ControlAnswer {
    var text = "there is no \(what) '\(name.prefix(80))'; "
    if known.isEmpty {
      text += "none is served"
    } else {
      text += "served: \(known.prefix(namesMax).joined(separator: ", "))"
      if known.count > namesMax { text += " and \(known.count - namesMax) more" }
    }
    return ControlAnswer(status: 404, error: text, code: "NOT_FOUND")
  }

  /// The answer to a body that is larger than it may be.
  static func tooLarge(_ bytes: Int, _ most: Int) -> ControlAnswer {
    ControlAnswer(
      status: 413,
      error: "one value of \(bytes) bytes is larger than \(most); send many as an array or as "
        + "lines (application/x-ndjson)", code: "INVALID_ARGUMENT")
  }

  /// The answer to values that do not fit their schema.
  static func invalid(_ message: String) -> ControlAnswer {
    ControlAnswer(status: WireStatus.invalidInput.http, error: message, code: "INVALID_INPUT")
  }

  init(_ error: ControlError) {
    self.init(status: error.status, error: error.message, code: error.code)
  }

  init(_ problems: InputProblems) {
    self.init(status: problems.isMalformed ? 400 : WireStatus.invalidInput.http) {
      DecisionAnswer.write(problems, to: &$0)
    }
  }

  init(_ failure: DecisionFailure) {
    let status = WireStatus(failure.code)
    self.init(status: status.http) { ErrorAnswer.write(failure, to: &$0) }
    if status.invitesRetry { head.retryAfterSeconds = Int(failure.retryAfterSeconds) }
  }

  init(_ failure: StoreFailure) {
    let status = WireStatus(failure)
    self.init(status: status.http, error: failure.description, code: failure.code)
    if status.invitesRetry { head.retryAfterSeconds = 1 }
  }
}

extension DecisionFailure {
  /// Whole seconds after which it is worth trying again, at least 1.
  package var retryAfterSeconds: Int64 {
    max(1, ((retryAfter ?? 0) + 999_999_999) / 1_000_000_000)
  }
}

extension ErrorAnswer {
  /// The body of an answer without a decision.
  static func write(_ failure: DecisionFailure, to buffer: inout ByteBuffer) {
    write(
      failure.message, code: failure.code.rawValue,
      predictedWaitNanoseconds: failure.retryAfter, to: &buffer)
  }
}
