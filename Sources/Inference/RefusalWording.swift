internal import Batching

extension InferenceError {
  /// The caller's error for a request that a queue did not let in.
  init(refusal: BatchQueue.Refusal, model: String) {
    switch refusal {
    case .rowsFull(let limit):
      self.init(
        .queueFull,
        "Exceeds maximum queue size: \(limit) rows wait for model '\(model)'; retry later")
    case .bytesFull(let limit):
      self.init(
        .queueFull,
        "Exceeds maximum queue size: \(limit) bytes wait for model '\(model)'; retry later")
    case .classFull(let limit):
      self.init(
        .queueFull,
        "Exceeds maximum queue size: \(limit) requests of this priority wait for model "
          + "'\(model)'; retry later")
    case .deadlinePassed:
      self.init(.expired, "Request timeout expired before it reached model '\(model)'")
    case .unreachable(let wait):
      self.init(
        .deadlineUnreachable,
        "deadline out of reach: model '\(model)' is predicted to start this request in "
          + "\(wait / 1_000) us; retry later or allow more time",
        predictedWaitNanoseconds: wait)
    case .draining:
      self.init(.unavailable, "model '\(model)' is unloading; retry on another server")
    }
  }

  /// The caller's error for a request whose deadline passed in the queue.
  static func expired(model: String, waitedNanoseconds: Int64) -> InferenceError {
    InferenceError(
      .expired,
      "Request timeout expired after \(waitedNanoseconds / 1_000) us in the queue of model "
        + "'\(model)'; it was not run")
  }
}
