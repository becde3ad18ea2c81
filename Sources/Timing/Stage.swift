/// A part of one request's way through the server; each has a latency histogram of its own.
///
/// The raw value is the stage's place on the way, and its index in an array of histograms.
package enum Stage: Int, Sendable, Hashable, CaseIterable {
  /// From the request's last byte to a validated request.
  case decode
  /// In the queue because every instance was busy.
  case queue
  /// In the queue because the batch waited for company.
  case batchWait
  /// Gathering the batch's inputs.
  case gather
  /// Inside the model.
  case run
  /// Handing the outputs back to the requests.
  case scatter
  /// From the finished answer to its encoded bytes.
  case encode
  /// From the request's last byte to the encoded answer.
  case total

  /// The stage's name in metrics and headers: lower case, words joined by `_`.
  package var name: String {
    switch self {
    case .decode: "decode"
    case .queue: "queue"
    case .batchWait: "batch_wait"
    case .gather: "gather"
    case .run: "run"
    case .scatter: "scatter"
    case .encode: "encode"
    case .total: "total"
    }
  }
}
