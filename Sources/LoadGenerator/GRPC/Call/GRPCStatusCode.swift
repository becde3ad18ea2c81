/// The status codes of gRPC, as a client meets them.
enum GRPCStatusCode {
  static let ok = 0
  static let cancelled = 1
  static let unknown = 2
  static let deadlineExceeded = 4
  static let permissionDenied = 7
  static let resourceExhausted = 8
  static let `internal` = 13
  static let unavailable = 14

  private static let names = [
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
    "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED",
    "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
  ]

  /// The name of a code; its number if it has none.
  static func name(_ code: Int) -> String {
    names.indices.contains(code) ? names[code] : "status \(code)"
  }

  /// What a status means to the user who waits.
  static func outcome(_ code: Int) -> Outcome {
    switch code {
    case ok: .ok
    case resourceExhausted, unavailable: .refused
    case deadlineExceeded: .expired
    default: .failed
    }
  }

  /// What an HTTP status other than 200 means to the user who waits.
  static func outcome(http status: Int) -> Outcome {
    let outcome = Outcome(httpStatus: status)
    return outcome == .ok ? .failed : outcome
  }

  /// The status that stands for a stream that was reset: the table "HTTP2 Transport Mapping" of
  /// the gRPC protocol.
  static func code(http2Error: UInt32) -> Int {
    switch http2Error {
    case HTTP2ErrorName.refusedStream: unavailable
    case HTTP2ErrorName.cancel: cancelled
    case HTTP2ErrorName.enhanceYourCalm: resourceExhausted
    case HTTP2ErrorName.inadequateSecurity: permissionDenied
    default: `internal`
    }
  }
}
