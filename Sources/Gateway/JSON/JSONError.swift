package import Inference

/// Why bytes are not the JSON they should be: what, and at which byte.
package struct JSONError: Error, Sendable, Equatable {
  /// What is wrong, without the place.
  package var reason: String
  /// The byte, from 0, at which it was noticed.
  package var offset: Int
  /// Set where the JSON is sound but says what cannot be done.
  package var refusal: InferenceError?

  package init(_ reason: String, at offset: Int) {
    self.reason = reason
    self.offset = offset
  }

  /// An error of what the document says, not of its form.
  package init(refusal: InferenceError) {
    reason = refusal.message
    offset = 0
    self.refusal = refusal
  }

  /// Fit for the caller.
  package var message: String {
    refusal?.message ?? "failed to parse the request JSON at byte \(offset): \(reason)"
  }

  /// As the error of an inference.
  package var inferenceError: InferenceError {
    refusal ?? InferenceError(.invalidArgument, message)
  }
}
