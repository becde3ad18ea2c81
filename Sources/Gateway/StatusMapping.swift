package import Decisions
package import Features
package import Inference
package import ModelStore
package import Records

/// How each error reads on the wire. The only place that knows.
package struct WireStatus: Sendable, Equatable {
  /// The HTTP status code.
  package var http: Int
  /// The gRPC status code.
  package var grpc: Int
  /// Whether the answer says when to come back.
  package var invitesRetry: Bool

  package init(http: Int, grpc: Int, invitesRetry: Bool = false) {
    self.http = http
    self.grpc = grpc
    self.invitesRetry = invitesRetry
  }

  /// The status of an error code.
  package init(_ code: InferenceError.Code) {
    switch code {
    case .unknownModel: self.init(http: 404, grpc: 5)
    case .notReady: self.init(http: 503, grpc: 14)
    case .invalidArgument: self.init(http: 400, grpc: 3)
    case .queueFull: self.init(http: 503, grpc: 14, invitesRetry: true)
    case .deadlineUnreachable: self.init(http: 503, grpc: 14, invitesRetry: true)
    case .expired: self.init(http: 504, grpc: 4)
    case .cancelled: self.init(http: 499, grpc: 1)
    case .unavailable: self.init(http: 503, grpc: 14)
    case .unsupported: self.init(http: 501, grpc: 12)
    case .runFailed: self.init(http: 500, grpc: 13)
    }
  }
}

extension InferenceError {
  /// The caller's error for what the store reported.
  package init(store error: StoreError) {
    switch error.code {
    case .notFound: self.init(.unknownModel, error.message)
    case .invalid, .loadFailed: self.init(.invalidArgument, error.message)
    case .unavailable: self.init(.unavailable, error.message)
    }
  }

  /// Whole seconds after which a retry may succeed, at least 1.
  package var retryAfterSeconds: Int64 {
    max(1, ((predictedWaitNanoseconds ?? 0) + 999_999_999) / 1_000_000_000)
  }
}

extension StoreError.Code {
  /// The HTTP status of an answer with this error.
  package var httpStatus: Int {
    switch self {
    case .notFound: 404
    case .invalid, .loadFailed: 400
    case .unavailable: 503
    }
  }

  /// The machine-readable code beside the text.
  package var text: String {
    switch self {
    case .notFound: "NOT_FOUND"
    case .invalid: "INVALID_ARGUMENT"
    case .loadFailed: "LOAD_FAILED"
    case .unavailable: "UNAVAILABLE"
    }
  }
}

extension SharedMemoryError.Code {
  /// The HTTP status of an answer with this error.
  package var httpStatus: Int {
    switch self {
    case .notFound: 404
    case .alreadyExists, .invalidArgument: 400
    case .forbidden: 403
    case .exhausted: 503
    case .unsupported: 501
    }
  }

  /// The machine-readable code beside the text.
  package var text: String {
    switch self {
    case .notFound: "NOT_FOUND"
    case .alreadyExists: "ALREADY_EXISTS"
    case .invalidArgument: "INVALID_ARGUMENT"
    case .forbidden: "FORBIDDEN"
    case .exhausted: "RESOURCE_EXHAUSTED"
    case .unsupported: "UNSUPPORTED"
    }
  }
}

extension WireStatus {
  /// The status of a request without a decision.
  package init(_ code: DecisionFailure.Code) {
    switch code {
    case .overloaded, .durability: self.init(http: 503, grpc: 14, invitesRetry: true)
    }
  }

  /// A request whose values do not fit what is declared.
  package static let invalidInput = WireStatus(http: 422, grpc: 3)

  /// The status of events that were not taken in.
  package init(_ failure: StoreFailure) {
    switch failure {
    case .full, .diskFull: self.init(http: 503, grpc: 14, invitesRetry: true)
    case .stopped, .closed: self.init(http: 503, grpc: 14)
    case .tooLarge: self.init(http: 413, grpc: 8)
    case .inUse, .damaged, .otherDefinitions, .incomplete, .storage, .snapshotTooSlow,
      .snapshotRunning:
      self.init(http: 500, grpc: 13)
    }
  }

  /// The status of records that could not be read.
  package init(_ failure: RecordFailure) {
    switch failure {
    case .busy: self.init(http: 503, grpc: 14, invitesRetry: true)
    case .closed: self.init(http: 503, grpc: 14)
    default: self.init(http: 500, grpc: 13)
    }
  }
}

extension StoreFailure {
  /// The machine-readable code beside the text.
  package var code: String {
    switch self {
    case .full: "OVERLOADED"
    case .diskFull, .stopped, .storage: "DURABILITY"
    case .closed: "UNAVAILABLE"
    case .tooLarge: "INVALID_ARGUMENT"
    case .inUse, .damaged, .otherDefinitions, .incomplete, .snapshotTooSlow, .snapshotRunning:
      "INTERNAL"
    }
  }
}
