internal import Inference

extension GRPCStatus {
  /// The status that an inference error reads as.
  init(_ error: InferenceError) {
    self.init(Code(rawValue: WireStatus(error.code).grpc) ?? .unknown, error.message)
  }

  /// The status that a shared memory error reads as.
  init(_ error: SharedMemoryError) {
    switch error.code {
    case .notFound: self.init(.notFound, error.message)
    case .alreadyExists: self.init(.alreadyExists, error.message)
    case .invalidArgument: self.init(.invalidArgument, error.message)
    case .forbidden: self.init(.permissionDenied, error.message)
    case .exhausted: self.init(.resourceExhausted, error.message)
    case .unsupported: self.init(.unimplemented, error.message)
    }
  }
}
