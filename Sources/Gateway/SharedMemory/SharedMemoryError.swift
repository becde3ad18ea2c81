package import Inference

/// Why a shared memory region could not be registered or used; `message` is fit for the caller.
package struct SharedMemoryError: Error, Sendable, Equatable {
  /// What went wrong, for machines.
  package enum Code: Sendable, Equatable, CaseIterable {
    case notFound
    case alreadyExists
    case invalidArgument
    /// Shared memory is switched off.
    case forbidden
    /// Too many regions are registered.
    case exhausted
    /// This build has no such memory.
    case unsupported
  }

  package var code: Code
  package var message: String

  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// The error of an inference that names a region it cannot use.
  package var inferenceError: InferenceError {
    switch code {
    case .notFound, .alreadyExists, .invalidArgument, .forbidden:
      InferenceError(.invalidArgument, message)
    case .exhausted: InferenceError(.unavailable, message)
    case .unsupported: InferenceError(.unsupported, message)
    }
  }
}
