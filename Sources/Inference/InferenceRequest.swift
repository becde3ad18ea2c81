package import ModelRuntimes
package import Tensors
package import Timing

/// The answer to one inference: one tensor for each of the model's outputs, in that order.
package struct InferenceOutputs: Sendable {
  package var tensors: [Tensor]

  package init(tensors: [Tensor]) { self.tensors = tensors }
}

/// Receives the outcome of a request, exactly once, on the thread of the port it was sent to.
package protocol InferenceReceiver: AnyObject {
  func receive(_ outcome: Result<InferenceOutputs, InferenceError>, of request: InferenceRequest)
}

/// One inference on its way: validated inputs, its deadline, and where the answer goes.
///
/// Ownership moves with the request: the port's thread, then the queue (under its lock), then the
/// instance's thread, then the port's thread again. Only the owner touches the mutable fields.
package final class InferenceRequest: @unchecked Sendable {
  /// The version that answers; holding it is the lease that keeps the model loaded.
  package let version: ServedVersion
  /// Ordered by index, each named once.
  package let inputs: [InputTensor]
  /// Rows along the batch dimension; 1 for a model that does not batch.
  package let rows: Int
  /// Bytes of all inputs.
  package let byteCount: Int
  /// The caller's id; may be empty.
  package let id: String
  /// 1 is the most urgent; 0 takes the model's default.
  package let priority: Int
  /// After this instant the answer is worthless.
  package let deadline: MonotonicInstant
  /// When the request passed each stage. Guarded by ownership, as the class comment says.
  package var stages: StageClock
  /// Rows of the batch this request ran in; 0 before it ran.
  package var batchRows = 0
  /// Where the outcome goes; touched on the port's thread only.
  package var receiver: (any InferenceReceiver)?
  /// The request's place in its queue, for cancelling. Guarded by ownership.
  var ticket: UInt64 = 0
  /// Whether it went to the version's threads rather than the port's own queue. Set as `inbox` is.
  var waitsForThread = false
  /// The port it was sent to. Set once, by that port, before the request leaves its thread.
  var inbox: PortInbox?
  /// The statistics of the port it was sent to. Set as `inbox` is.
  var shard: StatisticsShard?

  package init(
    version: ServedVersion, inputs: [InputTensor], rows: Int, byteCount: Int, id: String,
    priority: Int, deadline: MonotonicInstant, stages: StageClock,
    receiver: any InferenceReceiver
  ) {
    self.version = version
    self.inputs = inputs
    self.rows = rows
    self.byteCount = byteCount
    self.id = id
    self.priority = priority
    self.deadline = deadline
    self.stages = stages
    self.receiver = receiver
  }

  /// Hands the outcome to the receiver, once. On the port's thread.
  func deliver(_ outcome: Result<InferenceOutputs, InferenceError>) {
    guard let receiver else { return }
    self.receiver = nil
    receiver.receive(outcome, of: self)
  }

  /// Adds the answer's encoding to the statistics. Call once the answer is encoded, on the port's
  /// thread.
  package func recordEncoded(at instant: MonotonicInstant) {
    shard?.recordEncoded(stages, at: instant)
  }
}
